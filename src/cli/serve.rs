//! `cutover serve`: the proxy.

use super::{Exit, FormatArg};
use crate::app::{self, App};
use crate::capture::Capture;
use crate::config::{Config, Problems, capture_key, process_environment};
use crate::redact::Redactor;
use crate::secret::random_key;
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
    /// Write down every webhook that is taken, for `replay` and `translate`: personal data, mode 0600
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
    /// Write pseudonyms for phones, names, texts and ids; CUTOVER_CAPTURE_KEY makes captures agree
    #[arg(long, requires = "capture")]
    redact: bool,
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
        let capture = self.open_capture()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start tokio")?;
        let reread = Box::new(move || self.configuration());
        runtime.block_on(async {
            let orders = app::orders();
            let app = App::bind(config, reread, capture).await?;
            let (webhooks, admin) = app.addresses()?;
            tracing::info!(%webhooks, %admin, version = env!("CARGO_PKG_VERSION"), "serving");
            app.run(orders).await;
            Ok(Exit::Done)
        })
    }

    fn open_capture(&self) -> anyhow::Result<Option<Capture>> {
        let Some(path) = &self.capture else { return Ok(None) };
        let redactor = if self.redact { Some(redactor()?) } else { None };
        let capture = Capture::open(path, redactor);
        let capture = capture.with_context(|| format!("--capture: cannot write {}", path.display()))?;
        match self.redact {
            true => tracing::info!(file = %path.display(), "capturing, redacted"),
            false => tracing::warn!(file = %path.display(), "capturing: the file holds phone numbers, names and texts"),
        }
        Ok(Some(capture))
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

/// By the key of the environment, or one that nobody knows.
fn redactor() -> anyhow::Result<Redactor> {
    let given = capture_key(process_environment()).map_err(|problems| super::refused(&problems))?;
    match given {
        Some(key) => Ok(Redactor::new(key.expose())),
        None => Ok(Redactor::new(&random_key().context("the system gives no random bytes")?)),
    }
}
