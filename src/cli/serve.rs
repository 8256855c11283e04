//! `cutover serve`: the proxy.

use super::{Exit, FormatArg};
use crate::app::{self, App};
use crate::config::{Config, Problems, process_environment};
use crate::{json, telemetry};
use anyhow::Context;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run the proxy
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The configuration; the environment (CUTOVER_SECTION__KEY) goes on top
    #[arg(long, value_name = "FILE", conflicts_with_all = ["forward_to", "format", "listen"])]
    config: Option<PathBuf>,
    /// Without a configuration: where the consumer listens
    #[arg(long, value_name = "URL", requires = "format")]
    forward_to: Option<String>,
    /// Without a configuration: the format the consumer was written for
    #[arg(long, value_name = "FORMAT", requires = "forward_to")]
    format: Option<FormatArg>,
    /// Without a configuration: where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", requires = "forward_to")]
    listen: Option<SocketAddr>,
}

impl Serve {
    /// Serves until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// A configuration that is refused, an address that is taken.
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let config = self.configuration().map_err(|problems| super::refused(&problems))?;
        telemetry::start_log(&config.telemetry);
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start tokio")?;
        let reread = Box::new(move || self.configuration());
        runtime.block_on(async {
            let orders = app::orders();
            let app = App::bind(config, reread).await?;
            let (webhooks, admin) = app.addresses()?;
            tracing::info!(%webhooks, %admin, version = env!("CARGO_PKG_VERSION"), "serving");
            app.run(orders).await;
            Ok(Exit::Done)
        })
    }

    fn configuration(&self) -> Result<Config, Problems> {
        let (Some(url), Some(format)) = (&self.forward_to, self.format) else {
            return Config::load(self.config.as_deref());
        };
        let mut text = format!(
            "[[consumer]]\nname = \"consumer\"\nurl = {}\nformat = \"{}\"\n",
            json::quote(url),
            format.format(),
        );
        if let Some(address) = self.listen {
            text.push_str(&format!("[listen]\nwebhooks = \"{address}\"\n"));
        }
        Config::parse(&text, process_environment())
    }
}
