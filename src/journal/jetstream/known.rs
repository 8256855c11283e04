//! What is known already: the identities of events, for as long as they are remembered.
//!
//! Pure. Young ones are in a table; from time to time they become a sorted run of 20 bytes each, and runs
//! of about the same size become one. That takes long where they are long, so it is done apart from the
//! rest: whoever asks in the meantime is answered from the two.

use crate::format::{Identities, Identity};
use crate::journal::recalled::Recalled;
use std::collections::HashMap;
use std::sync::Arc;

/// So many are gathered before they become a run.
const YOUNG: usize = 1 << 16;

/// Events that were accepted, and when.
#[derive(Debug)]
pub(super) struct Known {
    remember_ms: u64,
    young: HashMap<Identity, u64>,
    /// The oldest first, each more than twice as long as the next once all is merged.
    runs: Vec<Arc<Run>>,
}

/// Identities in their order, each with when it came, counted from the first of the run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    keys: Vec<Identity>,
    after_ms: Vec<u32>,
    from_ms: u64,
    until_ms: u64,
}

impl Known {
    pub(super) fn new(remember_ms: u64) -> Self {
        Self { remember_ms, young: HashMap::new(), runs: Vec::new() }
    }

    /// It came at that time, if it was not known then.
    pub(super) fn insert(&mut self, identity: Identity, at_ms: u64) {
        if self.contains(&identity, at_ms) {
            return;
        }
        self.young.insert(identity, at_ms);
        if self.young.len() >= YOUNG {
            self.age(at_ms);
        }
    }

    pub(super) fn contains(&self, identity: &Identity, now_ms: u64) -> bool {
        let least_ms = now_ms.saturating_sub(self.remember_ms);
        let is_young = self.young.get(identity).is_some_and(|at_ms| *at_ms >= least_ms);
        is_young || self.runs.iter().any(|run| run.find(identity).is_some_and(|at_ms| at_ms >= least_ms))
    }

    /// Which events of a record are known. What one webhook says twice it says twice: only what was
    /// known before it counts.
    pub(super) fn recall(&self, identities: &Identities, now_ms: u64) -> Recalled {
        let is_known = |identity: &Identity| self.contains(identity, now_ms);
        let Identities { events, beside } = identities;
        Recalled { events: events.iter().map(is_known).collect(), beside: beside.as_ref().map(is_known) }
    }

    /// The young become a run, and runs that are too old go.
    fn age(&mut self, now_ms: u64) {
        let least_ms = now_ms.saturating_sub(self.remember_ms);
        self.runs.retain(|run| run.until_ms >= least_ms);
        let mut young: Vec<_> = self.young.drain().filter(|(_, at_ms)| *at_ms >= least_ms).collect();
        young.sort_unstable();
        self.runs.push(Arc::new(Run::of(young)));
    }

    /// Two neighbours that should be one, the younger not much shorter than the older.
    pub(super) fn unmerged(&self) -> Option<[Arc<Run>; 2]> {
        let mut pairs = self.runs.windows(2).rev();
        let pair = pairs.find(|pair| matches!(pair, [older, younger] if older.keys.len() <= younger.keys.len() * 2))?;
        <[_; 2]>::try_from(pair.to_vec()).ok()
    }

    /// These two are one now. If one of them is gone by now there is nothing to be done.
    pub(super) fn merged(&mut self, [older, younger]: &[Arc<Run>; 2], run: Run) {
        let are_these = |pair: &[Arc<Run>]| matches!(pair, [a, b] if Arc::ptr_eq(a, older) && Arc::ptr_eq(b, younger));
        if let Some(at) = self.runs.windows(2).position(are_these) {
            self.runs.splice(at..at + 2, [Arc::new(run)]);
        }
    }

    /// Merges all that should be, here and now.
    pub(super) fn merge_all(&mut self, now_ms: u64) {
        while let Some(pair) = self.unmerged() {
            let run = merge(&pair, now_ms.saturating_sub(self.remember_ms));
            self.merged(&pair, run);
        }
    }
}

/// Two runs as one, without what came before `least_ms`.
pub(super) fn merge([older, younger]: &[Arc<Run>; 2], least_ms: u64) -> Run {
    let (mut older, mut younger) = (older.entries().peekable(), younger.entries().peekable());
    let in_order = std::iter::from_fn(|| match (older.peek(), younger.peek()) {
        (Some((one, _)), Some((other, _))) if one <= other => older.next(),
        (Some(_), None) => older.next(),
        _ => younger.next(),
    });
    let mut entries: Vec<(Identity, u64)> = Vec::new();
    for (identity, at_ms) in in_order.filter(|(_, at_ms)| *at_ms >= least_ms) {
        match entries.last_mut().filter(|(last, _)| *last == identity) {
            // Of one that came again after it was forgotten the last time counts.
            Some((_, last_ms)) => *last_ms = at_ms.max(*last_ms),
            None => entries.push((identity, at_ms)),
        }
    }
    Run::of(entries)
}

