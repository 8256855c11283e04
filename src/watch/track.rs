//! One number while the proxy runs: its cutover record, its minutes, and how its consumers agree.

use super::cutover::{Cutover, Seen, Switch};
use super::minutes::Minutes;
use super::parity::{Answer, Parity};
use super::platform::Platform;
use super::sighting::{Sighting, Told};
use crate::lock::lock;
use crate::status;
use crate::telemetry::NumberMeter;
use serde::{Deserialize, Serialize};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// One number has a phone and an id, and may have got another id.
const NAMES: usize = 8;

/// One number.
#[derive(Debug)]
pub struct Track {
    name: String,
    meter: NumberMeter,
    record: Mutex<Record>,
    parity: Mutex<Option<Parity>>,
    has_changed: AtomicBool,
    /// The round in which it was last handed out to be kept.
    handed_out: AtomicU64,
    /// What the number that came first under this name is called, if no number is configured.
    first: Mutex<Vec<u64>>,
    hasher: RandomState,
    telling: Mutex<Telling>,
}

/// A number that speaks both platforms in turns would fill the log: so many switches are told in a minute, the
/// rest is only counted.
#[derive(Debug, Default)]
struct Telling {
    minute: u64,
    told: u32,
}

impl Telling {
    const MOST: u32 = 8;

    /// Whether a switch at this time is told.
    fn may(&mut self, at_ms: u64) -> bool {
        let minute = at_ms / 60_000;
        if minute != self.minute {
            *self = Self { minute, told: 0 };
        }
        self.told += 1;
        self.told <= Self::MOST
    }
}

/// What is kept of a number across restarts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    cutover: Cutover,
    minutes: Minutes,
    mixed: bool,
}

/// What of a record is not told event by event.
fn measure(meter: &NumberMeter, record: &Record) {
    let Record { cutover, mixed, .. } = record;
    meter.speaks(cutover.spoken(*mixed).map(|(platform, since_ms)| (platform.format(), since_ms)));
    meter.switch_gap(cutover.last_gap_ms(*mixed).map_or(0.0, super::cutover::seconds));
}

