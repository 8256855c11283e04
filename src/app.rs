//! The wiring: a configuration becomes a journal, listeners, consumers and tasks; another takes its
//! place while they run; and all of them end together.

mod deliveries;
mod keeping;
mod signals;

pub use signals::{Order, orders};

use crate::admin::{self, Admin};
use crate::capture::Capture;
use crate::config::{self, Config, Problems};
use crate::delivery::{Consumer, Service, Terms};
use crate::ingress::{self, Ingress, Next, Policy};
use crate::intake::Intake;
use crate::journal::{ConsumerId, Embedded, Journal};
use crate::pass_through::PassThrough;
use crate::routing::Route;
use crate::server::{self, Server, Tls};
use crate::watch::{ALL_NUMBERS, Watch, Watched, Witness};
use crate::{clock, telemetry, tls};
use anyhow::Context;
use deliveries::Deliveries;
use keeping::Keeping;
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
    ingress: Arc<Ingress>,
    admin: Arc<Admin>,
    deliveries: Option<Deliveries>,
    journal: Option<Journal>,
    watch: Arc<Watch>,
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
        let journal = match &config.journal {
            config::Journal::None => None,
            config::Journal::Embedded(settings) => Some(Journal::Embedded(Embedded::open(settings.clone())?)),
        };
        let kept = match &journal {
            Some(journal) => journal.kept().await.context("the journal")?,
            None => Vec::new(),
        };
        let watch = Arc::new(Watch::new(clock::steady_ms(), &kept));
        let mut deliveries = journal.clone().map(Deliveries::new);
        let Line { policy, services, access } = line(&config, journal.as_ref(), &watch).await?;
        let witness = Witness::new(Arc::clone(&watch));
        let ingress = Ingress::new(policy, config.listen.max_body_bytes, witness);
        let ingress = Arc::new(ingress.captured(capture.clone()));
        let tls = match &config.listen.tls {
            None => None,
            Some(own) => Some(Tls {
                config: tls::server(&own.cert, &own.key, own.client_ca.as_deref()).context("listen.tls")?,
                client_name: own.client_name.clone(),
            }),
        };
        let admin = Arc::new(Admin::new(journal.clone(), Arc::clone(&watch), metrics.clone(), access));
        let webhooks = Server {
            listener: server::bind(config.listen.webhooks).await?,
            router: ingress::router(Arc::clone(&ingress)),
            busy: ingress::busy(Arc::clone(&ingress)),
            max_connections: config.listen.max_connections,
            tls,
        };
        let admin_server = Server {
            listener: server::bind(config.listen.admin).await?,
            router: admin::router(Arc::clone(&admin)),
            busy: admin::busy(),
            max_connections: ADMIN_CONNECTIONS,
            tls: None,
        };
        if let Some(deliveries) = &mut deliveries {
            deliveries.serve(services);
        }
        Ok(Self {
            webhooks,
            admin_server,
            ingress,
            admin,
            deliveries,
            journal,
            watch,
            metrics,
            config,
            reread,
            capture,
        })
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
            ingress,
            admin,
            mut deliveries,
            journal,
            watch,
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
        let keeping = journal.clone().map(|journal| Keeping::begin(Arc::clone(&watch), journal));
        while let Some(Order::Reload) = orders.recv().await {
            match reload(&config, &reread, journal.as_ref(), &watch).await {
                Ok((new, Line { policy, services, access })) => {
                    ingress.replace(policy);
                    admin.replace(access);
                    if let Some(deliveries) = &mut deliveries {
                        deliveries.serve(services);
                    }
                    config = new;
                    telemetry::reloaded(Some(true));
                    tracing::info!("configuration reloaded");
                }
                Err(error) => {
                    telemetry::reloaded(Some(false));
                    tracing::error!("configuration not reloaded, the old one stays: {error:#}");
                }
            }
        }
        // Whoever sees red must not be let in any more.
        ingress.shut();
        admin.drain();
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
        if let Some(journal) = &journal {
            journal.close().await;
        }
        admin.end();
        admin_stop.send_replace(true);
        while tasks.join_next().await.is_some() {}
        if let Some(capture) = capture {
            // It may wait for a disk. A panic of its thread has been reported already.
            tokio::task::spawn_blocking(move || capture.finish()).await.ok();
        }
        upkeep.abort();
        tracing::info!("stopped");
    }
}

