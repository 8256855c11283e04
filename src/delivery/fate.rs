//! The one place that decides what becomes of a record, once it is known what came of it.

use super::{Retry, Verdict};
use crate::clock::millis;
use crate::fate::Reason;
use crate::journal::{Apart, End, Progress};
use std::time::Duration;

/// What came of carrying a record to its consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Carried {
    /// Everything that is to be said was said. Parts of it go their own way.
    Through {
        /// Those that are dead letters of their own.
        apart: Vec<Apart>,
    },
    /// It cannot be said at all.
    Hopeless(Reason),
    /// One of its requests was not taken.
    Refused {
        /// What the attempt came to.
        verdict: Verdict,
        /// How many attempts at this request were made by now.
        attempts: u32,
        /// How far the record has got.
        progress: Option<Progress>,
    },
}

/// What the decision depends on, beside what came of the record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances<'s> {
    /// The consumer's schedule.
    pub(super) retry: &'s Retry,
    /// Since when it is owed, in milliseconds since 1970.
    pub(super) since_ms: u64,
    /// Now, in milliseconds since 1970.
    pub(super) now_ms: u64,
    /// Until when its consumer, being down, is not asked at all.
    pub(super) down_until_ms: Option<u64>,
    /// From 0 to 1.
    pub(super) random: f64,
}

/// What becomes of a record. Nothing is given up that was not tried.
#[must_use]
pub(super) fn decide(carried: Carried, circumstances: Circumstances<'_>) -> (End, Vec<Apart>) {
    let Circumstances { retry, since_ms, now_ms, down_until_ms, random } = circumstances;
    match carried {
        Carried::Through { apart } => (End::Settled, apart),
        Carried::Hopeless(reason) => (End::Buried { reason, attempts: 0, verdict: None }, Vec::new()),
        Carried::Refused { verdict, attempts, .. }
            if now_ms.saturating_sub(since_ms) >= millis(retry.give_up_after) =>
        {
            let verdict = Some(verdict.to_string());
            (End::Buried { reason: Reason::GaveUp, attempts, verdict }, Vec::new())
        }
        Carried::Refused { verdict, attempts, progress } => {
            let asked = verdict.retry_after().map(Duration::from_secs);
            let own = now_ms.saturating_add(millis(retry.pause(attempts, random, asked)));
            // What fails because the consumer is down is not held against the conversation.
            let due_ms = down_until_ms.unwrap_or(own);
            (End::RetryAt { due_ms, attempts, progress, verdict: verdict.to_string() }, Vec::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(since_ms: u64, down_until_ms: Option<u64>, retry_after: Option<u64>) -> End {
        let retry = Retry { give_up_after: Duration::from_secs(10), ..Retry::default() };
        let carried =
            Carried::Refused { verdict: Verdict::Refused { status: 503, retry_after }, attempts: 2, progress: None };
        decide(carried, Circumstances { retry: &retry, since_ms, now_ms: 20_000, down_until_ms, random: 0.5 }).0
    }

    fn due(end: End) -> Option<u64> {
        match end {
            End::RetryAt { due_ms, .. } => Some(due_ms),
            End::Settled | End::Buried { .. } | End::Released => None,
        }
    }

    #[test]
    fn a_refusal_is_retried_by_the_schedule_of_the_record_or_of_its_consumer() {
        assert_eq!(due(refused(19_000, None, None)), Some(21_000));
        assert_eq!(due(refused(19_000, None, Some(7))), Some(27_000));
        assert_eq!(due(refused(19_000, Some(25_000), None)), Some(25_000));
    }

    #[test]
    fn after_a_while_it_is_given_up() {
        let end = refused(10_000, Some(25_000), Some(7));
        assert!(matches!(end, End::Buried { reason: Reason::GaveUp, attempts: 2, verdict: Some(_) }), "{end:?}");
    }
}