impl Track {
    /// A number of this name, with what was kept of it.
    pub(super) fn new(name: &str, record: Record) -> Self {
        let meter = NumberMeter::new(name);
        for platform in [Platform::Cloud, Platform::OnPremises] {
            meter.last_event(platform.format(), record.cutover.last_of(platform).unwrap_or_default());
        }
        measure(&meter, &record);
        Self {
            name: name.to_owned(),
            meter,
            record: Mutex::new(record),
            parity: Mutex::new(None),
            has_changed: AtomicBool::new(false),
            handed_out: AtomicU64::new(0),
            first: Mutex::default(),
            hasher: RandomState::new(),
            telling: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it has several consumers.
    pub(super) fn has_several(&self) -> bool {
        lock(&self.parity).is_some()
    }

    /// From now on these consumers receive what comes for it.
    pub(super) fn deliver_to(&self, consumers: Vec<String>, now_ms: u64) {
        let mut parity = lock(&self.parity);
        let same = parity.as_ref().is_some_and(|parity| parity.consumers() == consumers);
        if !same {
            *parity = (consumers.len() > 1).then(|| Parity::new(consumers, now_ms));
        }
    }

    /// Messages or statuses arrived.
    pub(super) fn arrived(&self, sighting: &Sighting<'_>, at_ms: u64) {
        let Some(platform) = Platform::of(sighting.source).filter(|_| !sighting.told.is_empty()) else { return };
        let mut record = lock(&self.record);
        let before = record.cutover.spoken(record.mixed);
        // Several numbers come in under one name where none is configured: this tells them apart.
        record.mixed = record.mixed || self.is_another(&sighting.called);
        let mixed = record.mixed;
        let mut switches = Vec::new();
        for Told { id, word, happened_ms } in &sighting.told {
            let seen = Seen { platform, at_ms, happened_ms: *happened_ms, id, word };
            switches.extend(record.cutover.see(seen, mixed));
        }
        record.minutes.add(at_ms, platform as usize, u32::try_from(sighting.told.len()).unwrap_or(u32::MAX));
        if record.cutover.spoken(mixed) != before {
            measure(&self.meter, &record);
        }
        drop(record);
        self.has_changed();
        self.meter.last_event(platform.format(), at_ms);
        switches.iter().for_each(|switch| self.tell(switch));
    }

    /// Whether these are the names of another number than the first. One platform calls a number by its
    /// phone, the other by an id beside it: what shares a name is one.
    fn is_another(&self, called: &[String]) -> bool {
        let mut first = lock(&self.first);
        let mut new: Vec<u64> = called.iter().map(|name| self.hasher.hash_one(name)).collect();
        let known = new.len();
        new.retain(|name| !first.contains(name));
        if !first.is_empty() && known > 0 && new.len() == known {
            return true;
        }
        new.truncate(NAMES.saturating_sub(first.len()));
        first.append(&mut new);
        false
    }

    fn tell(&self, switch: &Switch) {
        self.meter.switched(switch.to.format());
        if !lock(&self.telling).may(switch.at_ms) {
            return;
        }
        let gap_seconds = super::cutover::seconds(switch.gap_ms());
        let (from, to) = (switch.to.other().label(), switch.to.label());
        tracing::info!(number = %self.name, from, to, gap_seconds, "the number has switched");
    }

    /// A consumer has answered a record of this number, which is called by what all of its consumers call it.
    pub fn answered(&self, record: i64, received_ms: u64, consumer: &str, answer: Answer) {
        if let Some(parity) = lock(&self.parity).as_mut()
            && let Some(agreement) = parity.answered(record, received_ms, consumer, answer)
        {
            self.meter.agreed(agreement);
        }
    }

    /// From now on there is something to be kept.
    pub(super) fn has_changed(&self) {
        self.has_changed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_to_be_kept(&self) -> bool {
        self.has_changed.load(Ordering::Relaxed)
    }

    /// The round in which it was last handed out to be kept; 0 before the first.
    pub(super) fn handed_out(&self) -> u64 {
        self.handed_out.load(Ordering::Relaxed)
    }

    pub(super) fn hand_out(&self, round: u64) {
        self.handed_out.store(round, Ordering::Relaxed);
    }

    /// What is to be kept, if something has changed since it was asked the last time.
    pub(super) fn changed(&self) -> Option<Record> {
        self.has_changed.swap(false, Ordering::Relaxed).then(|| lock(&self.record).clone())
    }

    /// It in the words of the status.
    pub(super) fn shown(&self, now_ms: u64) -> status::Number {
        let parity = lock(&self.parity).as_ref().map(|parity| parity.shown(now_ms));
        lock(&self.record).shown(&self.name, parity, now_ms)
    }
}

impl Record {
    /// As it is by the clock of now: a machine's clock may have been set back since it was kept.
    pub(super) fn not_after(mut self, now_ms: u64) -> Self {
        self.cutover.not_after(now_ms);
        self.minutes.not_after(now_ms);
        self
    }

    /// What was kept of a number, in the words of the status.
    pub(super) fn shown(&self, name: &str, parity: Option<status::Parity>, now_ms: u64) -> status::Number {
        status::Number {
            name: name.to_owned(),
            minutes: self.minutes.shown(now_ms),
            parity,
            ..self.cutover.shown(now_ms, self.mixed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_number_that_speaks_both_in_turns_some_switches_are_told_in_each_minute() {
        let mut telling = Telling::default();
        let told =
            |telling: &mut Telling, minute: u64| (0..100).filter(|at_ms| telling.may(minute * 60_000 + at_ms)).count();
        assert_eq!((told(&mut telling, 7), told(&mut telling, 7), told(&mut telling, 8)), (8, 0, 8));
    }
}
