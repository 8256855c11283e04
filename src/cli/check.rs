//! `cutover check`: is this configuration good, and are its consumers there.

use super::{Exit, complain, say};
use crate::config::Config;
use crate::delivery::{Settings, connector};
use crate::tls;
use anyhow::Context;
use clap::Args;
use hyper::Uri;
use std::path::PathBuf;
use tower::ServiceExt;

/// Validate the configuration; list every problem at once
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration; the environment (CUTOVER_SECTION__KEY) goes on top
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Also connect to each consumer, TLS included; nothing is sent
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
        let exit = if self.probe { probe_all(&config.consumers)? } else { Exit::Done };
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

fn probe_all(consumers: &[Settings]) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut exit = Exit::Done;
    for consumer in consumers {
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

async fn probe(consumer: &Settings) -> anyhow::Result<()> {
    let connecting = connector(consumer)?.oneshot(consumer.url.clone());
    let connected = tokio::time::timeout(consumer.timeout, connecting).await;
    let connection = connected.with_context(|| format!("no connection to {} in time", shown(&consumer.url)))?;
    connection.map_err(|error| anyhow::anyhow!("cannot connect to {}: {error}", shown(&consumer.url)))?;
    Ok(())
}
