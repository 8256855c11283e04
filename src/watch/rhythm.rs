//! The usual rhythm of a number: how long it pauses between two events, as a rule.

use serde::{Deserialize, Serialize};

/// A pause has a place by its size, two places for each doubling: 2^24 seconds are half a year.
const PLACES: usize = 70;
/// From so many pauses on, something can be said.
const ENOUGH: u32 = 20;
/// When so many were counted, all of them count half: what was long ago fades.
const FULL: u32 = 4_096;
/// So many times the usual pause is no pause any more, and never less than [`LEAST_SILENCE_MS`].
const UNUSUAL: u64 = 2;
const LEAST_SILENCE_MS: u64 = 30_000;

/// Pauses, counted by their size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rhythm {
    counts: Vec<u32>,
}

impl Rhythm {
    /// There was a pause between two events.
    pub(super) fn paused(&mut self, pause_ms: u64) {
        self.counts.resize(PLACES, 0);
        if let Some(count) = self.counts.get_mut(place(pause_ms)) {
            *count += 1;
        }
        if self.total() >= FULL {
            self.counts.iter_mut().for_each(|count| *count /= 2);
        }
    }

    /// The pause that is exceeded once in a hundred times, in milliseconds.
    pub(super) fn usual_ms(&self) -> Option<u64> {
        let total = self.total();
        if total < ENOUGH {
            return None;
        }
        let mut longer = total;
        let reaches = |count: &u32| {
            longer -= count;
            longer <= total / 100
        };
        self.counts.iter().position(reaches).map(upper_ms)
    }

    /// Whether a pause is longer than is usual.
    pub(super) fn is_unusual(&self, pause_ms: u64) -> bool {
        self.usual_ms().is_some_and(|usual_ms| pause_ms > LEAST_SILENCE_MS.max(usual_ms.saturating_mul(UNUSUAL)))
    }

    fn total(&self) -> u32 {
        self.counts.iter().sum()
    }
}

/// 0 for less than a millisecond, then two for each power of two.
fn place(pause_ms: u64) -> usize {
    let Some(power) = pause_ms.checked_ilog2() else { return 0 };
    let upper_half = power > 0 && pause_ms >> (power - 1) & 1 == 1;
    (1 + 2 * power as usize + usize::from(upper_half)).min(PLACES - 1)
}

/// What the pauses of a place do not reach.
fn upper_ms(place: usize) -> u64 {
    let Some(place) = place.checked_sub(1) else { return 1 };
    let power = 1_u64 << (place / 2);
    if place % 2 == 1 { power * 2 } else { power + power.div_ceil(2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_hold_what_they_say() {
        for pause_ms in (0..2_000).chain([1 << 20, (1 << 30) + 5, 1 << 33]) {
            let place = place(pause_ms);
            assert!(pause_ms < upper_ms(place), "{pause_ms} in {place}");
            assert!(place == 0 || pause_ms >= upper_ms(place - 1), "{pause_ms} in {place}");
        }
        assert_eq!(place(u64::MAX), PLACES - 1);
    }

    #[test]
    fn a_number_that_spoke_every_second_is_silent_after_half_a_minute() {
        let mut rhythm = Rhythm::default();
        (0..19).for_each(|_| rhythm.paused(1_000));
        assert_eq!((rhythm.usual_ms(), rhythm.is_unusual(u64::MAX)), (None, false));
        rhythm.paused(1_000);
        assert_eq!(rhythm.usual_ms(), Some(1_024));
        assert_eq!((rhythm.is_unusual(30_000), rhythm.is_unusual(30_001)), (false, true));
    }

    #[test]
    fn rare_pauses_are_no_rule_and_long_ones_are_if_they_are_usual() {
        let mut rhythm = Rhythm::default();
        (0..300).for_each(|index| rhythm.paused(if index % 10 == 0 { 600_000 } else { 500 }));
        assert!(!rhythm.is_unusual(1_000_000));
        let mut rhythm = Rhythm::default();
        (0..300).for_each(|index| rhythm.paused(if index == 0 { 600_000 } else { 500 }));
        assert!(rhythm.is_unusual(60_000));
    }

    #[test]
    fn what_was_long_ago_fades() {
        let mut rhythm = Rhythm::default();
        (0..200).for_each(|_| rhythm.paused(3_600_000));
        (0..40_000).for_each(|_| rhythm.paused(1_000));
        assert_eq!(rhythm.usual_ms(), Some(1_024));
    }
}
