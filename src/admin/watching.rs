//! `/api/status`: what the operator watches, once or as a stream.

use super::Admin;
use super::api::ok;
use crate::clock;
use crate::journal::{Depth, Journal};
use crate::lock::lock;
use crate::status::Status;
use crate::telemetry::GONE;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How often the stream says it.
const EVERY: Duration = Duration::from_secs(2);
/// What is younger is said again to whoever asks: many who watch cost no more than one.
const FRESH_MS: u64 = 900;
/// A journal that is busy is not waited for any longer; what it said last is said again then.
const PATIENCE: Duration = Duration::from_secs(1);
/// So many may watch; the rest of the listener's connections is for probes and scrapers.
const WATCHERS: usize = 32;

/// Those who watch, and what they were told last.
pub(super) struct Watchers {
    seats: Arc<Semaphore>,
    told: tokio::sync::Mutex<Option<Told>>,
    /// What the journal said last.
    depths: Mutex<Said>,
}

/// What each consumer is owed, as the journal said it.
#[derive(Debug, Default)]
struct Said {
    at_ms: u64,
    depths: Vec<Depth>,
    /// Whether it has said nothing when it was asked since.
    is_silent: bool,
}

impl Said {
    fn take_in(&mut self, asked: Result<Vec<Depth>, String>, now_ms: u64) {
        match asked {
            Ok(depths) => {
                if self.is_silent {
                    tracing::info!("the journal says again what is owed");
                }
                *self = Self { at_ms: now_ms, depths, is_silent: false };
            }
            Err(why) if !self.is_silent => {
                self.is_silent = true;
                tracing::warn!(why, "the journal does not say what is owed: what it said last is shown");
            }
            Err(_) => {}
        }
    }

    /// It as it stands now: what was owed is taken to be owed still, and is older by now.
    fn at(&self, now_ms: u64) -> Vec<Depth> {
        let since_ms = now_ms.saturating_sub(self.at_ms);
        let aged = |depth: &Depth| {
            let oldest_ms = if depth.oldest_ms == 0 { 0 } else { depth.oldest_ms + since_ms };
            Depth { oldest_ms, ..depth.clone() }
        };
        self.depths.iter().map(aged).collect()
    }
}

#[derive(Clone)]
struct Told {
    at_ms: u64,
    text: Arc<str>,
}

impl Watchers {
    pub(super) fn new() -> Self {
        Self {
            seats: Arc::new(Semaphore::new(WATCHERS)),
            told: tokio::sync::Mutex::new(None),
            depths: Mutex::default(),
        }
    }

    /// What each consumer is owed, as far as the journal says so in time; else what it said last.
    async fn depths(&self, journal: &Journal) -> Vec<Depth> {
        let asked = tokio::time::timeout(PATIENCE, journal.depths(clock::steady_ms())).await;
        let asked = match asked {
            Ok(depths) => depths.map_err(|trouble| trouble.to_string()),
            Err(_) => Err("it does not answer in time".to_owned()),
        };
        let now_ms = clock::steady_ms();
        let mut said = lock(&self.depths);
        said.take_in(asked, now_ms);
        said.at(now_ms)
    }
}

impl Admin {
    /// What each consumer is owed; nothing without a journal.
    pub(super) async fn depths(&self) -> Vec<Depth> {
        match &self.journal {
            Some(journal) => self.watchers.depths(journal).await,
            None => Vec::new(),
        }
    }

    async fn status(&self) -> Status {
        let depths = self.depths().await;
        let mut status = self.watch.shown(clock::steady_ms());
        status.readiness = self.readiness();
        let mut status = status.with_depths(&depths, GONE);
        // The journal knows everybody who was ever configured.
        status.consumers.retain(|consumer| consumer.health != GONE || consumer.has_something());
        status
    }

    async fn status_text(&self) -> Arc<str> {
        let mut told = self.watchers.told.lock().await;
        let now_ms = clock::steady_ms();
        if let Some(told) = told.as_ref().filter(|told| now_ms.saturating_sub(told.at_ms) < FRESH_MS) {
            return Arc::clone(&told.text);
        }
        let text: Arc<str> = serde_json::to_string(&self.status().await).unwrap_or_default().into();
        // It may have taken a while. Whoever has waited for it in the meantime takes it as it is.
        *told = Some(Told { at_ms: clock::steady_ms(), text: Arc::clone(&text) });
        text
    }
}

pub(super) async fn once(State(admin): State<Arc<Admin>>) -> Response {
    ok(&admin.status().await)
}

/// An event named `status` every other second, until the listener ends.
pub(super) async fn stream(State(admin): State<Arc<Admin>>) -> Response {
    let Ok(seat) = Arc::clone(&admin.watchers.seats).try_acquire_owned() else {
        let told = "too many are watching: close a page, or ask /api/status now and then\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "10")], told).into_response();
    };
    let first = Turn { admin, is_first: true, seat };
    let events = stream::unfold(first, |turn| async move {
        if !turn.is_first && turn.admin.ends_within(EVERY).await {
            return None;
        }
        let event = Event::default().event("status").data(&*turn.admin.status_text().await);
        Some((Ok::<Event, Infallible>(event), Turn { is_first: false, ..turn }))
    });
    let stream = Sse::new(events).keep_alive(KeepAlive::default());
    ([(CACHE_CONTROL, "no-store")], stream).into_response()
}

/// One who watches.
struct Turn {
    admin: Arc<Admin>,
    is_first: bool,
    #[expect(dead_code, reason = "given back when the stream ends")]
    seat: OwnedSemaphorePermit,
}
