//! What one consumer is owed in the partitions that this process holds: which record of each
//! conversation is next, which is out, and which waits for its time.
//!
//! Pure, and it holds places, not bodies: a backlog costs some 24 bytes a record here, and
//! some 300 for each conversation that is owed something.

use crate::journal::Progress;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// A record that is owed, by its place in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) sequence: u64,
    pub(super) since_ms: u64,
    pub(super) bytes: u32,
}

/// What came of the attempts at a record so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tries {
    pub(super) due_ms: u64,
    /// How long that was, by the clock that said so.
    #[serde(default)]
    pub(super) wait_ms: u64,
    pub(super) attempts: u32,
    /// How many of its requests were delivered, and which was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) progress: Option<(u32, String)>,
    pub(super) verdict: String,
}

impl Tries {
    /// As another process takes them over, whose clock may say another time: it waits no longer than the
    /// first would have.
    pub(super) fn taken_over(self, now_ms: u64) -> Self {
        Self { due_ms: self.due_ms.min(now_ms.saturating_add(self.wait_ms)), ..self }
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.progress.clone().map(|(done, last)| Progress { done, last })
    }
}

/// A record that was taken out.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) partition: u16,
    pub(super) token: u64,
    pub(super) place: Place,
    pub(super) tries: Option<Tries>,
}

/// What becomes of a record that was out.
#[derive(Debug, Clone)]
pub(super) enum Turn {
    /// It is owed no longer.
    Done,
    /// It was not tried.
    Back,
    /// It is tried again.
    Again(Tries),
}

/// How a conversation's first record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Fresh,
    Parked(u64),
    Out,
}

#[derive(Debug)]
struct Lane {
    partition: u16,
    waiting: VecDeque<Place>,
    standing: Standing,
}

/// How many records are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) ready: u64,
    pub(super) in_flight: u64,
    pub(super) parked: u64,
    /// Since when the oldest of them is owed; 0 where nothing is.
    pub(super) oldest_since_ms: u64,
}

impl Counts {
    /// These and others.
    pub(super) fn and(self, other: Self) -> Self {
        let oldest = [self.oldest_since_ms, other.oldest_since_ms].into_iter().filter(|since| *since > 0).min();
        Self {
            ready: self.ready + other.ready,
            in_flight: self.in_flight + other.in_flight,
            parked: self.parked + other.parked,
            oldest_since_ms: oldest.unwrap_or_default(),
        }
    }
}

/// The lanes of one consumer.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<u64, Lane>,
    /// First records that were never tried, in the order of acceptance.
    fresh: BTreeMap<u64, u64>,
    /// First records by the time of their next attempt.
    parked: BTreeSet<(u64, u64, u64)>,
    /// Records that were tried.
    tries: HashMap<u64, Tries>,
    /// First records by partition, out or not: nothing before the lowest of them is owed there.
    firsts: HashMap<u16, BTreeSet<u64>>,
    /// Records that are being buried: none of them is leased when it becomes the first of its lane.
    withheld: HashSet<u64>,
    owed: u64,
    out: u64,
}

/// How much is taken at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) records: usize,
    pub(super) bytes: u64,
}

impl Lanes {
    /// What was tried before this process held it; told before the record itself.
    pub(super) fn was_tried(&mut self, sequence: u64, tries: Tries) {
        self.tries.insert(sequence, tries);
    }

    /// A record at the end of its lane. `false`: it is there already.
    pub(super) fn push(&mut self, partition: u16, token: u64, place: Place) -> bool {
        let fresh = || Lane { partition, waiting: VecDeque::new(), standing: Standing::Fresh };
        let lane = self.lanes.entry(token).or_insert_with(fresh);
        if lane.waiting.back().is_some_and(|last| last.sequence >= place.sequence) {
            return false;
        }
        lane.waiting.push_back(place);
        self.owed += 1;
        if lane.waiting.len() == 1 {
            self.firsts.entry(partition).or_default().insert(place.sequence);
            self.stand(token);
        }
        true
    }

    /// The first record that is owed in a partition.
    pub(super) fn lowest(&self, partition: u16) -> Option<u64> {
        self.firsts.get(&partition).and_then(BTreeSet::first).copied()
    }

    /// Another is first in a lane from which the first was taken.
    fn first_went(&mut self, token: u64, partition: u16, sequence: u64) {
        if let Some(firsts) = self.firsts.get_mut(&partition) {
            firsts.remove(&sequence);
            if let Some(next) = self.lanes.get(&token).and_then(|lane| lane.waiting.front()) {
                firsts.insert(next.sequence);
            }
        }
    }

