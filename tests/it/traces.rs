//! Traces, as a collector, a consumer and the operator see them.

mod context;
mod journey;
mod outage;
mod silence;

use crate::support::collector::{Collector, attribute};
use crate::support::http::Request;
use crate::support::proxy::{Home, Proxy};
use data_encoding::HEXLOWER;
use opentelemetry_proto::tonic::trace::v1::Span;

/// A sampled span of the platform's.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn parent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

/// A webhook with a trace of its own.
fn traced(body: &str, parent: &str) -> Request {
    Request::post("/webhooks", body).header("traceparent", parent)
}

/// A proxy that exports soon, to this collector.
fn proxy(config: &str, collector: &Collector, environment: &[(&str, &str)]) -> Home {
    let home = Home::new(&format!("{config}\n{}", collector.section()));
    home.set("OTEL_BSP_SCHEDULE_DELAY", "20");
    environment.iter().for_each(|(name, value)| home.set(name, value));
    home
}

/// The same with and without a journal.
fn either_way(config: &str, collector: &Collector) -> [Proxy; 2] {
    let direct = proxy(config, collector, &[]);
    direct.without_journal();
    [proxy(config, collector, &[]).start(), direct.start()]
}

fn hex(id: &[u8]) -> String {
    HEXLOWER.encode(id)
}

/// The spans of one name, in the order in which they began.
fn named(spans: &[Span], name: &str) -> Vec<Span> {
    let mut found: Vec<Span> = spans.iter().filter(|span| span.name == name).cloned().collect();
    found.sort_by_key(|span| span.start_time_unix_nano);
    found
}

fn is_error(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == 2)
}

/// Attributes of a span, in this order.
fn said<const N: usize>(span: &Span, keys: [&str; N]) -> [String; N] {
    keys.map(|key| attribute(span, key).unwrap_or_else(|| panic!("no {key} in {span:?}")))
}
