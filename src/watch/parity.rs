//! Whether the consumers of one number agree, record by record. Pure: times come as arguments.
//!
//! A window of the last records is watched. What one of the consumers has not answered when it leaves
//! the window counts as `behind`: a consumer that is down for a night costs no memory.

use super::cutover::seconds;
use crate::status::{self, Behind};
use crate::telemetry::Agreement;
use std::collections::BTreeMap;

/// So many records are watched for each number.
const WINDOW: usize = 4_096;

/// What a consumer did with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It took it, or wants nothing of it.
    Took,
    /// It answered with something else than 2xx, and may be asked again.
    Refused,
    /// It did not take it, and is not asked again.
    GaveUp,
}

impl Answer {
    /// Whether the consumer is owed nothing of it any more.
    const fn is_last(self) -> bool {
        matches!(self, Answer::Took | Answer::GaveUp)
    }
}

/// The last records of one number with several consumers.
#[derive(Debug)]
pub(super) struct Parity {
    consumers: Vec<String>,
    /// What arrived before was not owed to all of them, or answered unseen.
    since_ms: u64,
    /// By the record's common id, so that the oldest comes first.
    window: BTreeMap<i64, Watched>,
    /// The last record that left the window before its time. What is answered of it and of those before
    /// comes too late.
    crowded_out: Option<i64>,
    /// By the place of an [`Agreement`].
    counts: [u64; Agreement::ALL.len()],
}

/// A record that at least one consumer has answered.
#[derive(Debug)]
struct Watched {
    received_ms: u64,
    /// Whether it is owed no more, by the place of a consumer.
    settled: Vec<bool>,
    taken: bool,
    refused: bool,
    counted: bool,
}

impl Parity {
    pub(super) fn new(consumers: Vec<String>, since_ms: u64) -> Self {
        Self { consumers, since_ms, window: BTreeMap::new(), crowded_out: None, counts: [0; Agreement::ALL.len()] }
    }

    pub(super) fn consumers(&self) -> &[String] {
        &self.consumers
    }

    /// A consumer has answered a record. What is known of the record by that, where it is something new.
    pub(super) fn answered(
        &mut self,
        record: i64,
        received_ms: u64,
        consumer: &str,
        answer: Answer,
    ) -> Option<Agreement> {
        let place = self.consumers.iter().position(|name| name == consumer)?;
        if received_ms < self.since_ms || self.crowded_out.is_some_and(|last| record <= last) {
            return None;
        }
        let none = || vec![false; self.consumers.len()];
        let watched = self.window.entry(record).or_insert_with(|| Watched {
            received_ms,
            settled: none(),
            taken: false,
            refused: false,
            counted: false,
        });
        match answer {
            Answer::Took => watched.taken = true,
            Answer::Refused | Answer::GaveUp => watched.refused = true,
        }
        if let Some(settled) = watched.settled.get_mut(place) {
            *settled |= answer.is_last();
        }
        let known = watched.known();
        if watched.is_settled() {
            self.window.remove(&record);
        }
        let known = known.or_else(|| self.crowd_out());
        if let Some(count) = known.and_then(|known| self.counts.get_mut(known as usize)) {
            *count += 1;
        }
        known
    }

    fn crowd_out(&mut self) -> Option<Agreement> {
        if self.window.len() <= WINDOW {
            return None;
        }
        let (record, oldest) = self.window.pop_first()?;
        self.crowded_out = Some(record);
        (!oldest.counted && oldest.taken).then_some(Agreement::Behind)
    }

    /// It in the words of the status.
    pub(super) fn shown(&self, now_ms: u64) -> status::Parity {
        let [both, refused, behind] = self.counts;
        let behind_of = |(place, consumer): (usize, &String)| {
            let misses = |watched: &&Watched| watched.taken && watched.settled.get(place) == Some(&false);
            let mut missing = self.window.values().filter(misses);
            let oldest = missing.next();
            Behind {
                consumer: consumer.clone(),
                records: missing.count() as u64 + u64::from(oldest.is_some()),
                seconds: oldest.map_or(0.0, |oldest| seconds(now_ms.saturating_sub(oldest.received_ms))),
            }
        };
        status::Parity { both, refused, behind, consumers: self.consumers.iter().enumerate().map(behind_of).collect() }
    }
}

impl Watched {
    /// What is to be counted now: each record once.
    fn known(&mut self) -> Option<Agreement> {
        let known = match (self.taken, self.refused) {
            _ if self.counted => return None,
            (true, true) => Agreement::Refused,
            (true, false) if self.is_settled() => Agreement::Both,
            _ => return None,
        };
        self.counted = true;
        Some(known)
    }

    fn is_settled(&self) -> bool {
        self.settled.iter().all(|settled| *settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parity() -> Parity {
        Parity::new(vec!["old".to_owned(), "new".to_owned()], 10)
    }

    #[test]
    fn each_record_is_counted_once() {
        let mut parity = parity();
        assert_eq!(parity.answered(1, 10, "old", Answer::Took), None);
        assert_eq!(parity.answered(1, 10, "new", Answer::Took), Some(Agreement::Both));
        assert_eq!(parity.answered(2, 10, "new", Answer::Refused), None, "the other has not answered yet");
        assert_eq!(parity.answered(2, 10, "new", Answer::Refused), None);
        assert_eq!(parity.answered(2, 10, "old", Answer::Took), Some(Agreement::Refused));
        assert_eq!(parity.answered(2, 10, "new", Answer::Took), None);
        assert_eq!(parity.answered(3, 10, "stranger", Answer::Took), None);
        assert_eq!(parity.answered(4, 9, "old", Answer::Took), None, "it arrived before");
        assert!(parity.window.is_empty());
        let shown = parity.shown(0);
        assert_eq!((shown.both, shown.refused, shown.behind), (1, 1, 0));
    }

    #[test]
    fn one_that_does_not_answer_is_behind() {
        let mut parity = parity();
        let outcomes = (0..WINDOW as i64 + 2).filter_map(|record| parity.answered(record, 1_000, "old", Answer::Took));
        assert_eq!(outcomes.collect::<Vec<_>>(), [Agreement::Behind, Agreement::Behind]);
        let shown = parity.shown(61_000);
        let new = shown.consumers.last().expect("two");
        assert_eq!((new.records, new.seconds), (WINDOW as u64, 60.0));
        assert_eq!(shown.consumers.first().map(|old| old.records), Some(0));
        // What it answers of those that have left the window by then comes too late to be counted again.
        for record in 0..WINDOW as i64 + 2 {
            parity.answered(record, 1_000, "new", Answer::Took);
        }
        let shown = parity.shown(61_000);
        assert_eq!((shown.both, shown.refused, shown.behind), (WINDOW as u64, 0, 2));
        assert!(parity.window.is_empty());
    }

    #[test]
    fn what_is_given_up_is_owed_no_more() {
        let mut parity = parity();
        assert_eq!(parity.answered(1, 10, "old", Answer::Took), None);
        assert_eq!(parity.answered(1, 10, "new", Answer::GaveUp), Some(Agreement::Refused));
        assert_eq!(parity.answered(2, 10, "old", Answer::GaveUp), None);
        assert_eq!(parity.answered(2, 10, "new", Answer::GaveUp), None, "nobody took it: they agree, in a way");
        assert!(parity.window.is_empty());
        assert!(parity.shown(0).consumers.iter().all(|consumer| consumer.records == 0));
    }
}