    /// Gives the first record of a lane its place among those that can be had.
    fn stand(&mut self, token: u64) {
        let Some(lane) = self.lanes.get_mut(&token) else { return };
        let Some(first) = lane.waiting.front() else {
            self.lanes.remove(&token);
            return;
        };
        if self.withheld.contains(&first.sequence) {
            lane.standing = Standing::Out;
            self.out += 1;
        } else if let Some(tries) = self.tries.get(&first.sequence) {
            lane.standing = Standing::Parked(tries.due_ms);
            self.parked.insert((tries.due_ms, first.sequence, token));
        } else {
            lane.standing = Standing::Fresh;
            self.fresh.insert(first.sequence, token);
        }
    }

    /// Takes first records out. Says whether more could be had at once.
    pub(super) fn take(&mut self, most: Most, fresh_first: bool, now_ms: u64) -> (Vec<Taken>, bool) {
        let mut taken = Vec::new();
        let mut bytes = 0;
        let mut is_full = |taken: &Vec<Taken>, next: u64| {
            let full = taken.len() >= most.records || (bytes >= most.bytes && !taken.is_empty());
            bytes += if full { 0 } else { next };
            full
        };
        let rounds = if fresh_first { [false, true] } else { [true, false] };
        for due in rounds {
            while let Some(token) = self.next(due, now_ms) {
                let next = self.lanes.get(&token).and_then(|lane| lane.waiting.front()).map_or(0, |place| place.bytes);
                if is_full(&taken, u64::from(next)) {
                    return (taken, true);
                }
                taken.extend(self.take_out(token));
            }
        }
        (taken, false)
    }

    /// The lane that comes next, of those whose time has come or of those never tried.
    fn next(&self, due: bool, now_ms: u64) -> Option<u64> {
        if due {
            self.parked.first().filter(|(due_ms, ..)| *due_ms <= now_ms).map(|(.., token)| *token)
        } else {
            self.fresh.first_key_value().map(|(_, token)| *token)
        }
    }

    fn take_out(&mut self, token: u64) -> Option<Taken> {
        let lane = self.lanes.get_mut(&token)?;
        let place = *lane.waiting.front()?;
        match lane.standing {
            Standing::Fresh => drop(self.fresh.remove(&place.sequence)),
            Standing::Parked(due_ms) => drop(self.parked.remove(&(due_ms, place.sequence, token))),
            Standing::Out => return None,
        }
        lane.standing = Standing::Out;
        self.out += 1;
        Some(Taken { partition: lane.partition, token, place, tries: self.tries.get(&place.sequence).cloned() })
    }

    /// When the next of those that wait for their time is due.
    pub(super) fn next_due_ms(&self, now_ms: u64) -> Option<u64> {
        let later = (now_ms.saturating_add(1), 0, 0)..;
        self.parked.range(later).next().map(|(due_ms, ..)| *due_ms)
    }

    /// What became of a record that was out. `false`: it was not.
    pub(super) fn turn(&mut self, token: u64, sequence: u64, turn: Turn) -> bool {
        let Some(lane) = self.lanes.get_mut(&token) else { return false };
        let is_out = matches!(lane.standing, Standing::Out);
        if !is_out || lane.waiting.front().is_none_or(|first| first.sequence != sequence) {
            return false;
        }
        self.out -= 1;
        let partition = lane.partition;
        match turn {
            Turn::Done => {
                lane.waiting.pop_front();
                self.owed -= 1;
                self.tries.remove(&sequence);
                self.first_went(token, partition, sequence);
            }
            Turn::Back => {}
            Turn::Again(tries) => {
                self.tries.insert(sequence, tries);
            }
        }
        self.stand(token);
        true
    }

    /// Keeps a record from being leased until it is buried, or not: what was tried of it. `None`: it is out,
    /// or not owed.
    pub(super) fn keep_back(&mut self, token: u64, sequence: u64) -> Option<Tries> {
        let lane = self.lanes.get(&token)?;
        let at = lane.waiting.binary_search_by_key(&sequence, |place| place.sequence).ok()?;
        if at > 0 {
            self.withheld.insert(sequence);
            return Some(Tries::default());
        }
        self.take_out(token).map(|taken| taken.tries.unwrap_or_default())
    }