/// What a configuration means for those who come in, those who receive, and those who look after it.
struct Line {
    policy: Policy,
    services: Vec<(ConsumerId, Service)>,
    access: admin::Access,
}

async fn line(config: &Config, journal: Option<&Journal>, watch: &Watch) -> anyhow::Result<Line> {
    let consumers = config
        .consumers
        .iter()
        .map(|settings| {
            let sight = watch.consumer(&settings.name, settings.format);
            let consumer = Consumer::new(settings.clone(), sight);
            consumer.map(Arc::new).with_context(|| format!("consumer.{}.tls_ca", settings.name))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let routes = Arc::new(config.routes.clone());
    let doors = config.doors.clone();
    let token = config.listen.admin_token.clone();
    let Some(journal) = journal else {
        look_at(config, &consumers, watch);
        return Ok(Line {
            policy: Policy { doors, routes: Arc::clone(&routes), next: Next::PassThrough(PassThrough::new(consumers)) },
            services: Vec::new(),
            access: admin::Access { token, routes, consumers: Vec::new() },
        });
    };
    let named = |consumer: &Arc<Consumer>| consumer.settings.name.clone();
    let waited = |consumer: &Arc<Consumer>| clock::millis(consumer.settings.retry.give_up_after);
    let all = consumers.iter().map(|consumer| (named(consumer), waited(consumer))).collect();
    let ids = journal.register(all).await.context("the journal")?;
    look_at(config, &consumers, watch);
    let (max_event_age, compared) = (config.max_event_age, watch.compared());
    let terms = Arc::new(Terms { routes: Arc::clone(&routes), max_event_age, compared });
    let next = Next::Journal(Intake::new(journal.clone(), ids.clone()));
    let names = consumers.iter().map(named).zip(ids.iter().copied()).collect();
    let service = |consumer| Service { consumer, terms: Arc::clone(&terms) };
    Ok(Line {
        policy: Policy { doors, routes: Arc::clone(&routes), next },
        services: ids.into_iter().zip(consumers.into_iter().map(service)).collect(),
        access: admin::Access { token, routes, consumers: names },
    })
}

/// Watches the numbers and consumers of a configuration; one called `all` where no number is configured.
fn look_at(config: &Config, consumers: &[Arc<Consumer>], watch: &Watch) {
    let named = |consumer: &Arc<Consumer>| consumer.settings.name.clone();
    let name = |index: &usize| consumers.get(*index).map(named);
    let watched = |route: &Route| Watched {
        number: route.number.name.clone(),
        deliver_to: route.deliver_to.iter().filter_map(name).collect(),
    };
    let mut numbers: Vec<Watched> = config.routes.iter().map(watched).collect();
    if numbers.is_empty() {
        let everybody = consumers.iter().map(named).collect();
        numbers.push(Watched { number: ALL_NUMBERS.to_owned(), deliver_to: everybody });
    }
    let sights = consumers.iter().map(|consumer| Arc::clone(&consumer.sight)).collect();
    watch.watch(numbers, sights, clock::steady_ms());
}

/// Reads the configuration again; what takes a restart stays as it was.
async fn reload(
    old: &Config,
    reread: &Reread,
    journal: Option<&Journal>,
    watch: &Watch,
) -> anyhow::Result<(Config, Line)> {
    let mut new = reread()?;
    let line = line(&new, journal, watch).await?;
    for warning in &new.warnings {
        tracing::warn!("{warning}");
    }
    for key in old.needs_restart(&new) {
        tracing::warn!("{key} has changed: that takes a restart, until then the old value holds");
    }
    new.journal.clone_from(&old.journal);
    new.telemetry.clone_from(&old.telemetry);
    let admin_token = new.listen.admin_token.take();
    new.listen = config::Listen { admin_token, ..old.listen.clone() };
    Ok((new, line))
}

/// Folds what histograms have gathered, so that they stay small when nobody scrapes.
async fn upkeep(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}
