//! The wiring: a configuration becomes a journal, listeners, consumers and tasks; another takes its
//! place while they run; and all of them end together.

mod deliveries;
mod keeping;
mod line;
mod signals;

pub use signals::{Order, orders};

use crate::admin::{self, Admin};
use crate::capture::Capture;
use crate::config::{self, Config, Problems};
use crate::ingress::{self, Ingress};
use crate::journal::jetstream::Role;
use crate::journal::{Embedded, JetStream, Journal};
use crate::server::{self, Server, Tls};
use crate::telemetry::Tracer;
use crate::watch::{Watch, Witness};
use crate::{clock, telemetry, tls};
use anyhow::Context;
use deliveries::Deliveries;
use keeping::Keeping;
use line::{Grounds, Line};
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Connections of operators, probes and scrapers.
const ADMIN_CONNECTIONS: usize = 64;
const UPKEEP: Duration = Duration::from_secs(5);

/// How a configuration is read again.
pub type Reread = Box<dyn Fn() -> Result<Config, Problems> + Send + Sync>;

/// The proxy, bound to its addresses.
pub struct App {
    webhooks: Server,
    admin_server: Server,
    /// What the webhooks' listener has in front from now on.
    tls: watch::Sender<Option<Tls>>,
    ingress: Arc<Ingress>,
    admin: Arc<Admin>,
    deliveries: Option<Deliveries>,
    grounds: Grounds,
    metrics: PrometheusHandle,
    /// What is in force.
    config: Config,
    reread: Reread,
    capture: Option<Capture>,
}

impl App {
    /// Binds and builds everything; nothing is served yet. `reread` gives the configuration at a
    /// reload. What is taken goes to `capture` too.
    ///
    /// # Errors
    /// An address that is taken, a certificate or a journal that cannot be read.
    pub async fn bind(config: Config, reread: Reread, capture: Option<Capture>) -> anyhow::Result<Self> {
        tls::install_provider();
        let metrics = telemetry::start_metrics().context("cannot start metrics")?;
        telemetry::reloaded(None);
        let tracer = Tracer::start(config.telemetry.otlp_endpoint.as_ref())?;
        let journal = open(&config.journal).await?;
        let kept = match &journal {
            Some(journal) => journal.kept().await.context("the journal")?,
            None => Vec::new(),
        };
        let watch = Arc::new(Watch::new(clock::steady_ms(), &kept));
        let grounds = Grounds { journal, watch, tracer };
        let Line { policy, services, access, tls } = grounds.line(&config).await?;
        let (tls, tls_now) = watch::channel(tls);
        let mut deliveries = grounds.journal.clone().map(Deliveries::new);
        let witness = Witness::new(Arc::clone(&grounds.watch));
        let ingress = Ingress::new(policy, config.listen.max_body_bytes, witness);
        let ingress = Arc::new(ingress.captured(capture.clone()).traced(grounds.tracer.clone()));
        let admin = Admin::new(grounds.journal.clone(), Arc::clone(&grounds.watch), metrics.clone(), access);
        let admin = Arc::new(admin);
        let webhooks = Server {
            listener: server::bind(config.listen.webhooks).await?,
            router: ingress::router(Arc::clone(&ingress)),
            busy: ingress::busy(Arc::clone(&ingress)),
            max_connections: config.listen.max_connections,
            tls: tls_now,
        };
        let admin_server = Server {
            listener: server::bind(config.listen.admin).await?,
            router: admin::router(Arc::clone(&admin)),
            busy: admin::busy(),
            max_connections: ADMIN_CONNECTIONS,
            tls: watch::channel(None).1,
        };
        if let Some(deliveries) = &mut deliveries {
            deliveries.serve(services);
        }
        Ok(Self { webhooks, admin_server, tls, ingress, admin, deliveries, grounds, metrics, config, reread, capture })
    }

    /// Where webhooks are taken and where the operator asks, with the ports that were given.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addresses(&self) -> std::io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.webhooks.listener.local_addr()?, self.admin_server.listener.local_addr()?))
    }

    /// Serves until it is told to stop, or nobody is left to tell it. Then it drains: readiness goes
    /// red, new webhooks are answered 503, running attempts end.
    pub async fn run(self, mut orders: mpsc::Receiver<Order>) {
        let Self {
            webhooks,
            admin_server,
            tls,
            ingress,
            admin,
            mut deliveries,
            grounds,
            metrics,
            mut config,
            reread,
            capture,
        } = self;
        let upkeep = tokio::spawn(upkeep(metrics));
        let (webhooks_stop, webhooks_stopped) = watch::channel(false);
        let (admin_stop, admin_stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(webhooks.run(webhooks_stopped));
        tasks.spawn(admin_server.run(admin_stopped));
        let keeping = grounds.journal.clone().map(|journal| Keeping::begin(Arc::clone(&grounds.watch), journal));
        while let Some(Order::Reload) = orders.recv().await {
            if let Some((new, line)) = grounds.reload(&config, &reread).await {
                let Line { policy, services, access, tls: renewed } = line;
                tls.send_replace(renewed);
                ingress.replace(policy);
                admin.replace(access);
                if let Some(deliveries) = &mut deliveries {
                    deliveries.serve(services);
                }
                config = new;
            }
        }
        // Whoever sees red must not be let in any more.
        ingress.shut();
        admin.drain();
        if let Some(journal) = &grounds.journal {
            journal.retire();
        }
        tracing::info!("draining");
        let at_work = async {
            ingress.drain().await;
            if let Some(deliveries) = &mut deliveries {
                deliveries.stop().await;
            }
        };
        if tokio::time::timeout(config.listen.drain, at_work).await.is_err() {
            ingress.close();
            tracing::warn!("attempts were still running at the end of listen.drain; they are made again");
        }
        // What still runs ends here, before the journal does.
        drop(deliveries);
        webhooks_stop.send_replace(true);
        if let Some(keeping) = keeping {
            keeping.end().await;
        }
        if let Some(journal) = &grounds.journal {
            journal.close().await;
        }
        admin.end();
        admin_stop.send_replace(true);
        while tasks.join_next().await.is_some() {}
        if let Some(capture) = capture {
            // It may wait for a disk. A panic of its thread has been reported already.
            tokio::task::spawn_blocking(move || capture.finish()).await.ok();
        }
        grounds.tracer.finish().await;
        upkeep.abort();
        tracing::info!("stopped");
    }
}

async fn open(journal: &config::Journal) -> anyhow::Result<Option<Journal>> {
    Ok(match journal {
        config::Journal::None => None,
        config::Journal::Embedded(settings) => Some(Journal::Embedded(Embedded::open(settings.clone())?)),
        config::Journal::JetStream(settings) => {
            Some(Journal::JetStream(JetStream::open((**settings).clone(), Role::Member).await?))
        }
    })
}

/// Folds what histograms have gathered, so that they stay small when nobody scrapes.
async fn upkeep(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}
