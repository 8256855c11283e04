//! `POST`: the way of a webhook from its bytes to our answer.

use super::gate::Gate;
use super::proof::Unverified;
use super::{Access, Doors, Policy, Rejection, handshake};
use crate::capture::Capture;
use crate::clock;
use crate::format::Format;
use crate::format::novelty::novelties;
use crate::headers;
use crate::intake::Taken;
use crate::received::Received;
use crate::routing::Routes;
use crate::telemetry::{Outcome, Span, Tracer, source_label};
use crate::watch::Witness;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// A body that takes longer to arrive is given up; Meta itself gives up after about 20 s.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// What the handlers need.
#[derive(Debug)]
pub struct Ingress {
    policy: RwLock<Arc<Policy>>,
    max_body_bytes: usize,
    witness: Witness,
    gate: Gate,
    capture: Option<Capture>,
    tracer: Tracer,
}

impl Ingress {
    /// Takes webhooks as soon as it is routed to.
    #[must_use]
    pub fn new(policy: Policy, max_body_bytes: usize, witness: Witness) -> Self {
        let policy = RwLock::new(Arc::new(policy));
        Self { policy, max_body_bytes, witness, gate: Gate::new(), capture: None, tracer: Tracer::default() }
    }

    /// Also writes down what it takes.
    #[must_use]
    pub fn captured(self, capture: Option<Capture>) -> Self {
        Self { capture, ..self }
    }

    /// Begins a trace with each webhook, or goes on with the platform's.
    #[must_use]
    pub fn traced(self, tracer: Tracer) -> Self {
        Self { tracer, ..self }
    }

    /// From now on webhooks are taken like this.
    pub fn replace(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Turns new webhooks away from now on.
    pub fn shut(&self) {
        self.gate.shut();
    }

    /// Turns new webhooks away from now on; ready when those at work are answered.
    pub async fn drain(&self) {
        self.gate.empty().await;
    }

    /// Turns new webhooks away for good.
    pub fn close(&self) {
        self.gate.close();
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

/// What a connection is told that is one too many: it is counted as what it would have been.
pub fn busy(ingress: Arc<Ingress>) -> Router {
    Router::new().fallback(turn_away).with_state(ingress)
}

async fn turn_away(State(ingress): Shared) -> Response {
    ingress.witness.answered(None, Outcome::Unavailable, Duration::ZERO);
    let mut answer = Rejection::Unavailable.into_response();
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

type Shared = State<Arc<Ingress>>;

async fn shake_hands(State(ingress): Shared, request: Request) -> Result<String, Rejection> {
    let answer = handshake::answer(request.uri().query(), ingress.policy().doors.cloud.verify_token.as_ref());
    match &answer {
        Ok(_) => tracing::info!("handshake answered"),
        Err(_) => tracing::warn!("handshake refused: cloud.verify_token is not set, or not what was offered"),
    }
    answer
}

async fn shake_hands_of(state: Shared, Path(number): Path<String>, request: Request) -> Result<String, Rejection> {
    state.policy().routes.number(&number).ok_or(Rejection::UnknownNumber)?;
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
    async fn answer(&self, mut request: Request, only: Option<Format>, number: Option<String>) -> Response {
        let span = self.tracer.webhook(request.headers_mut());
        let (witness, begun) = (&self.witness, Instant::now());
        let mut fate = Fate { witness, begun, source: only, outcome: Outcome::Unavailable, span };
        let taken = self.take(request, only, number, &mut fate.source).await;
        fate.outcome = match &taken {
            Ok(Taken::New) => Outcome::Accepted,
            Ok(Taken::Known) => Outcome::Duplicate,
            Err(rejection) => rejection.outcome(),
        };
        let answer = match taken {
            Ok(_) => ().into_response(),
            Err(rejection) => {
                let source = source_label(fate.source);
                tracing::info!(source, outcome = fate.outcome.label(), reason = %rejection, "webhook refused");
                rejection.into_response()
            }
        };
        fate.span.answered(answer.status());
        answer
    }

    async fn take(
        &self,
        request: Request,
        only: Option<Format>,
        number: Option<String>,
        source: &mut Option<Format>,
    ) -> Result<Taken, Rejection> {
        let (parts, body) = request.into_parts();
        let pass = self.gate.enter(self.announced(&parts)?)?;
        let body = self.read(body).await?;
        let policy = self.policy();
        let verified = Unverified::new(&parts.headers, parts.uri.query(), body).verify(&policy.doors, only)?;
        // Only who is proven learns which numbers there are.
        if let Some(number) = &number {
            policy.routes.number(number).ok_or(Rejection::UnknownNumber)?;
        }
        let document = verified.document().map_err(|reason| Rejection::Malformed(reason.to_string()))?;
        let format = document.format();
        if !verified.covers(format) {
            return Err(uncovered(&policy.doors, format));
        }
        *source = Some(format);
        if let Some(capture) = &self.capture {
            capture.write(format, parts.uri.path(), &parts.headers, verified.bytes());
        }
        let number = number.or_else(|| named(&policy.routes, &parts.headers));
        let received = Received { document, bytes: verified.bytes(), headers: &parts.headers, number };
        let unfamiliar = novelties(&received.document);
        let taken = policy.hand_on(received, pass, &self.witness).await?;
        if taken == Taken::New && !unfamiliar.is_empty() {
            self.witness.unfamiliar(format, &unfamiliar, clock::steady_ms());
        }
        Ok(taken)
    }

    /// How large the body will be: as its sender says, else as large as it may be.
    fn announced(&self, parts: &Parts) -> Result<u64, Rejection> {
        let most = self.max_body_bytes as u64;
        let length = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        match length.unwrap_or(most) {
            length if length > most => Err(Rejection::TooLarge),
            length => Ok(length),
        }
    }

    async fn read(&self, body: Body) -> Result<Bytes, Rejection> {
        let body = Limited::new(body, self.max_body_bytes).collect();
        match tokio::time::timeout(BODY_TIMEOUT, body).await {
            Err(_) => Err(Rejection::TooSlow),
            Ok(Ok(collected)) => Ok(collected.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Rejection::TooLarge),
            Ok(Err(_)) => Err(Rejection::Broken),
        }
    }
}

/// A body that its proof does not cover: of the other format at a door for one, or unproven.
fn uncovered(doors: &Doors, format: Format) -> Rejection {
    let access = match format {
        Format::Cloud => doors.cloud.access(),
        Format::OnPremises => doors.on_premises.access(),
        Format::Normalized => {
            return Rejection::Malformed("neither a Cloud nor an On-Premises body: a normalized event".to_owned());
        }
    };
    if access == Access::Open { Rejection::WrongDoor } else { Rejection::Unproven }
}

/// The number that a request's header names, else the only one there is.
fn named(routes: &Routes, request: &HeaderMap) -> Option<String> {
    let header = request.get(headers::ACCOUNT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let only = || {
        let number = routes.only_number()?;
        number.phone_number_id.clone().or_else(|| number.display_phone_number.clone())
    };
    header.or_else(only)
}

/// What becomes of a request; counted also when its sender hangs up and nobody is left to answer.
struct Fate<'i> {
    witness: &'i Witness,
    begun: Instant,
    source: Option<Format>,
    outcome: Outcome,
    span: Span,
}

impl Drop for Fate<'_> {
    fn drop(&mut self) {
        self.witness.answered(self.source, self.outcome, self.begun.elapsed());
        self.span.webhook_ended(self.source, self.outcome);
    }
}
