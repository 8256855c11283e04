//! What faces the operator: is it alive, is it ready, what does it count.

use crate::secret::Secret;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether we take webhooks. It never says anything of the consumers.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
}

impl Readiness {
    /// From now on: not ready, shutting down.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

struct Admin {
    readiness: Arc<Readiness>,
    metrics: PrometheusHandle,
    token: Option<Secret>,
}

/// The routes that face the operator. With a token, all but the probes ask for it.
pub fn router(readiness: Arc<Readiness>, metrics: PrometheusHandle, token: Option<Secret>) -> Router {
    let admin = Arc::new(Admin { readiness, metrics, token });
    let guarded = Router::new()
        .route("/metrics", get(exposition))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&admin), guard));
    Router::new().route("/livez", get(alive)).route("/readyz", get(ready)).merge(guarded).with_state(admin)
}

async fn guard(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    let offered = request.headers().get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    match &admin.token {
        Some(token) if !offered.is_some_and(|offered| token.matches(offered)) => {
            (StatusCode::UNAUTHORIZED, "send Authorization: Bearer with listen.admin_token\n").into_response()
        }
        _ => next.run(request).await,
    }
}

async fn alive() -> Response {
    json(StatusCode::OK, "{\"status\":\"alive\"}")
}

async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    match admin.readiness.is_draining() {
        false => json(StatusCode::OK, "{\"status\":\"ready\",\"journal\":\"none\"}"),
        true => json(StatusCode::SERVICE_UNAVAILABLE, "{\"status\":\"draining\",\"journal\":\"none\"}"),
    }
}

async fn exposition(State(admin): State<Arc<Admin>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], admin.metrics.render()).into_response()
}

fn json(status: StatusCode, body: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
