//! What is counted of one number. A number is called by its configured name.

use super::{Agreement, LAST_EVENT, PARITY, SOURCES, SPEAKS_SINCE, SWITCH_GAP, SWITCHES, source_place};
use crate::format::Format;
use metrics::{Counter, Gauge, counter, gauge};
use std::time::Duration;

/// The counters of one number.
#[derive(Debug)]
pub struct NumberMeter {
    /// By source.
    last_event: Vec<Gauge>,
    /// By source.
    speaks_since: Vec<Gauge>,
    switch_gap: Gauge,
    switches: Vec<Counter>,
    parity: Vec<Counter>,
}

impl NumberMeter {
    /// Registers everything of a number of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let last_event = |source: &Format| gauge!(LAST_EVENT, "number" => name.to_owned(), "source" => source.label());
        let speaks_since =
            |source: &Format| gauge!(SPEAKS_SINCE, "number" => name.to_owned(), "source" => source.label());
        let switches = |to: &Format| counter!(SWITCHES, "number" => name.to_owned(), "to" => to.label());
        let parity =
            |agreement: &Agreement| counter!(PARITY, "number" => name.to_owned(), "outcome" => agreement.label());
        Self {
            last_event: SOURCES.iter().map(last_event).collect(),
            speaks_since: SOURCES.iter().map(speaks_since).collect(),
            switch_gap: gauge!(SWITCH_GAP, "number" => name.to_owned()),
            switches: SOURCES.iter().map(switches).collect(),
            parity: Agreement::ALL.iter().map(parity).collect(),
        }
    }

    /// The last message or status of a source arrived then; 0 where none did.
    pub fn last_event(&self, source: Format, at_ms: u64) {
        if let Some(gauge) = source_place(source).and_then(|place| self.last_event.get(place)) {
            gauge.set(Duration::from_millis(at_ms).as_secs_f64());
        }
    }

    /// It speaks the platform that sends this since then; `None` where that cannot be said.
    pub fn speaks(&self, spoken: Option<(Format, u64)>) {
        for (source, gauge) in SOURCES.iter().zip(&self.speaks_since) {
            let since_ms = spoken.filter(|(spoken, _)| spoken == source).map_or(0, |(_, since_ms)| since_ms);
            gauge.set(Duration::from_millis(since_ms).as_secs_f64());
        }
    }

    /// For how long nothing came at its last switch; 0 where there was none.
    pub fn switch_gap(&self, seconds: f64) {
        self.switch_gap.set(seconds);
    }

    /// It has switched to the platform that sends this.
    pub fn switched(&self, to: Format) {
        if let Some(counter) = source_place(to).and_then(|place| self.switches.get(place)) {
            counter.increment(1);
        }
    }

    /// It is known how its consumers agree on one more record.
    pub fn agreed(&self, agreement: Agreement) {
        if let Some(counter) = self.parity.get(agreement as usize) {
            counter.increment(1);
        }
    }
}
