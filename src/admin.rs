//! What faces the operator: is it alive, is it ready, what does it count, what is set aside.

mod api;
mod guard;
mod health;
mod page;
mod playground;
mod watching;

use crate::journal::{ConsumerId, Journal, Vitals};
use crate::letters::Desk;
use crate::redact::Redactor;
use crate::routing::Routes;
use crate::secret::{Secret, random_key};
use crate::status::Readiness;
use crate::watch::Watch;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch::Sender;
use watching::Watchers;

/// What the handlers need.
pub struct Admin {
    life: Sender<Life>,
    watch: Arc<Watch>,
    watchers: Watchers,
    redactor: Redactor,
    journal: Option<Journal>,
    metrics: PrometheusHandle,
    access: RwLock<Access>,
}

/// How far the server has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Life {
    Serving,
    Draining,
    Ending,
}

/// What a reload replaces.
#[derive(Clone)]
pub struct Access {
    /// What all but the probes ask for.
    pub token: Option<Secret>,
    /// Which numbers there are, for what is routed anew.
    pub routes: Arc<Routes>,
    /// The consumers, in the order of the routes' indices.
    pub consumers: Vec<(String, ConsumerId)>,
}

impl Admin {
    /// Answers for this journal, if there is one.
    #[must_use]
    pub fn new(journal: Option<Journal>, watch: Arc<Watch>, metrics: PrometheusHandle, access: Access) -> Self {
        Self {
            life: Sender::new(Life::Serving),
            watch,
            watchers: Watchers::new(),
            redactor: Redactor::new(&random_key().unwrap_or_default()),
            journal,
            metrics,
            access: RwLock::new(access),
        }
    }

    /// From now on: not ready, shutting down.
    pub fn drain(&self) {
        self.life.send_replace(Life::Draining);
    }

    /// Those who watch are let go.
    pub fn end(&self) {
        self.life.send_replace(Life::Ending);
    }

    /// Whether it ends within a time.
    async fn ends_within(&self, span: Duration) -> bool {
        let mut life = self.life.subscribe();
        tokio::time::timeout(span, life.wait_for(|life| *life == Life::Ending)).await.is_ok()
    }

    /// Red when we cannot take webhooks, never because of a consumer.
    fn readiness(&self) -> Readiness {
        let journal = self.journal.as_ref().map_or("none", Journal::backend);
        let said = |status: &str, reason| Readiness { status: status.to_owned(), journal: journal.to_owned(), reason };
        if *self.life.borrow() != Life::Serving {
            return said("draining", None);
        }
        match self.journal.as_ref().map_or(Vitals::Well, Journal::vitals) {
            Vitals::Well => said("ready", None),
            Vitals::Ill(trouble) => said("failing", Some(trouble.to_string())),
        }
    }

    /// From now on operators are let in like this.
    pub fn replace(&self, access: Access) {
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = access;
    }

    fn access(&self) -> Access {
        self.access.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where letters are handled; `None` without a journal.
    fn desk(&self) -> Option<Desk> {
        let Access { routes, consumers, .. } = self.access();
        Some(Desk { journal: self.journal.clone()?, routes, consumers })
    }
}

/// The routes that face the operator. With a token, all but the probes and the page, which holds no data, ask for it.
pub fn router(admin: Arc<Admin>) -> Router {
    let api = Router::new()
        .route("/api/dead-letters", get(api::list))
        .route("/api/dead-letters/{id}", get(api::show).delete(api::drop_letter))
        .route("/api/dead-letters/{id}/bury", post(api::bury))
        .route("/api/redeliver", post(api::redeliver))
        .route("/api/status", get(watching::once))
        .route("/api/status/stream", get(watching::stream))
        .route("/api/translate", post(playground::translate).layer(DefaultBodyLimit::max(playground::LARGEST)))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&admin), guard::own_site));
    let guarded = Router::new()
        .route("/metrics", get(health::exposition))
        .merge(api)
        .route_layer(middleware::from_fn_with_state(Arc::clone(&admin), guard::token));
    let probes = Router::new().route("/livez", get(health::alive)).route("/readyz", get(health::ready));
    probes.merge(page::router()).merge(guarded).with_state(admin)
}

/// What a connection is told that is one too many.
pub fn busy() -> Router {
    Router::new().fallback(health::busy)
}
