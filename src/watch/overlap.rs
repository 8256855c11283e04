//! What came around a switch, so that an event that both platforms send is noticed: their ids differ,
//! the key in them does not.
//!
//! In the quiet years between switches an id costs no more than a copy; keys are made when a switch
//! comes. Ids hold phone numbers: they are never written anywhere from here.

use super::cutover::Seen;
use super::platform::Platform;
use crate::format::message_id;
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;

/// So many of the last events before a switch are known when it comes.
const BEFORE: usize = 256;
/// So many are remembered around a switch.
const AROUND: usize = 4_096;
/// What is longer is no id that has a key, and is not remembered: an id is as long as its sender likes.
const LONGEST_BYTES: usize = 512;
/// For how long after a switch events are compared.
const OPEN_MS: u64 = 60 * 60 * 1_000;

/// The memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlap {
    before: VecDeque<(Platform, String)>,
    around: Option<Around>,
}

#[derive(Debug, Clone)]
struct Around {
    until_ms: u64,
    hasher: RandomState,
    /// Which platform sent it first.
    known: HashMap<u64, Platform>,
}

/// It is no part of a record's value: two records with different memories of the last hour are equal.
impl PartialEq for Overlap {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Overlap {
    /// A switch came: what came before it is compared with what comes now.
    pub(super) fn open(&mut self, now_ms: u64) {
        let mut around = Around { until_ms: now_ms + OPEN_MS, hasher: RandomState::new(), known: HashMap::new() };
        for (platform, entry) in self.before.drain(..) {
            if let Some((word, id)) = entry.split_once(' ') {
                around.add(platform, word, id);
            }
        }
        self.around = Some(around);
    }

    /// Whether the other platform has sent this too, around the last switch.
    pub(super) fn is_known_from_other(&self, seen: &Seen<'_>) -> bool {
        let Some(around) = self.around.as_ref().filter(|around| seen.at_ms <= around.until_ms) else { return false };
        let known = around.mark(seen.word, seen.id).and_then(|mark| around.known.get(&mark));
        known.is_some_and(|first| *first != seen.platform)
    }

    /// From now on this is known.
    pub(super) fn remember(&mut self, seen: &Seen<'_>) {
        if seen.word.len() + seen.id.len() > LONGEST_BYTES {
            return;
        }
        if let Some(around) = &mut self.around {
            if seen.at_ms <= around.until_ms {
                return around.add(seen.platform, seen.word, seen.id);
            }
            self.around = None;
        }
        // The oldest makes room, and its text is written anew where it lies.
        let mut text = match self.before.len() {
            BEFORE => self.before.pop_front().map(|(_, text)| text).unwrap_or_default(),
            _ => String::new(),
        };
        text.clear();
        text.push_str(seen.word);
        text.push(' ');
        text.push_str(seen.id);
        self.before.push_back((seen.platform, text));
    }
}

impl Around {
    fn mark(&self, word: &str, id: &str) -> Option<u64> {
        Some(self.hasher.hash_one((word, message_id::key_of(id)?.text)))
    }

    fn add(&mut self, platform: Platform, word: &str, id: &str) {
        if self.known.len() < AROUND
            && let Some(mark) = self.mark(word, id)
        {
            self.known.entry(mark).or_insert(platform);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever ids are sent, memory stays bounded.
    #[test]
    fn long_ids_are_not_remembered() {
        let mut overlap = Overlap::default();
        let (long, word) = ("A".repeat(1 << 20), "a".repeat(1 << 20));
        for (id, word) in [(long.as_str(), "message"), ("id", &word), ("id", "message")] {
            overlap.remember(&Seen { platform: Platform::Cloud, at_ms: 1, happened_ms: None, id, word });
        }
        let held: Vec<usize> = overlap.before.iter().map(|(_, text)| text.len()).collect();
        assert_eq!(held, ["message id".len()]);
    }
}
