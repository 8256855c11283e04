//! Counters that are looked up once: the hot path only adds to them. Every label value of a closed
//! list is there from the start, at zero, so that an alert sees the first of its kind. They count only
//! when they are made after [`start_metrics`](super::start_metrics).

use super::{
    ACCEPT_DURATION, CONSUMER_UP, DEAD_LETTERED, DEAD_LETTERS, DELIVERIES, DELIVERY_DURATION, DELIVERY_LAG, DROPPED,
    DUPLICATES, Delivery, EVENTS, LOSSES, NOBODY, Outcome, PARTITIONS, PARTITIONS_HELD, QUEUE_DEPTH, QUEUE_OLDEST,
    READY, RELOADS, SOURCES, UNKNOWN, WEBHOOKS, source_labels, source_place,
};
use crate::event::Kind;
use crate::fate::{Reason, Rule};
use crate::format::Format;
use crate::format::novelty::What;
use crate::translate::LossCode;
use metrics::{Counter, Histogram, counter, gauge, histogram};
use std::time::Duration;

/// What is counted of the platforms' requests.
#[derive(Debug)]
pub struct IngressMeter {
    /// By source, then outcome.
    webhooks: Vec<Vec<Counter>>,
    accept: Vec<Histogram>,
    /// By source, then kind.
    events: Vec<Vec<Counter>>,
    duplicates: Vec<Counter>,
    /// By source, then what.
    unknown: Vec<Vec<Counter>>,
    /// Dead letters of unknown numbers, which no consumer's counter sees.
    unrouted: Counter,
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
        let by_what = |source: &Format| {
            let counter = |what: &What| counter!(UNKNOWN, "source" => source.label(), "what" => what.label());
            What::ALL.iter().map(counter).collect()
        };
        Self {
            webhooks: source_labels().map(by_outcome).collect(),
            accept: source_labels().map(|source| histogram!(ACCEPT_DURATION, "source" => source)).collect(),
            events: SOURCES.iter().map(by_kind).collect(),
            duplicates: SOURCES.iter().map(|source| counter!(DUPLICATES, "source" => source.label())).collect(),
            unknown: SOURCES.iter().map(by_what).collect(),
            unrouted: counter!(DEAD_LETTERED, "consumer" => NOBODY, "reason" => Reason::UnknownNumber.label()),
        }
    }

    /// A request was answered.
    pub fn answered(&self, source: Option<Format>, outcome: Outcome, took: Duration) {
        let source = source.and_then(source_place).unwrap_or(SOURCES.len());
        if let Some(counter) = self.webhooks.get(source).and_then(|outcomes| outcomes.get(outcome as usize)) {
            counter.increment(1);
        }
        if let Some(histogram) = self.accept.get(source) {
            histogram.record(took.as_secs_f64());
        }
    }

    /// An accepted webhook holds so many events of a kind.
    pub fn events(&self, source: Format, kind: Kind, count: u64) {
        let counters = source_place(source).and_then(|place| self.events.get(place));
        if let Some(counter) = counters.and_then(|kinds| kinds.get(kind as usize)) {
            counter.increment(count);
        }
    }
}

impl IngressMeter {
    /// So many events of a webhook were known already.
    pub fn duplicates(&self, source: Format, count: u64) {
        if let Some(counter) = source_place(source).and_then(|place| self.duplicates.get(place)) {
            counter.increment(count);
        }
    }

    /// Something came that nobody has seen before.
    pub fn unknown(&self, source: Format, what: What) {
        let counters = source_place(source).and_then(|place| self.unknown.get(place));
        if let Some(counter) = counters.and_then(|whats| whats.get(what as usize)) {
            counter.increment(1);
        }
    }

    /// Something was accepted for a number that nobody knows.
    pub fn unrouted(&self) {
        self.unrouted.increment(1);
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
    lag: Histogram,
    dead_lettered: Vec<Counter>,
    dropped: Vec<Counter>,
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
            lag: histogram!(DELIVERY_LAG, "consumer" => name.to_owned()),
            dead_lettered: Reason::ALL
                .iter()
                .map(|reason| counter!(DEAD_LETTERED, "consumer" => name.to_owned(), "reason" => reason.label()))
                .collect(),
            dropped: Rule::ALL
                .iter()
                .map(|rule| counter!(DROPPED, "consumer" => name.to_owned(), "rule" => rule.label()))
                .collect(),
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

    /// Something was taken so many milliseconds after it happened.
    pub fn lagged(&self, millis: u64) {
        self.lag.record(Duration::from_millis(millis).as_secs_f64());
    }

    /// Something became a dead letter.
    pub fn dead_lettered(&self, reason: Reason) {
        self.ended(Delivery::DeadLettered, 1);
        if let Some(counter) = self.dead_lettered.get(reason as usize) {
            counter.increment(1);
        }
    }

    /// A rule left so many events out.
    pub fn dropped(&self, rule: Rule, count: u64) {
        self.ended(Delivery::Dropped, count);
        if let Some(counter) = self.dropped.get(rule as usize) {
            counter.increment(count);
        }
    }

    /// The consumer's format could not say something.
    pub fn lost(&self, source: Format, losses: &[(LossCode, String)]) {
        let Some(counters) = source_place(source).and_then(|place| self.losses.get(place)) else { return };
        for (code, _) in losses {
            if let Some(counter) = counters.get(*code as usize) {
                counter.increment(1);
            }
        }
    }
}

/// How many records of a consumer are in each state: ready, in flight, parked, dead; and for how long
/// the oldest of those that are owed has been owed.
pub fn show_depth(consumer: &str, depth: [u64; 4], oldest: Duration) {
    for (state, count) in ["ready", "in_flight", "parked", "dead"].into_iter().zip(depth) {
        gauge!(QUEUE_DEPTH, "consumer" => consumer.to_owned(), "state" => state).set(count as f64);
    }
    gauge!(QUEUE_OLDEST, "consumer" => consumer.to_owned()).set(oldest.as_secs_f64());
    gauge!(DEAD_LETTERS, "consumer" => consumer.to_owned()).set(depth.last().copied().unwrap_or_default() as f64);
}

/// How many partitions of a shared journal this process holds, of all there are.
pub fn show_partitions(held: usize, all: usize) {
    gauge!(PARTITIONS_HELD).set(held as f64);
    gauge!(PARTITIONS).set(all as f64);
}

/// Whether webhooks are taken.
pub fn show_ready(ready: bool) {
    gauge!(READY).set(f64::from(ready));
}

/// Whether a consumer is up.
pub fn show_up(consumer: &str, up: bool) {
    gauge!(CONSUMER_UP, "consumer" => consumer.to_owned()).set(f64::from(up));
}

/// Something became a dead letter without an attempt at its consumer.
pub fn set_aside(consumer: &str, reason: Reason, count: u64) {
    counter!(DEAD_LETTERED, "consumer" => consumer.to_owned(), "reason" => reason.label()).increment(count);
}

/// A reload was done, or refused. Called once at the start with `None`, so that both are there.
pub fn reloaded(done: Option<bool>) {
    for (outcome, now) in [("applied", true), ("refused", false)] {
        counter!(RELOADS, "outcome" => outcome).increment(u64::from(done == Some(now)));
    }
}
