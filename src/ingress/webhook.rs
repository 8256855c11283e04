//! `POST`: the way of a webhook from its bytes to our answer.

use super::proof::Unverified;
use super::{Doors, Outcome, Rejection, handshake};
use crate::format::{Document, Format};
use crate::pass_through::PassThrough;
use crate::routing::Routes;
use crate::telemetry::IngressMeter;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::CONTENT_LENGTH;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body that takes longer to arrive is given up; Meta itself gives up after about 20 s.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
/// The header that an On-Premises client names its number in.
const ACCOUNT_HEADER: &str = "x-wa-account-id";

/// A webhook that is authentic and readable.
#[derive(Debug)]
pub struct Received<'a> {
    /// The body, taken apart.
    pub document: Document<'a>,
    /// The body as it came.
    pub bytes: &'a Bytes,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The number that URL or header named, as configured or as it stood there; flat bodies name none.
    pub number: Option<String>,
}

/// What the handlers need.
#[derive(Debug)]
pub struct Ingress {
    doors: Doors,
    routes: Arc<Routes>,
    max_body_bytes: usize,
    pass_through: PassThrough,
    meter: IngressMeter,
    /// One permit for each webhook that may be worked on at once.
    running: Arc<Semaphore>,
    permits: u32,
}

impl Ingress {
    /// At most `permits` webhooks are worked on at once.
    #[must_use]
    pub fn new(
        doors: Doors,
        routes: Arc<Routes>,
        max_body_bytes: usize,
        permits: u32,
        pass_through: PassThrough,
    ) -> Self {
        let running = Arc::new(Semaphore::new(permits as usize));
        Self { doors, routes, max_body_bytes, pass_through, meter: IngressMeter::new(), running, permits }
    }

    /// Turns new webhooks away from now on; the future is ready when those at work are answered.
    pub fn close(&self) -> impl Future<Output = ()> + '_ {
        let idle = u32::try_from(self.running.available_permits()).unwrap_or(u32::MAX).min(self.permits);
        // Permits are taken and never given back.
        let taken = self.running.try_acquire_many(idle).map(|permits| permits.forget()).map_or(0, |()| idle);
        async move {
            if let Ok(rest) = self.running.acquire_many(self.permits - taken).await {
                rest.forget();
            }
        }
    }

    fn permit(&self) -> Result<OwnedSemaphorePermit, Rejection> {
        Arc::clone(&self.running).try_acquire_owned().map_err(|_| Rejection::Unavailable)
    }
}

/// The routes that face the platforms.
pub fn router(ingress: Arc<Ingress>) -> Router {
    Router::new()
        .route("/webhooks", get(shake_hands).post(either))
        .route("/webhooks/cloud", get(shake_hands).post(cloud))
        .route("/webhooks/onprem", post(on_premises))
        .route("/webhooks/onprem/{number}", post(on_premises_of))
        .route("/webhooks/{number}", get(shake_hands_of).post(either_of))
        .with_state(ingress)
}

type Shared = State<Arc<Ingress>>;

async fn shake_hands(State(ingress): Shared, request: Request) -> Result<String, Rejection> {
    let answer = handshake::answer(request.uri().query(), ingress.doors.cloud.verify_token.as_ref());
    match &answer {
        Ok(_) => tracing::info!("handshake answered"),
        Err(_) => tracing::warn!("handshake refused: cloud.verify_token is not set, or not what was offered"),
    }
    answer
}

async fn shake_hands_of(state: Shared, Path(number): Path<String>, request: Request) -> Result<String, Rejection> {
    state.routes.number(&number).ok_or(Rejection::UnknownNumber)?;
    shake_hands(state, request).await
}

async fn either(State(ingress): Shared, request: Request) -> Response {
    ingress.answer(request, None, None).await
}

async fn either_of(State(ingress): Shared, Path(number): Path<String>, request: Request) -> Response {
    ingress.answer(request, None, Some(number)).await
}

async fn cloud(State(ingress): Shared, request: Request) -> Response {
    ingress.answer(request, Some(Format::Cloud), None).await
}

async fn on_premises(State(ingress): Shared, request: Request) -> Response {
    ingress.answer(request, Some(Format::OnPremises), None).await
}

async fn on_premises_of(State(ingress): Shared, Path(number): Path<String>, request: Request) -> Response {
    ingress.answer(request, Some(Format::OnPremises), Some(number)).await
}

impl Ingress {
    async fn answer(&self, request: Request, only: Option<Format>, number: Option<String>) -> Response {
        let begun = Instant::now();
        let mut source = only;
        let taken = self.take(request, only, number, &mut source).await;
        let outcome = taken.as_ref().err().map_or(Outcome::Accepted, Rejection::outcome);
        self.meter.answered(source, outcome, begun.elapsed());
        match taken {
            Ok(()) => ().into_response(),
            Err(rejection) => {
                let source = source.map_or("unknown", Format::label);
                tracing::info!(source, outcome = outcome.label(), reason = %rejection, "webhook refused");
                rejection.into_response()
            }
        }
    }

    async fn take(
        &self,
        request: Request,
        only: Option<Format>,
        number: Option<String>,
        source: &mut Option<Format>,
    ) -> Result<(), Rejection> {
        let _permit = self.permit()?;
        if let Some(number) = &number {
            self.routes.number(number).ok_or(Rejection::UnknownNumber)?;
        }
        let (parts, body) = request.into_parts();
        let body = self.read(&parts, body).await?;
        let unverified = Unverified { headers: &parts.headers, query: parts.uri.query(), body };
        let verified = unverified.verify(&self.doors, only)?;
        let document =
            Document::read(&verified.body, None).map_err(|reason| Rejection::Malformed(reason.to_string()))?;
        let format = document.format();
        if !verified.covers(format) {
            return Err(self.uncovered(format));
        }
        *source = Some(format);
        let number = number.or_else(|| self.named(&parts.headers));
        let received = Received { document, bytes: &verified.body, headers: &parts.headers, number };
        self.pass_through.deliver(received, &self.routes, &self.meter).await
    }

    /// A body that its proof does not cover: of the other format at a door for one, or unproven.
    fn uncovered(&self, format: Format) -> Rejection {
        let unguarded = match format {
            Format::Cloud => self.doors.cloud.takes_anything(),
            Format::OnPremises => self.doors.on_premises.takes_anything(),
            Format::Normalized => {
                return Rejection::Malformed("neither a Cloud nor an On-Premises body: a normalized event".to_owned());
            }
        };
        if unguarded { Rejection::WrongDoor } else { Rejection::Unproven }
    }

    fn named(&self, headers: &HeaderMap) -> Option<String> {
        let header = headers.get(ACCOUNT_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let only = || {
            let number = self.routes.only_number()?;
            number.phone_number_id.clone().or_else(|| number.display_phone_number.clone())
        };
        header.or_else(only)
    }

    async fn read(&self, parts: &Parts, body: Body) -> Result<Bytes, Rejection> {
        let announced = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > self.max_body_bytes as u64) {
            return Err(Rejection::TooLarge);
        }
        let body = Limited::new(body, self.max_body_bytes).collect();
        match tokio::time::timeout(BODY_TIMEOUT, body).await {
            Err(_) => Err(Rejection::TooSlow),
            Ok(Ok(collected)) => Ok(collected.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Rejection::TooLarge),
            Ok(Err(_)) => Err(Rejection::Broken),
        }
    }
}
