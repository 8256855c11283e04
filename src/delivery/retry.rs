//! When a record is tried again: pure, with the randomness passed in.

use std::time::Duration;

/// `[consumer.retry]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The longest pause after the first attempt; it doubles with each that follows.
    pub first: Duration,
    /// The longest pause of all, also when the consumer asks for a longer one.
    pub max: Duration,
    /// How long after it was accepted a record becomes a dead letter.
    pub give_up_after: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            max: Duration::from_secs(15 * 60),
            give_up_after: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

impl Retry {
    /// The pause after `attempts` attempts, with full jitter: anything from nothing to a ceiling that
    /// doubles. `random` is from 0 to 1. What the consumer asked for is a floor, within `max`.
    #[must_use]
    pub fn pause(&self, attempts: u32, random: f64, asked: Option<Duration>) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1).min(31));
        let ceiling = self.first.saturating_mul(doubled).min(self.max);
        let jittered = ceiling.mul_f64(random.clamp(0.0, 1.0));
        jittered.max(asked.unwrap_or_default().min(self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn retry(first_ms: u64, max_ms: u64) -> Retry {
        Retry { first: Duration::from_millis(first_ms), max: Duration::from_millis(max_ms), ..Retry::default() }
    }

    proptest! {
        #[test]
        fn within_a_ceiling_that_doubles(first in 1_u64..10_000, max in 1_u64..1_000_000, attempts in 1_u32..200, random in 0.0..=1.0) {
            let retry = retry(first, max);
            let most = retry.pause(attempts, 1.0, None);
            prop_assert!(most <= retry.max);
            prop_assert!(most <= retry.pause(attempts + 1, 1.0, None));
            prop_assert!(retry.pause(attempts, random, None) <= most);
            prop_assert_eq!(retry.pause(attempts, 0.0, None), Duration::ZERO);
        }

        #[test]
        fn what_the_consumer_asks_for_is_kept_within_bounds(asked in 0_u64..10_000_000, random in 0.0..=1.0) {
            let retry = retry(1_000, 60_000);
            let pause = retry.pause(1, random, Some(Duration::from_millis(asked)));
            prop_assert!(pause >= Duration::from_millis(asked).min(retry.max) && pause <= retry.max);
        }
    }
}
