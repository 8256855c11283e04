//! What this process holds: partitions, and what is owed in them.
//!
//! Changed under one lock and never across an await; what is written on the broker is not its business.

use super::lanes::{Counts, Lanes};
use super::told::Told;
use crate::journal::hold::is_over;
use crate::journal::{ConsumerId, Hold, Record};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Bodies that came with the news of a record are kept up to this; others are read when it is their turn.
const CACHE_BYTES: usize = 32 << 20;

/// Everything that is held.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    pub(super) partitions: BTreeMap<u16, Held>,
    pub(super) lanes: HashMap<ConsumerId, Lanes>,
    pub(super) cache: Cache,
    /// The last record that the broker has acknowledged to us, of each partition.
    pub(super) acknowledged: HashMap<u16, u64>,
    /// The last record that was seen of what is known to be one stream.
    pub(super) last: Option<Sight>,
    /// The last that was seen since, over a connection over which the stream was not looked at.
    unproved: Option<Sight>,
    /// What other members say that they hold.
    pub(super) others: HashMap<String, HashMap<i64, Counts>>,
}

/// A record as it stands in the stream: its place, and when the broker took it.
pub(super) type Sight = (u64, SystemTime);

/// A partition.
#[derive(Debug)]
pub(super) struct Held {
    /// The place of the claim.
    pub(super) claim: u64,
    /// Which stream its places are of.
    pub(super) stream: u64,
    /// Until when the claim holds without another word of the broker; says that it is lost.
    until: watch::Sender<Option<tokio::time::Instant>>,
    /// Since when nothing new is leased; it is given up when what is out has ended.
    pub(super) leaving: Option<Instant>,
    /// Leases that have not ended.
    pub(super) out: usize,
    /// Records that ended and are still in the stream.
    pub(super) ending: BTreeSet<u64>,
    /// What this version cannot read: it stays where it is.
    pub(super) unread: BTreeSet<u64>,
    /// Retries that the broker does not know of yet.
    pub(super) retrying: usize,
    /// Everything up to here was looked at.
    pub(super) seen: u64,
    /// Whether what was there before us has been seen.
    pub(super) has_caught_up: bool,
    /// How far consumers know of messages, and since when.
    pub(super) told: Told,
    pub(super) follower: Option<AbortHandle>,
}

impl Held {
    pub(super) fn new(claim: u64, until: Instant, stream: u64) -> Self {
        Self {
            claim,
            stream,
            until: watch::Sender::new(Some(until.into())),
            leaving: None,
            out: 0,
            ending: BTreeSet::new(),
            unread: BTreeSet::new(),
            retrying: 0,
            seen: 0,
            has_caught_up: false,
            told: HashMap::new(),
            follower: None,
        }
    }

    /// Whether nothing of it is on its way any more.
    pub(super) fn is_at_rest(&self) -> bool {
        self.out == 0 && self.retrying == 0 && self.ending.is_empty()
    }

    pub(super) fn hold(&self) -> Hold {
        Hold::until(self.until.subscribe(), self.stream)
    }

    /// The claim holds until then.
    pub(super) fn renew(&mut self, claim: u64, until: Instant) {
        self.claim = claim;
        self.until.send_replace(Some(until.into()));
    }

    /// Whether its time is over: it is lost in a moment, or renewed.
    pub(super) fn is_late(&self) -> bool {
        is_over(*self.until.borrow())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.until.send_replace(None);
        if let Some(follower) = &self.follower {
            follower.abort();
        }
    }
}

impl Holdings {
    /// The partition, if it is still the holding that this hold is of.
    pub(super) fn of(&mut self, partition: u16, hold: &Hold) -> Option<&mut Held> {
        self.partitions.get_mut(&partition).filter(|held| hold.is_of(&held.until))
    }

    /// Those that are not about to be given up.
    pub(super) fn staying(&self) -> BTreeSet<u16> {
        self.partitions.iter().filter(|(_, held)| held.leaving.is_none()).map(|(partition, _)| *partition).collect()
    }

    /// Somebody else holds it from now on, or nobody.
    pub(super) fn lose(&mut self, partition: u16) -> Option<Held> {
        self.forget(partition);
        self.partitions.remove(&partition)
    }