    /// A record that was kept back is not buried.
    pub(super) fn put_back(&mut self, token: u64, sequence: u64) {
        self.withheld.remove(&sequence);
        self.turn(token, sequence, Turn::Back);
    }

    /// A record that was kept back is buried: it goes, from wherever in its lane it is by now.
    pub(super) fn remove(&mut self, token: u64, sequence: u64) {
        self.withheld.remove(&sequence);
        if self.turn(token, sequence, Turn::Done) {
            return;
        }
        let Some(lane) = self.lanes.get_mut(&token) else { return };
        let Ok(at) = lane.waiting.binary_search_by_key(&sequence, |place| place.sequence) else { return };
        if at > 0 {
            lane.waiting.remove(at);
            self.owed -= 1;
        }
    }

    /// What was tried of a record that is not there any more.
    pub(super) fn forget_tries(&mut self, sequence: u64) {
        self.tries.remove(&sequence);
    }

    /// Forgets a partition that somebody else holds now.
    pub(super) fn forget(&mut self, partition: u16) {
        self.firsts.remove(&partition);
        let (fresh, parked, tries) = (&mut self.fresh, &mut self.parked, &mut self.tries);
        let withheld = &mut self.withheld;
        let (owed, out) = (&mut self.owed, &mut self.out);
        self.lanes.retain(|token, lane| {
            if lane.partition != partition {
                return true;
            }
            *owed -= lane.waiting.len() as u64;
            if let Some(first) = lane.waiting.front() {
                match lane.standing {
                    Standing::Fresh => drop(fresh.remove(&first.sequence)),
                    Standing::Parked(due_ms) => drop(parked.remove(&(due_ms, first.sequence, *token))),
                    Standing::Out => *out -= 1,
                }
            }
            for place in &lane.waiting {
                tries.remove(&place.sequence);
                withheld.remove(&place.sequence);
            }
            false
        });
    }

    /// Records that are not out and were owed before a time: their lanes and places.
    pub(super) fn owed_before(&self, since_ms: u64, most: usize) -> Vec<(u16, u64, u64)> {
        let waits = |lane: &&Lane| !matches!(lane.standing, Standing::Out);
        let lanes = self.lanes.iter().filter(|(_, lane)| waits(lane));
        let old = lanes.filter_map(|(token, lane)| {
            let first = lane.waiting.front().filter(|first| first.since_ms < since_ms)?;
            Some((lane.partition, *token, first.sequence))
        });
        old.take(most).collect()
    }

