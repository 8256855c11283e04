//! Logs, and the name of every metric and label value. Nothing personal goes here: no bodies, names,
//! phone numbers or message ids (they hold the phone number).

mod meters;
mod outcome;

pub use meters::{ConsumerMeter, IngressMeter};
pub use outcome::{Delivery, Outcome};

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// `[telemetry]`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The filter of the log, as `RUST_LOG` has it.
    pub log: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Webhooks by source and outcome.
pub const WEBHOOKS: &str = "cutover_webhooks_total";
/// Events by source and kind.
pub const EVENTS: &str = "cutover_events_total";
/// Deliveries by consumer and outcome.
pub const DELIVERIES: &str = "cutover_deliveries_total";
/// Seconds one attempt took, by consumer.
pub const DELIVERY_DURATION: &str = "cutover_delivery_duration_seconds";
/// Seconds from the request to our answer, by source.
pub const ACCEPT_DURATION: &str = "cutover_accept_duration_seconds";
/// Things a target could not say, by source, target and code.
pub const LOSSES: &str = "cutover_losses_total";
/// Which version runs.
pub const BUILD_INFO: &str = "cutover_build_info";

const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Starts the log: to standard error, so that standard output stays the command's own.
pub fn start_log(settings: &Settings) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(&settings.log));
    let json = match settings.format {
        LogFormat::Json => true,
        LogFormat::Pretty => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start (a test) keeps the first log.
    let started = if json { builder.json().flatten_event(true).try_init() } else { builder.try_init() };
    if let Err(error) = started {
        tracing::debug!(%error, "the log was started before");
    }
}

/// Starts the metrics; the handle prints them.
///
/// # Errors
/// When another recorder is installed already.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?;
    let handle = builder.install_recorder()?;
    describe_counter!(WEBHOOKS, "Requests of the platforms by source and outcome");
    describe_counter!(EVENTS, "Events in accepted webhooks by source and kind");
    describe_counter!(DELIVERIES, "Deliveries by consumer and outcome");
    describe_histogram!(DELIVERY_DURATION, Unit::Seconds, "One attempt at a consumer");
    describe_histogram!(ACCEPT_DURATION, Unit::Seconds, "From the platform's request to our answer");
    describe_counter!(LOSSES, "Things a target format could not say, by code");
    describe_gauge!(BUILD_INFO, "Always 1; the label says which version runs");
    metrics::gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}