impl Run {
    /// Of what is in its order.
    fn of(entries: Vec<(Identity, u64)>) -> Self {
        let from_ms = entries.iter().map(|(_, at_ms)| *at_ms).min().unwrap_or_default();
        let until_ms = entries.iter().map(|(_, at_ms)| *at_ms).max().unwrap_or_default();
        let after = |(_, at_ms): &(Identity, u64)| u32::try_from(at_ms - from_ms).unwrap_or(u32::MAX);
        let after_ms = entries.iter().map(after).collect();
        Self { keys: entries.into_iter().map(|(identity, _)| identity).collect(), after_ms, from_ms, until_ms }
    }

    fn find(&self, identity: &Identity) -> Option<u64> {
        let at = self.keys.binary_search(identity).ok()?;
        Some(self.from_ms + u64::from(*self.after_ms.get(at)?))
    }

    fn entries(&self) -> impl Iterator<Item = (Identity, u64)> {
        let at = |(identity, after_ms): (&Identity, &u32)| (*identity, self.from_ms + u64::from(*after_ms));
        self.keys.iter().zip(&self.after_ms).map(at)
    }
}

/// What an identity takes in a message.
pub(super) const BYTES: usize = 24;

/// Identities and when they came, as a message holds them.
pub(super) fn write(identities: &[(Identity, u64)]) -> Vec<u8> {
    let one = |(identity, at_ms): &(Identity, u64)| [at_ms.to_be_bytes().as_slice(), identity.as_slice()].concat();
    identities.iter().flat_map(one).collect()
}

/// What [`write`] wrote.
pub(super) fn read(payload: &[u8]) -> impl Iterator<Item = (Identity, u64)> {
    payload.chunks_exact(BYTES).filter_map(|entry| {
        let (at_ms, identity) = entry.split_first_chunk::<8>()?;
        Some((identity.try_into().ok()?, u64::from_be_bytes(*at_ms)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(number: u64) -> Identity {
        let mut identity = [0; 16];
        identity[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        identity
    }

    #[test]
    fn much_is_known_in_runs_and_forgotten_in_time() {
        let mut known = Known::new(1_000_000);
        let many = (YOUNG * 5) as u64;
        (0..many).for_each(|number| known.insert(identity(number), number));
        assert_eq!(known.runs.len(), 5);
        assert!((0..many).all(|number| known.contains(&identity(number), many)));
        known.merge_all(many);
        assert!(known.runs.len() <= 3, "{}", known.runs.len());
        assert!((0..many).all(|number| known.contains(&identity(number), many)));
        assert!(!known.contains(&identity(many), many));
        assert!(known.contains(&identity(7), 1_000_007) && !known.contains(&identity(7), 1_000_008));
        (0..many).for_each(|number| known.insert(identity(many + number), 3_000_000));
        known.merge_all(3_000_000);
        assert!(known.runs.iter().map(|run| run.keys.len()).sum::<usize>() <= YOUNG * 5);
    }

    #[test]
    fn what_is_merged_while_others_come_is_put_where_it_was() {
        let mut known = Known::new(1_000_000);
        let some = |from: u64| (from..from + YOUNG as u64).map(identity);
        some(0).for_each(|identity| known.insert(identity, 1));
        some(1 << 32).for_each(|identity| known.insert(identity, 2));
        let pair = known.unmerged().expect("two of the same size");
        let run = merge(&pair, 0);
        assert_eq!(run.keys.len(), 2 * YOUNG);
        some(2 << 32).for_each(|identity| known.insert(identity, 3));
        known.merged(&pair, run);
        assert_eq!(known.runs.iter().map(|run| run.keys.len()).collect::<Vec<_>>(), [2 * YOUNG, YOUNG]);
        assert!([0, 1 << 32, 2 << 32].into_iter().flat_map(some).all(|identity| known.contains(&identity, 4)));
        // What is not there any more is not put anywhere.
        known.merged(&pair, Run::default());
        assert_eq!(known.runs.len(), 2);
    }

    #[test]
    fn of_one_that_came_twice_the_last_time_counts() {
        let run = |at_ms: u64| Arc::new(Run::of(vec![(identity(1), at_ms)]));
        let merged = merge(&[run(5), run(30)], 0);
        assert_eq!((merged.find(&identity(1)), merged.keys.len()), (Some(30), 1));
        assert_eq!(merge(&[run(5), run(30)], 31), Run::default());
    }

    #[test]
    fn what_was_forgotten_is_known_anew() {
        let mut known = Known::new(10);
        known.insert(identity(1), 0);
        known.insert(identity(1), 5);
        assert!(!known.contains(&identity(1), 11), "a duplicate prolongs nothing");
        known.insert(identity(1), 11);
        assert!(known.contains(&identity(1), 21));
    }

    #[test]
    fn a_message_holds_what_was_written() {
        let entries = vec![(identity(1), 7), (identity(2), u64::MAX)];
        assert_eq!(read(&write(&entries)).collect::<Vec<_>>(), entries);
    }
}
