//! Probes and metrics.

use super::Admin;
use crate::journal::{Depth, Journal};
use crate::telemetry::{NOBODY, show_depth, show_partitions, show_ready};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub(super) async fn alive() -> Response {
    answer(StatusCode::OK, json!({"status": "alive"}))
}

pub(super) async fn busy() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5"), (CONNECTION, "close")], "too many connections\n")
        .into_response()
}

pub(super) async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    let readiness = admin.readiness();
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer(status, json!(readiness))
}

pub(super) async fn exposition(State(admin): State<Arc<Admin>>) -> Response {
    show_ready(admin.readiness().is_ready());
    if let Some((held, all)) = admin.journal.as_ref().and_then(Journal::partitions) {
        show_partitions(held, all);
    }
    admin.depths().await.iter().for_each(show);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], admin.metrics.render()).into_response()
}

fn show(depth: &Depth) {
    let Depth { consumer, ready, in_flight, parked, dead, oldest_ms } = depth;
    let consumer = if consumer.is_empty() { NOBODY } else { consumer };
    show_depth(consumer, [*ready, *in_flight, *parked, *dead], Duration::from_millis(*oldest_ms));
}

fn answer(status: StatusCode, body: Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
