//! Logs, traces, and the name of every metric and label value. Nothing personal goes here: no bodies, names,
//! phone numbers or message ids (they hold the phone number).

mod meters;
mod numbers;
mod outcome;
mod source;
mod traces;

pub use meters::{ConsumerMeter, IngressMeter, reloaded, set_aside, show_depth, show_partitions, show_ready, show_up};
pub use numbers::NumberMeter;
pub use outcome::{Agreement, Delivery, Outcome};
pub use source::{SOURCES, source_label, source_labels, source_place};
pub use traces::{Attempt, Span, Tracer};

use crate::clock;
use hyper::Uri;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// `[telemetry]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The filter of the log, as `RUST_LOG` has it.
    pub log: String,
    /// How lines look.
    pub format: LogFormat,
    /// The collector of traces; without it there are none.
    pub otlp_endpoint: Option<Uri>,
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

/// What letters are filed under that are nobody's: those of unknown numbers.
pub const NOBODY: &str = "unrouted";

/// What is counted under for a consumer that is not configured any more.
pub const GONE: &str = "gone";

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
/// Events that came again, by source.
pub const DUPLICATES: &str = "cutover_duplicates_total";
/// Dead letters as they come about, by consumer and reason.
pub const DEAD_LETTERED: &str = "cutover_dead_lettered_total";
/// Events that a rule left out, by consumer and rule.
pub const DROPPED: &str = "cutover_dropped_total";
/// Seconds from the platform's timestamp to the consumer's 2xx, by consumer.
pub const DELIVERY_LAG: &str = "cutover_delivery_lag_seconds";
/// Records owed and dead, by consumer and state.
pub const QUEUE_DEPTH: &str = "cutover_queue_depth";
/// For how long the oldest record that is owed has been owed, by consumer.
pub const QUEUE_OLDEST: &str = "cutover_queue_oldest_age_seconds";
/// Dead letters there are, by consumer.
pub const DEAD_LETTERS: &str = "cutover_dead_letters";
/// Reloads by outcome.
pub const RELOADS: &str = "cutover_config_reloads_total";
/// Things a target could not say, by source, target and code.
pub const LOSSES: &str = "cutover_losses_total";
/// Things that nobody has seen before, by source and what they are.
pub const UNKNOWN: &str = "cutover_unknown_total";
/// Switches from one platform to the other, by number and the platform since.
pub const SWITCHES: &str = "cutover_switches_total";
/// When the last message or status of a number arrived, by number and source.
pub const LAST_EVENT: &str = "cutover_last_event_timestamp_seconds";
/// Since when a number speaks a platform, by number and source.
pub const SPEAKS_SINCE: &str = "cutover_speaks_since_timestamp_seconds";
/// For how long nothing came when a number last switched, by number.
pub const SWITCH_GAP: &str = "cutover_switch_gap_seconds";
/// How the consumers of a number agree, by number and outcome.
pub const PARITY: &str = "cutover_parity_total";
/// Whether a consumer is up, by consumer.
pub const CONSUMER_UP: &str = "cutover_consumer_up";
/// How many partitions of a shared journal this process holds.
pub const PARTITIONS_HELD: &str = "cutover_partitions_held";
/// Into how many partitions a shared journal is spread.
pub const PARTITIONS: &str = "cutover_partitions";
/// Whether webhooks are taken.
pub const READY: &str = "cutover_ready";
/// When the process began, by the name that Prometheus' own libraries use.
pub const STARTED: &str = "process_start_time_seconds";
/// Which version runs.
pub const BUILD_INFO: &str = "cutover_build_info";

const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A consumer that is down for a night is seen in these.
const LAG_SECONDS: [f64; 14] =
    [0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0, 86_400.0, 604_800.0];

/// Starts the log: to standard error, so that standard output stays the command's own.
pub fn start_log(settings: &Settings) {
    // What the client of NATS says the journal says, too, in words of the configuration.
    let filter = || EnvFilter::new(format!("async_nats=off,{}", settings.log));
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| filter());
    let json = match settings.format {
        LogFormat::Json => true,
        LogFormat::Pretty => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
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
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Full(DELIVERY_LAG.to_owned()), &LAG_SECONDS)?;
    let handle = builder.install_recorder()?;
    describe_counter!(WEBHOOKS, "Requests of the platforms by source and outcome");
    describe_counter!(EVENTS, "Events in accepted webhooks by source and kind");
    describe_counter!(DELIVERIES, "Deliveries by consumer and outcome");
    describe_histogram!(DELIVERY_DURATION, Unit::Seconds, "One attempt at a consumer");
    describe_histogram!(ACCEPT_DURATION, Unit::Seconds, "From the platform's request to our answer");
    describe_counter!(DUPLICATES, "Events that were known already, by source");
    describe_counter!(DEAD_LETTERED, "Dead letters as they come about, by consumer and reason");
    describe_counter!(DROPPED, "Events that a rule left out, by consumer and rule");
    describe_histogram!(DELIVERY_LAG, Unit::Seconds, "From the platform's timestamp to the consumer's 2xx");
    describe_gauge!(PARTITIONS_HELD, "Partitions of a shared journal that this process holds");
    describe_gauge!(PARTITIONS, "Partitions of a shared journal");
    describe_gauge!(QUEUE_DEPTH, "Records owed and dead, by consumer and state");
    describe_gauge!(QUEUE_OLDEST, Unit::Seconds, "For how long the oldest record that is owed has been owed");
    describe_gauge!(DEAD_LETTERS, "Dead letters there are");
    describe_counter!(RELOADS, "Reloads of the configuration by outcome");
    describe_counter!(LOSSES, "Things a target format could not say, by code");
    describe_counter!(
        UNKNOWN,
        "Things that nobody has seen before, by source and what they are; they are carried along"
    );
    describe_gauge!(SPEAKS_SINCE, Unit::Seconds, "Since when a number speaks a platform, in seconds since 1970; or 0");
    describe_gauge!(SWITCH_GAP, Unit::Seconds, "For how long nothing came when a number last switched; or 0");
    describe_counter!(SWITCHES, "Switches of a number from one platform to the other");
    describe_gauge!(
        LAST_EVENT,
        Unit::Seconds,
        "When the last message or status of a number arrived, since 1970; 0 before the first"
    );
    describe_counter!(PARITY, "Records of a number with several consumers, by how these agree");
    describe_gauge!(CONSUMER_UP, "1, or 0 while a consumer takes nothing and is asked by one probe at a time");
    describe_gauge!(READY, "1, or 0 while webhooks are not taken, as /readyz says");
    describe_gauge!(STARTED, Unit::Seconds, "When the process began, since 1970");
    describe_gauge!(BUILD_INFO, "Always 1; the label says which version runs");
    metrics::gauge!(STARTED).set(Duration::from_millis(clock::steady_ms()).as_secs_f64());
    metrics::gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}
