//! What sees every webhook on its way in: counts it, and tells the watch what it is about.

use super::{Answer, Sighting, Watch};
use crate::fate::Reason;
use crate::format::Format;
use crate::format::novelty::Novelty;
use crate::status;
use crate::telemetry::{IngressMeter, Outcome, SOURCES, source_labels, source_place};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// The witness of the way in.
#[derive(Debug)]
pub struct Witness {
    meter: IngressMeter,
    watch: Arc<Watch>,
    /// How many webhooks were compared.
    compared: AtomicI64,
}

/// The platforms' requests since the start, by source and outcome.
#[derive(Debug, Default)]
pub(super) struct Requests([[AtomicU64; Outcome::ALL.len()]; SOURCES.len() + 1]);

impl Witness {
    /// Tells this watch.
    #[must_use]
    pub fn new(watch: Arc<Watch>) -> Self {
        Self { meter: IngressMeter::new(), watch, compared: AtomicI64::new(0) }
    }

    /// A request was answered.
    pub fn answered(&self, source: Option<Format>, outcome: Outcome, took: Duration) {
        self.meter.answered(source, outcome, took);
        self.watch.requests.count(source, outcome);
    }

    /// A piece was accepted and is new.
    pub fn accepted(&self, sighting: &Sighting<'_>, at_ms: u64) {
        self.meter.events(sighting.source, sighting.kind, sighting.events);
        self.watch.arrived(sighting, at_ms);
    }

    /// Several consumers have answered one webhook at the same time.
    pub fn compare(&self, sightings: &[Sighting<'_>], answers: &[(&str, Answer)], now_ms: u64) {
        for track in sightings.iter().filter_map(|sighting| self.watch.track(sighting)) {
            let webhook = self.compared.fetch_add(1, Ordering::Relaxed);
            for (consumer, answer) in answers {
                track.answered(webhook, now_ms, consumer, *answer);
            }
        }
    }

    /// So many events of a webhook were known already.
    pub fn duplicates(&self, source: Format, count: u64) {
        self.meter.duplicates(source, count);
    }

    /// It was accepted for a number that nobody knows.
    pub fn unrouted(&self) {
        self.meter.unrouted();
        tracing::warn!(reason = Reason::UnknownNumber.label(), "dead letter");
    }

    /// Something came in an accepted webhook that nobody has seen before.
    pub fn unfamiliar(&self, source: Format, novelties: &[Novelty], now_ms: u64) {
        for novelty in novelties {
            self.meter.unknown(source, novelty.what);
        }
        self.watch.unfamiliar(source, novelties, now_ms);
    }
}

impl Requests {
    fn count(&self, source: Option<Format>, outcome: Outcome) {
        let place = source.and_then(source_place).unwrap_or(SOURCES.len());
        if let Some(count) = self.0.get(place).and_then(|outcomes| outcomes.get(outcome as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Those that there were, in the words of the status.
    pub(super) fn shown(&self) -> Vec<status::Webhooks> {
        let of_source = |(source, counts): (&'static str, &[AtomicU64; Outcome::ALL.len()])| {
            let of_outcome = |(outcome, count): (&Outcome, &AtomicU64)| status::Webhooks {
                source: source.to_owned(),
                outcome: outcome.label().to_owned(),
                count: count.load(Ordering::Relaxed),
            };
            Outcome::ALL.iter().zip(counts).map(of_outcome).filter(|some| some.count > 0).collect::<Vec<_>>()
        };
        source_labels().zip(&self.0).flat_map(of_source).collect()
    }
}
