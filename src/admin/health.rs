//! Probes and metrics.

use super::Admin;
use crate::clock;
use crate::journal::{Depth, Vitals};
use crate::telemetry::{UNROUTED, show_depth};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A scrape does not wait longer for a journal that is busy; it then says what was known before.
const DEPTHS_PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn alive() -> Response {
    answer(StatusCode::OK, json!({"status": "alive"}))
}

/// Red when we cannot take webhooks, never because of a consumer.
pub(super) async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    let journal = if admin.journal.is_some() { "embedded" } else { "none" };
    if admin.draining.load(Ordering::Relaxed) {
        return answer(StatusCode::SERVICE_UNAVAILABLE, json!({"status": "draining", "journal": journal}));
    }
    match admin.journal.as_ref().map_or(Vitals::Well, crate::journal::Journal::vitals) {
        Vitals::Well => answer(StatusCode::OK, json!({"status": "ready", "journal": journal})),
        Vitals::Ill(trouble) => {
            let reason = trouble.to_string();
            answer(StatusCode::SERVICE_UNAVAILABLE, json!({"status": "failing", "journal": journal, "reason": reason}))
        }
    }
}

pub(super) async fn exposition(State(admin): State<Arc<Admin>>) -> Response {
    if let Some(journal) = &admin.journal
        && let Ok(Ok(depths)) = tokio::time::timeout(DEPTHS_PATIENCE, journal.depths(clock::steady_ms())).await
    {
        depths.iter().for_each(show);
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], admin.metrics.render()).into_response()
}

fn show(depth: &Depth) {
    let Depth { consumer, ready, in_flight, parked, dead, oldest_ms } = depth;
    let consumer = if consumer.is_empty() { UNROUTED } else { consumer };
    show_depth(consumer, [*ready, *in_flight, *parked, *dead], Duration::from_millis(*oldest_ms));
}

fn answer(status: StatusCode, body: Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
