//! How many events came in each minute of the last hours, by platform.

use crate::status;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// So many minutes are kept: the hours around a migration window.
const KEPT: u64 = 6 * 60;
const MINUTE_MS: u64 = 60_000;

/// The minutes in which something came, oldest first: which minute since 1970, and two counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Minutes(VecDeque<(u64, [u32; 2])>);

impl Minutes {
    /// So many events came now; `place` is 0 or 1.
    pub(super) fn add(&mut self, now_ms: u64, place: usize, events: u32) {
        let minute = now_ms / MINUTE_MS;
        if self.0.back().is_none_or(|(last, _)| *last < minute) {
            self.0.push_back((minute, [0; 2]));
            self.forget(minute);
        }
        if let Some(count) = self.0.back_mut().and_then(|(_, counts)| counts.get_mut(place)) {
            *count = count.saturating_add(events);
        }
    }

    /// Minutes that a clock which has been set back makes a future are left out: others would be counted
    /// for them.
    pub(super) fn not_after(&mut self, now_ms: u64) {
        self.0.retain(|(minute, _)| *minute <= now_ms / MINUTE_MS);
    }

    fn forget(&mut self, minute: u64) {
        while self.0.front().is_some_and(|(first, _)| first + KEPT <= minute) {
            self.0.pop_front();
        }
    }

    /// The sums of the last `minutes`, the present one included.
    pub(super) fn sum(&self, now_ms: u64, minutes: u64) -> [u64; 2] {
        let minute = now_ms / MINUTE_MS;
        let recent = self.0.iter().rev().take_while(|(at, _)| at + minutes > minute);
        recent.fold([0; 2], |[a, b], (_, [one, other])| [a + u64::from(*one), b + u64::from(*other)])
    }

    /// Those that are not too old by now.
    pub(super) fn shown(&self, now_ms: u64) -> Vec<status::Minute> {
        let minute = now_ms / MINUTE_MS;
        let kept = self.0.iter().filter(|(at, _)| at + KEPT > minute);
        kept.map(|(at, [cloud, onprem])| status::Minute { at_ms: at * MINUTE_MS, cloud: *cloud, onprem: *onprem })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_counted_and_forgotten() {
        let mut minutes = Minutes::default();
        minutes.add(60_000, 0, 2);
        minutes.add(119_999, 1, 1);
        minutes.add(180_000, 1, 5);
        let first = status::Minute { at_ms: 60_000, cloud: 2, onprem: 1 };
        assert_eq!(minutes.shown(180_000), [first, status::Minute { at_ms: 180_000, cloud: 0, onprem: 5 }]);
        assert_eq!((minutes.sum(180_000, 2), minutes.sum(180_000, 3)), ([0, 5], [2, 6]));
        assert_eq!(minutes.shown(60_000 + KEPT * 60_000).len(), 1);
        minutes.add(60_000 + KEPT * 60_000, 0, 1);
        assert_eq!(minutes.0.len(), 2);
    }

    #[test]
    fn minutes_to_come_are_left_out() {
        let mut minutes = Minutes::default();
        minutes.add(60_000, 0, 1);
        minutes.add(600_000, 0, 1);
        minutes.not_after(120_000);
        minutes.add(120_000, 0, 5);
        let shown: Vec<u64> = minutes.shown(120_000).iter().map(|minute| minute.at_ms).collect();
        assert_eq!(shown, [60_000, 120_000]);
    }

    /// The steady clock never goes back; if one did, nothing would be lost.
    #[test]
    fn an_earlier_time_counts_for_the_last_minute() {
        let mut minutes = Minutes::default();
        minutes.add(120_000, 0, 1);
        minutes.add(60_000, 0, 1);
        assert_eq!(minutes.shown(120_000).first().map(|minute| minute.cloud), Some(2));
    }
}