    pub(super) fn counts(&self) -> Counts {
        let first = self.lanes.values().filter_map(|lane| lane.waiting.front());
        let parked = self.parked.len() as u64;
        Counts {
            ready: self.owed - self.out - parked,
            in_flight: self.out,
            parked,
            oldest_since_ms: first.map(|place| place.since_ms).min().unwrap_or_default(),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.owed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Most = Most { records: 100, bytes: u64::MAX };

    fn place(sequence: u64) -> Place {
        Place { sequence, since_ms: sequence, bytes: 10 }
    }

    fn sequences(taken: &[Taken]) -> Vec<u64> {
        taken.iter().map(|taken| taken.place.sequence).collect()
    }

    fn lanes(places: &[(u64, u64)]) -> Lanes {
        let mut lanes = Lanes::default();
        for (sequence, token) in places {
            assert!(lanes.push(u16::try_from(token % 2).unwrap(), *token, place(*sequence)));
        }
        lanes
    }

    #[test]
    fn of_a_lane_one_is_out_at_a_time() {
        let mut lanes = lanes(&[(1, 7), (2, 7), (3, 8)]);
        let (taken, more) = lanes.take(ALL, false, 0);
        assert_eq!((sequences(&taken), more), (vec![1, 3], false));
        assert!(lanes.turn(7, 1, Turn::Done));
        assert!(!lanes.turn(7, 1, Turn::Done));
        assert_eq!(sequences(&lanes.take(ALL, false, 0).0), [2]);
    }

    #[test]
    fn a_place_that_was_seen_is_not_taken_again() {
        let mut lanes = lanes(&[(1, 7), (2, 7)]);
        assert!(!lanes.push(1, 7, place(2)));
        assert_eq!(lanes.counts().ready, 2);
    }

    #[test]
    fn what_was_tried_before_waits_for_its_time() {
        let mut lanes = Lanes::default();
        lanes.was_tried(1, Tries { due_ms: 50, attempts: 3, ..Tries::default() });
        lanes.push(1, 7, place(1));
        assert!(lanes.take(ALL, false, 49).0.is_empty());
        assert_eq!(lanes.next_due_ms(49), Some(50));
        let (taken, _) = lanes.take(ALL, false, 50);
        assert_eq!(taken[0].tries.as_ref().map(|tries| tries.attempts), Some(3));
        assert!(lanes.turn(7, 1, Turn::Back));
        assert_eq!(lanes.counts(), Counts { ready: 0, in_flight: 0, parked: 1, oldest_since_ms: 1 });
    }

    #[test]
    fn a_partition_that_is_lost_leaves_nothing() {
        let mut lanes = lanes(&[(1, 7), (2, 7), (3, 8), (4, 9)]);
        lanes.take(Most { records: 1, ..ALL }, false, 0);
        lanes.forget(1);
        assert_eq!(lanes.counts(), Counts { ready: 1, in_flight: 0, parked: 0, oldest_since_ms: 3 });
        assert_eq!(sequences(&lanes.take(ALL, false, 0).0), [3]);
        assert!(!lanes.turn(7, 1, Turn::Done));
    }

    #[test]
    fn the_lowest_is_the_first_that_is_owed() {
        let mut lanes = lanes(&[(1, 7), (2, 9), (3, 7)]);
        assert_eq!((lanes.lowest(1), lanes.lowest(0)), (Some(1), None));
        lanes.take(ALL, false, 0);
        assert_eq!(lanes.lowest(1), Some(1), "what is out is owed");
        lanes.turn(7, 1, Turn::Done);
        assert_eq!(lanes.lowest(1), Some(2));
        lanes.turn(9, 2, Turn::Done);
        assert_eq!(lanes.lowest(1), Some(3));
        assert!(lanes.keep_back(7, 3).is_some());
        lanes.remove(7, 3);
        assert_eq!(lanes.lowest(1), None);
    }

    #[test]
    fn one_in_the_middle_can_be_taken_away() {
        let mut lanes = lanes(&[(1, 7), (2, 7), (3, 7)]);
        assert!(lanes.keep_back(7, 2).is_some());
        lanes.remove(7, 2);
        assert!(lanes.keep_back(7, 2).is_none());
        assert_eq!(sequences(&lanes.take(ALL, false, 0).0), [1]);
        assert!(lanes.keep_back(7, 1).is_none(), "it is out");
        assert!(lanes.turn(7, 1, Turn::Done));
        assert_eq!(sequences(&lanes.take(ALL, false, 0).0), [3]);
    }

    #[test]
    fn what_is_kept_back_is_not_leased_until_it_is_let_go() {
        let mut lanes = lanes(&[(1, 7), (2, 7)]);
        assert!(lanes.keep_back(7, 1).is_some());
        assert!(lanes.take(ALL, false, 0).0.is_empty(), "nor what is behind it");
        assert!(lanes.turn(7, 1, Turn::Back));
        assert_eq!(sequences(&lanes.take(ALL, false, 0).0), [1]);
        // One that came to be first and went out while it was buried goes when it ends.
        assert!(lanes.keep_back(7, 2).is_some());
        assert!(lanes.turn(7, 1, Turn::Done));
        lanes.remove(7, 2);
        assert_eq!(lanes.counts(), Counts::default());
    }

    #[test]
    fn bytes_are_bounded_but_for_the_first() {
        let mut lanes = lanes(&[(1, 1), (2, 2), (3, 3)]);
        let (taken, more) = lanes.take(Most { records: 9, bytes: 15 }, false, 0);
        assert_eq!((sequences(&taken), more), (vec![1, 2], true));
    }

    #[test]
    fn one_that_is_being_buried_is_not_leased_when_its_turn_comes() {
        for is_buried in [true, false] {
            let mut lanes = lanes(&[(1, 7), (2, 7), (3, 7)]);
            assert_eq!(sequences(&lanes.take(ALL, false, 0).0), [1]);
            assert!(lanes.keep_back(7, 2).is_some());
            assert!(lanes.turn(7, 1, Turn::Done));
            assert!(lanes.take(ALL, false, 0).0.is_empty(), "the second is on its way to the letters");
            if is_buried {
                lanes.remove(7, 2);
            } else {
                lanes.put_back(7, 2);
            }
            assert_eq!(sequences(&lanes.take(ALL, false, 0).0), [if is_buried { 3 } else { 2 }]);
            assert!(lanes.take(ALL, false, 0).0.is_empty(), "one of a lane at a time");
            assert_eq!(lanes.counts().in_flight, 1);
        }
    }
}
