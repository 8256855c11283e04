//! What a configuration means for those who come in, those who receive, and those who look after it;
//! built at the start, and anew with each reload.

use super::Reread;
use crate::admin;
use crate::config::{self, Config};
use crate::delivery::{Consumer, Service, Terms};
use crate::ingress::{Next, Policy};
use crate::intake::Intake;
use crate::journal::{ConsumerId, Journal};
use crate::pass_through::PassThrough;
use crate::routing::Route;
use crate::server::Tls;
use crate::telemetry::Tracer;
use crate::watch::{ALL_NUMBERS, Watch, Watched};
use crate::{clock, telemetry, tls};
use anyhow::Context;
use std::sync::Arc;

/// What stays as it is from the start to the end.
#[derive(Clone)]
pub(super) struct Grounds {
    pub(super) journal: Option<Journal>,
    pub(super) watch: Arc<Watch>,
    pub(super) tracer: Tracer,
}

/// What a reload replaces.
pub(super) struct Line {
    pub(super) policy: Policy,
    pub(super) services: Vec<(ConsumerId, Service)>,
    pub(super) access: admin::Access,
    pub(super) tls: Option<Tls>,
}

impl Grounds {
    /// What this configuration means here.
    pub(super) async fn line(&self, config: &Config) -> anyhow::Result<Line> {
        let tls = front(&config.listen)?;
        let consumers = config.consumers.iter().map(|settings| self.consumer(settings));
        let consumers = consumers.collect::<anyhow::Result<Vec<_>>>()?;
        let routes = Arc::new(config.routes.clone());
        let doors = config.doors.clone();
        let token = config.listen.admin_token.clone();
        let Some(journal) = &self.journal else {
            look_at(config, &consumers, &self.watch);
            let next = Next::PassThrough(PassThrough::new(consumers));
            return Ok(Line {
                policy: Policy { doors, routes: Arc::clone(&routes), next },
                services: Vec::new(),
                access: admin::Access { token, routes, consumers: Vec::new() },
                tls,
            });
        };
        let named = |consumer: &Arc<Consumer>| consumer.settings.name.clone();
        let waited = |consumer: &Arc<Consumer>| clock::millis(consumer.settings.retry.give_up_after);
        let all = consumers.iter().map(|consumer| (named(consumer), waited(consumer))).collect();
        let ids = journal.register(all).await.context("the journal")?;
        look_at(config, &consumers, &self.watch);
        let (max_event_age, compared) = (config.max_event_age, self.watch.compared());
        let terms = Arc::new(Terms { routes: Arc::clone(&routes), max_event_age, compared });
        let next = Next::Journal(Intake::new(journal.clone(), ids.clone()));
        let names = consumers.iter().map(named).zip(ids.iter().copied()).collect();
        let service = |consumer| Service { consumer, terms: Arc::clone(&terms) };
        Ok(Line {
            policy: Policy { doors, routes: Arc::clone(&routes), next },
            services: ids.into_iter().zip(consumers.into_iter().map(service)).collect(),
            access: admin::Access { token, routes, consumers: names },
            tls,
        })
    }

    fn consumer(&self, settings: &crate::delivery::Settings) -> anyhow::Result<Arc<Consumer>> {
        let sight = self.watch.consumer(&settings.name, settings.format);
        let consumer = Consumer::new(settings.clone(), sight);
        let consumer = consumer.with_context(|| format!("consumer.{}.tls_ca", settings.name))?;
        Ok(Arc::new(consumer.traced(self.tracer.clone())))
    }

    /// Reads the configuration again and says what it means, or why the old one stays.
    pub(super) async fn reload(&self, old: &Config, reread: &Reread) -> Option<(Config, Line)> {
        match self.try_reload(old, reread).await {
            Ok(new) => {
                telemetry::reloaded(Some(true));
                tracing::info!("configuration reloaded");
                Some(new)
            }
            Err(error) => {
                telemetry::reloaded(Some(false));
                tracing::error!("configuration not reloaded, the old one stays: {error:#}");
                None
            }
        }
    }

    /// What takes a restart stays as it was.
    async fn try_reload(&self, old: &Config, reread: &Reread) -> anyhow::Result<(Config, Line)> {
        let mut new = reread()?;
        let line = self.line(&new).await?;
        for warning in &new.warnings {
            tracing::warn!("{warning}");
        }
        for key in old.needs_restart(&new) {
            tracing::warn!("{key} has changed: that takes a restart, until then the old value holds");
        }
        new.journal.clone_from(&old.journal);
        new.telemetry.clone_from(&old.telemetry);
        let (admin_token, tls) = (new.listen.admin_token.take(), new.listen.tls.take());
        new.listen = config::Listen { admin_token, tls, ..old.listen.clone() };
        Ok((new, line))
    }
}

/// What stands before the webhooks, with its files as they are now.
fn front(listen: &config::Listen) -> anyhow::Result<Option<Tls>> {
    let Some(own) = &listen.tls else { return Ok(None) };
    let config = tls::server(&own.cert, &own.key, own.client_ca.as_deref()).context("listen.tls")?;
    Ok(Some(Tls { config, client_name: own.client_name.clone() }))
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
