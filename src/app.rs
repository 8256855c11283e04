//! The wiring: a configuration becomes listeners, consumers and tasks, and all of them end together.

use crate::admin::{self, Readiness};
use crate::capture::Capture;
use crate::config::Config;
use crate::delivery::Consumer;
use crate::ingress::{self, Ingress};
use crate::pass_through::PassThrough;
use crate::server::{self, Server, Tls};
use crate::{telemetry, tls};
use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Connections of operators, probes and scrapers.
const ADMIN_CONNECTIONS: usize = 64;
const UPKEEP: Duration = Duration::from_secs(5);

/// The proxy, bound to its addresses.
pub struct App {
    webhooks: Server,
    admin: Server,
    ingress: Arc<Ingress>,
    readiness: Arc<Readiness>,
    metrics: PrometheusHandle,
    drain: Duration,
    capture: Option<Capture>,
}

impl App {
    /// Binds and builds everything; nothing is served yet. What is taken goes to `capture` too.
    ///
    /// # Errors
    /// An address that is taken, a certificate that cannot be read.
    pub async fn bind(config: Config, capture: Option<Capture>) -> anyhow::Result<Self> {
        tls::install_provider();
        let metrics = telemetry::start_metrics().context("cannot start metrics")?;
        let Config { listen, doors, routes, consumers, .. } = config;
        let consumers = consumers
            .into_iter()
            .map(|settings| {
                let name = settings.name.clone();
                Consumer::new(settings).with_context(|| format!("consumer.{name}.tls_ca"))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let pass_through = PassThrough::new(consumers);
        let ingress = Ingress::new(doors, Arc::new(routes), listen.max_body_bytes, pass_through);
        let ingress = Arc::new(ingress.captured(capture.clone()));
        let tls = match &listen.tls {
            None => None,
            Some(own) => Some(Tls {
                config: tls::server(&own.cert, &own.key, own.client_ca.as_deref()).context("listen.tls")?,
                client_name: own.client_name.clone(),
            }),
        };
        let readiness = Arc::new(Readiness::default());
        let admin = admin::router(Arc::clone(&readiness), metrics.clone(), listen.admin_token);
        Ok(Self {
            webhooks: Server {
                listener: server::bind(listen.webhooks).await?,
                router: ingress::router(Arc::clone(&ingress)),
                max_connections: listen.max_connections,
                tls,
            },
            admin: Server {
                listener: server::bind(listen.admin).await?,
                router: admin,
                max_connections: ADMIN_CONNECTIONS,
                tls: None,
            },
            ingress,
            readiness,
            metrics,
            drain: listen.drain,
            capture,
        })
    }

    /// Where webhooks are taken and where the operator asks, with the ports that were given.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addresses(&self) -> std::io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.webhooks.listener.local_addr()?, self.admin.listener.local_addr()?))
    }

    /// Serves until `stop` is ready, then drains: readiness goes red, new webhooks are answered 503,
    /// running attempts end.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let upkeep = tokio::spawn(upkeep(self.metrics));
        let (webhooks_stop, webhooks_stopped) = watch::channel(false);
        let (admin_stop, admin_stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(self.webhooks.run(webhooks_stopped));
        tasks.spawn(self.admin.run(admin_stopped));
        stop.await;
        self.readiness.drain();
        tracing::info!("draining");
        if tokio::time::timeout(self.drain, self.ingress.drain()).await.is_err() {
            self.ingress.close();
            tracing::warn!("attempts were still running at the end of listen.drain; their webhooks were not answered");
        }
        webhooks_stop.send_replace(true);
        admin_stop.send_replace(true);
        while tasks.join_next().await.is_some() {}
        if let Some(capture) = self.capture {
            // It may wait for a disk. A panic of its thread has been reported already.
            tokio::task::spawn_blocking(move || capture.finish()).await.ok();
        }
        upkeep.abort();
        tracing::info!("stopped");
    }
}

/// Folds what histograms have gathered, so that they stay small when nobody scrapes.
async fn upkeep(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}

/// Ready at SIGTERM or SIGINT. They are listened for from the call on, not from the first poll: one
/// that comes right after the start is no reason to die.
pub fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (term, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let hang_up = signal(SignalKind::hangup());
    async move {
        match (term, interrupt, hang_up) {
            (Ok(mut term), Ok(mut interrupt), Ok(mut hang_up)) => loop {
                tokio::select! {
                    _ = term.recv() => return,
                    _ = interrupt.recv() => return,
                    _ = hang_up.recv() => tracing::warn!("SIGHUP: this version does not reload; restart it instead"),
                }
            },
            (Err(error), ..) | (_, Err(error), _) | (_, _, Err(error)) => {
                tracing::error!(%error, "cannot listen for signals; stop with SIGKILL");
                std::future::pending::<()>().await;
            }
        }
    }
}
