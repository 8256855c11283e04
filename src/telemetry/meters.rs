//! Counters that are looked up once: the hot path only adds to them. Every label value of a closed
//! list is there from the start, at zero, so that an alert sees the first of its kind. They count only
//! when they are made after [`start_metrics`](super::start_metrics).

use super::{ACCEPT_DURATION, DELIVERIES, DELIVERY_DURATION, Delivery, EVENTS, LOSSES, Outcome, WEBHOOKS};
use crate::event::Kind;
use crate::format::Format;
use crate::translate::LossCode;
use metrics::{Counter, Histogram, counter, histogram};
use std::time::Duration;

/// The formats a platform sends.
const SOURCES: [Format; 2] = [Format::Cloud, Format::OnPremises];
/// What a request is called whose format nobody has told yet.
const UNKNOWN: &str = "unknown";

fn source_index(source: Option<Format>) -> usize {
    SOURCES.iter().position(|known| Some(*known) == source).unwrap_or(SOURCES.len())
}

fn source_labels() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().map(|source| source.label()).chain([UNKNOWN])
}

/// What is counted of the platforms' requests.
#[derive(Debug)]
pub struct IngressMeter {
    /// By source, then outcome.
    webhooks: Vec<Vec<Counter>>,
    accept: Vec<Histogram>,
    /// By source, then kind.
    events: Vec<Vec<Counter>>,
}

impl IngressMeter {
    /// Registers everything.
    #[must_use]
    pub fn new() -> Self {
        let by_outcome = |source: &'static str| {
            let counter = |outcome: &Outcome| counter!(WEBHOOKS, "source" => source, "outcome" => outcome.label());
            Outcome::ALL.iter().map(counter).collect()
        };
        let by_kind = |source: &Format| {
            let counter = |kind: &Kind| counter!(EVENTS, "source" => source.label(), "kind" => kind.label());
            Kind::ALL.iter().map(counter).collect()
        };
        Self {
            webhooks: source_labels().map(by_outcome).collect(),
            accept: source_labels().map(|source| histogram!(ACCEPT_DURATION, "source" => source)).collect(),
            events: SOURCES.iter().map(by_kind).collect(),
        }
    }

    /// A request was answered.
    pub fn answered(&self, source: Option<Format>, outcome: Outcome, took: Duration) {
        let source = source_index(source);
        if let Some(counter) = self.webhooks.get(source).and_then(|outcomes| outcomes.get(outcome as usize)) {
            counter.increment(1);
        }
        if let Some(histogram) = self.accept.get(source) {
            histogram.record(took.as_secs_f64());
        }
    }

    /// An accepted webhook holds so many events of a kind.
    pub fn events(&self, source: Format, kind: Kind, count: u64) {
        let counters = self.events.get(source_index(Some(source)));
        if let Some(counter) = counters.and_then(|kinds| kinds.get(kind as usize)) {
            counter.increment(count);
        }
    }
}

impl Default for IngressMeter {
    fn default() -> Self {
        Self::new()
    }
}

/// What is counted of one consumer.
#[derive(Debug)]
pub struct ConsumerMeter {
    deliveries: Vec<Counter>,
    duration: Histogram,
    /// By source, then code.
    losses: Vec<Vec<Counter>>,
}

impl ConsumerMeter {
    /// Registers everything of a consumer of this name and format.
    #[must_use]
    pub fn new(name: &str, format: Format) -> Self {
        let deliveries = Delivery::ALL
            .iter()
            .map(|outcome| counter!(DELIVERIES, "consumer" => name.to_owned(), "outcome" => outcome.label()));
        let by_code = |source: &Format| {
            let counter = |code: &LossCode| counter!(LOSSES, "from" => source.label(), "to" => format.label(), "code" => code.label());
            LossCode::ALL.iter().map(counter).collect()
        };
        Self {
            deliveries: deliveries.collect(),
            duration: histogram!(DELIVERY_DURATION, "consumer" => name.to_owned()),
            losses: SOURCES.iter().map(by_code).collect(),
        }
    }

    /// So many deliveries ended like this.
    pub fn ended(&self, outcome: Delivery, count: u64) {
        if let Some(counter) = self.deliveries.get(outcome as usize) {
            counter.increment(count);
        }
    }

    /// An attempt took so long.
    pub fn took(&self, duration: Duration) {
        self.duration.record(duration.as_secs_f64());
    }

    /// The consumer's format could not say something.
    pub fn lost(&self, source: Format, codes: &[LossCode]) {
        let Some(counters) = self.losses.get(source_index(Some(source))) else { return };
        for code in codes {
            if let Some(counter) = counters.get(*code as usize) {
                counter.increment(1);
            }
        }
    }
}
