//! `cutover check`: is this configuration good, and are its consumers there.

use super::{Exit, complain, say};
use crate::config::{Config, Journal};
use crate::delivery::{Settings, connector};
use crate::journal::jetstream;
use crate::tls;
use anyhow::Context;
use clap::Args;
use hyper::Uri;
use std::path::PathBuf;
use std::time::Duration;
use tower::ServiceExt;

/// A server's monitoring answers within this.
const MONITOR_WITHIN: Duration = Duration::from_secs(5);

/// Validate the configuration; list every problem at once
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration; the environment (CUTOVER_SECTION__KEY) goes on top
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Also connect to each consumer, TLS included, and to the servers of the journal; nothing is sent or changed
    #[arg(long)]
    probe: bool,
}

impl Check {
    /// Checks; a consumer that is not there is exit code 1, a bad configuration 2.
    ///
    /// # Errors
    /// The problems of the configuration.
    pub(super) fn run(&self) -> anyhow::Result<Exit> {
        let config = Config::load(self.config.as_deref()).map_err(|problems| super::refused(&problems))?;
        for warning in &config.warnings {
            say(&format!("warning: {warning}"));
        }
        for consumer in &config.consumers {
            say(&format!("consumer {}: {} as {}", consumer.name, shown(&consumer.url), consumer.format));
        }
        if let Some(warning) = config.journal.missing_folder() {
            say(&format!("warning: {warning}"));
        }
        tls::install_provider();
        for consumer in &config.consumers {
            connector(consumer).with_context(|| format!("consumer.{}.tls_ca", consumer.name))?;
        }
        if let Some(own) = &config.listen.tls {
            tls::server(&own.cert, &own.key, own.client_ca.as_deref()).context("listen.tls")?;
        }
        let exit = if self.probe { probe_all(&config)? } else { Exit::Done };
        if exit == Exit::Done {
            say("ok");
        }
        Ok(exit)
    }
}

/// A URL without what may be secret in it: user, password, query.
fn shown(url: &Uri) -> String {
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme_str().unwrap_or("http"), url.host().unwrap_or_default(), url.path())
}

fn probe_all(config: &Config) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut exit = Exit::Done;
    if let Journal::JetStream(settings) = &config.journal {
        match runtime.block_on(probe_journal(settings)) {
            Ok(warnings) => {
                warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
                say(&format!("journal: {} reached", settings.stream));
            }
            Err(error) => {
                exit = Exit::Failed;
                complain(&format!("{error:#}"));
            }
        }
    }
    for consumer in &config.consumers {
        match runtime.block_on(probe(consumer)) {
            Ok(()) => say(&format!("consumer {}: reached", consumer.name)),
            Err(error) => {
                exit = Exit::Failed;
                complain(&format!("consumer {}: {error:#}", consumer.name));
            }
        }
    }
    Ok(exit)
}

/// What there is to be said of the broker and its servers.
async fn probe_journal(settings: &jetstream::Settings) -> anyhow::Result<Vec<String>> {
    let mut warnings = jetstream::probe(settings).await?;
    let client = reqwest::Client::builder().timeout(MONITOR_WITHIN).no_proxy().build()?;
    for monitor in &settings.monitors {
        let asked = client.get(format!("{monitor}/varz")).send().await.and_then(reqwest::Response::error_for_status);
        let answer = asked.with_context(|| format!("journal.jetstream.monitor: {monitor} does not answer"))?;
        let varz = serde_json::from_str(&answer.text().await?);
        let varz = varz.with_context(|| format!("journal.jetstream.monitor: {monitor} is no monitoring of NATS"))?;
        warnings.extend(jetstream::of_server(&varz));
    }
    Ok(warnings)
}

async fn probe(consumer: &Settings) -> anyhow::Result<()> {
    let connecting = connector(consumer)?.oneshot(consumer.url.clone());
    let connected = tokio::time::timeout(consumer.timeout, connecting).await;
    let connection = connected.with_context(|| format!("no connection to {} in time", shown(&consumer.url)))?;
    connection.map_err(|error| anyhow::anyhow!("cannot connect to {}: {error}", shown(&consumer.url)))?;
    Ok(())
}
