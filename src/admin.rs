//! What faces the operator: is it alive, is it ready, what does it count, what is set aside.

mod api;
mod guard;
mod health;
mod page;

use crate::journal::{ConsumerId, Journal};
use crate::letters::Desk;
use crate::routing::Routes;
use crate::secret::Secret;
use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What the handlers need.
pub struct Admin {
    draining: AtomicBool,
    journal: Option<Journal>,
    metrics: PrometheusHandle,
    access: RwLock<Access>,
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
    pub fn new(journal: Option<Journal>, metrics: PrometheusHandle, access: Access) -> Self {
        Self { draining: AtomicBool::new(false), journal, metrics, access: RwLock::new(access) }
    }

    /// From now on: not ready, shutting down.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
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

/// The routes that face the operator. With a token, all but the probes ask for it.
pub fn router(admin: Arc<Admin>) -> Router {
    let api = Router::new()
        .route("/api/dead-letters", get(api::list))
        .route("/api/dead-letters/{id}", get(api::show).delete(api::drop_letter))
        .route("/api/dead-letters/{id}/bury", post(api::bury))
        .route("/api/redeliver", post(api::redeliver))
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