    /// Nothing of it is leased any more.
    pub(super) fn leave(&mut self, partition: u16) {
        self.forget(partition);
        if let Some(held) = self.partitions.get_mut(&partition) {
            held.leaving.get_or_insert_with(Instant::now);
        }
    }

    /// Everything before this in a partition has ended and is written, `written` among it; `None` if it is
    /// not held like that any more, or about to be left: what waits in it is forgotten then, and still owed.
    pub(super) fn ended_before(&mut self, partition: u16, hold: &Hold, written: &BTreeSet<u64>) -> Option<u64> {
        let held = self.of(partition, hold).filter(|held| held.leaving.is_none())?;
        let still = held.ending.iter().find(|sequence| !written.contains(sequence)).copied();
        let (unseen, unread) = (held.seen + 1, held.unread.first().copied());
        let owed = self.lanes.values().filter_map(|lanes| lanes.lowest(partition)).min();
        [Some(unseen), unread, still, owed].into_iter().flatten().min()
    }

    fn forget(&mut self, partition: u16) {
        self.cache.forget(partition);
        self.lanes.values_mut().for_each(|lanes| lanes.forget(partition));
    }

    /// A record was seen. `is_proved`: of the stream that is known.
    pub(super) fn see(&mut self, sight: Sight, is_proved: bool) {
        self.unproved = self.unproved.max(Some(sight));
        if is_proved {
            self.prove();
        }
    }

    /// What was seen is of the stream that is known.
    pub(super) fn prove(&mut self) {
        self.last = self.last.max(self.unproved.take());
    }

    /// The stream is another: nothing of it was seen, and nothing is held.
    pub(super) fn begin_anew(&mut self) {
        let all: Vec<u16> = self.partitions.keys().copied().collect();
        all.into_iter().for_each(|partition| drop(self.lose(partition)));
        self.acknowledged.clear();
        (self.last, self.unproved) = (None, None);
    }

    pub(super) fn lanes(&mut self, consumer: ConsumerId) -> &mut Lanes {
        self.lanes.entry(consumer).or_default()
    }

    /// Whether everything that was acknowledged to us, and was there before us, is in its lane.
    pub(super) fn has_caught_up(&self) -> bool {
        self.partitions.iter().filter(|(_, held)| held.leaving.is_none()).all(|(partition, held)| {
            held.has_caught_up && self.acknowledged.get(partition).is_none_or(|last| held.seen >= *last)
        })
    }

    /// What each consumer is owed here.
    pub(super) fn counts(&self) -> HashMap<i64, Counts> {
        let owed = self.lanes.iter().filter(|(_, lanes)| !lanes.is_empty());
        owed.map(|(consumer, lanes)| (consumer.0, lanes.counts())).collect()
    }
}

/// Bodies of records that are about to be leased.
#[derive(Debug, Default)]
pub(super) struct Cache {
    records: HashMap<u64, Cached>,
    bytes: usize,
}

/// A record, and what a lease of it says besides.
#[derive(Debug, Clone)]
pub(super) struct Cached {
    pub(super) partition: u16,
    pub(super) record: Arc<Record>,
    pub(super) lane: i64,
    pub(super) by_hand: bool,
}

impl Cache {
    pub(super) const fn has_room(&self, bytes: usize) -> bool {
        self.bytes + bytes <= CACHE_BYTES
    }

    pub(super) fn put(&mut self, sequence: u64, cached: Cached) {
        self.bytes += cached.record.body.len();
        if let Some(before) = self.records.insert(sequence, cached) {
            self.bytes -= before.record.body.len();
        }
    }

    fn forget(&mut self, partition: u16) {
        let bytes = &mut self.bytes;
        self.records.retain(|_, cached| {
            let stays = cached.partition != partition;
            *bytes -= if stays { 0 } else { cached.record.body.len() };
            stays
        });
    }

    pub(super) fn take(&mut self, sequence: u64) -> Option<Cached> {
        let cached = self.records.remove(&sequence)?;
        self.bytes -= cached.record.body.len();
        Some(cached)
    }
}
