//! One attempt at one consumer.

use super::signing::sign;
use super::{Outgoing, Settings, Verdict};
use crate::clock;
use crate::format::Format;
use crate::headers::{ACCOUNT, ATTEMPT, DELIVERY, SOURCE, TRACEPARENT, goes_along, put};
use crate::telemetry::ConsumerMeter;
use crate::tls;
use crate::translate::LossCode;
use crate::watch::ConsumerSight;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The client of the delivery path.
pub type Client = hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// How much of an answer is read so that its connection can be used again.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// How long it is waited for; the verdict is known by then.
const ANSWER_PATIENCE: Duration = Duration::from_secs(1);
/// Idle connections are closed before most servers close them, so that a request does not meet one
/// that is just going.
const IDLE_CONNECTION_MAX: Duration = Duration::from_secs(4);

/// What goes with a body on its way.
#[derive(Debug, Clone, Copy)]
pub struct Shipment<'s> {
    /// The format the platform sent.
    pub source: Format,
    /// The headers of the platform's request.
    pub platform: &'s HeaderMap,
    /// The same on each attempt at this body.
    pub id: &'s str,
    /// 1, 2, ...
    pub attempt: u32,
}

/// Connects to a consumer, by TLS where its URL says so.
///
/// # Errors
/// When its certificate authority cannot be read.
pub fn connector(settings: &Settings) -> anyhow::Result<HttpsConnector<HttpConnector>> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(settings.timeout));
    let builder = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls::client(settings.tls_ca.as_deref())?)
        .https_or_http()
        .enable_http1();
    Ok(builder.wrap_connector(http))
}

/// A consumer, ready to be asked.
#[derive(Debug)]
pub struct Consumer {
    /// Its settings.
    pub settings: Settings,
    /// What is counted of it.
    pub meter: ConsumerMeter,
    /// What is seen of it.
    pub sight: Arc<ConsumerSight>,
    client: Client,
    running: Semaphore,
}

impl Consumer {
    /// Makes the client; no connection is opened yet.
    ///
    /// # Errors
    /// When its certificate authority cannot be read.
    pub fn new(settings: Settings, sight: Arc<ConsumerSight>) -> anyhow::Result<Self> {
        let https = connector(&settings)?;
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTION_MAX)
            .build(https);
        let running = Semaphore::new(settings.concurrency.min(Semaphore::MAX_PERMITS));
        let meter = ConsumerMeter::new(&settings.name, settings.format);
        Ok(Self { settings, meter, sight, client, running })
    }

    /// Sends one body. At most `concurrency` at once; the wait for that is bounded like the attempt
    /// itself.
    pub async fn attempt(&self, outgoing: Outgoing, shipment: Shipment<'_>) -> Verdict {
        let request = self.request(outgoing, shipment);
        let Ok(_permit) = tokio::time::timeout(self.settings.timeout, self.running.acquire()).await else {
            tracing::warn!(consumer = %self.settings.name, verdict = Verdict::Busy.label(), "not delivered");
            return Verdict::Busy;
        };
        let begun = Instant::now();
        let verdict = match tokio::time::timeout(self.settings.timeout, self.client.request(request)).await {
            Ok(Ok(response)) => answer(response).await,
            Ok(Err(error)) => {
                tracing::debug!(consumer = %self.settings.name, %error, "no answer");
                Verdict::Unreachable
            }
            Err(_) => Verdict::TimedOut,
        };
        let duration = begun.elapsed();
        self.meter.took(duration);
        if verdict == Verdict::Delivered {
            self.sight.took(clock::steady_ms());
        } else {
            self.sight.failed(clock::steady_ms(), verdict.label(), verdict.status());
            let duration_ms = clock::millis(duration);
            tracing::warn!(consumer = %self.settings.name, verdict = verdict.label(), status = verdict.status(), duration_ms, "not delivered");
        }
        verdict
    }

    /// Its format could not say something, each with where that stood.
    pub fn lost(&self, source: Format, losses: &[(LossCode, String)]) {
        self.meter.lost(source, losses);
        self.sight.lost(source, losses);
    }

    fn request(&self, outgoing: Outgoing, shipment: Shipment<'_>) -> Request<Full<Bytes>> {
        let Shipment { source, platform, id, attempt } = shipment;
        let Outgoing { body, verbatim, account } = outgoing;
        let settings = &self.settings;
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(settings.format.media_type()));
        put(&mut headers, DELIVERY, id);
        headers.insert(ATTEMPT, attempt.into());
        headers.insert(SOURCE, HeaderValue::from_static(source.label()));
        pass_along(&mut headers, platform, verbatim && settings.sign_with.is_none());
        if let Some(account) = account {
            put(&mut headers, ACCOUNT, &account);
        }
        match platform.get(TRACEPARENT) {
            Some(parent) => headers.insert(TRACEPARENT, parent.clone()),
            None => headers.insert(TRACEPARENT, crate::trace::new_parent()),
        };
        if let Some(secret) = &settings.sign_with {
            sign(&mut headers, secret, settings.format, &body, id, clock::unix_seconds());
        }
        for (name, value) in &settings.headers {
            headers.insert(name.clone(), value.clone());
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = settings.url.clone();
        *request.headers_mut() = headers;
        request
    }
}

/// Turn.io's headers and the account's go along always, signatures only with the bytes they sign.
fn pass_along(headers: &mut HeaderMap, platform: &HeaderMap, signed: bool) {
    for (name, value) in platform.iter().filter(|(name, _)| goes_along(name, signed)) {
        headers.append(name.clone(), value.clone());
    }
}

/// Judges an answer by its head; the rest is read only for the connection's sake.
async fn answer(response: Response<Incoming>) -> Verdict {
    let verdict = Verdict::of(response.status(), response.headers());
    let rest = Limited::new(response.into_body(), ANSWER_MAX_BYTES).collect();
    if !tokio::time::timeout(ANSWER_PATIENCE, rest).await.is_ok_and(|rest| rest.is_ok()) {
        tracing::debug!("an answer was long, slow or broke off; its connection is not used again");
    }
    verdict
}
