//! Dead letters and waiting records, as the operator sees them. What they hold is shown only when one
//! of them is asked for by name.

use super::ConsumerId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The name of a letter: its record and its consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LetterId {
    pub(super) record: i64,
    pub(super) consumer: ConsumerId,
}

impl LetterId {
    /// Whom it is for.
    #[must_use]
    pub const fn consumer(self) -> ConsumerId {
        self.consumer
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.record, self.consumer.0)
    }
}

impl FromStr for LetterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('-').and_then(|(record, consumer)| {
            Some(LetterId { record: record.parse().ok()?, consumer: ConsumerId(consumer.parse().ok()?) })
        });
        parts.ok_or_else(|| format!("{text:?} is no id of a dead letter: `cutover dead-letters list` shows them"))
    }
}

/// A dead letter, or a record that waits. It names no user and holds no body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its name.
    pub id: String,
    /// Whom it is for; empty where nobody is.
    pub consumer: String,
    /// Why it is here; empty for a record that waits.
    pub reason: String,
    /// The format it came in.
    pub source: String,
    /// What it is about.
    pub kind: String,
    /// How large its body is.
    pub bytes: u64,
    /// When it arrived, in milliseconds since 1970.
    pub received_ms: u64,
    /// When it was buried, or is tried again, in milliseconds since 1970; 0 for one that waits for its
    /// turn.
    pub at_ms: u64,
    /// How many attempts were made.
    pub attempts: u32,
    /// What the last of them came to.
    pub verdict: Option<String>,
}

/// What is owed to a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    /// The consumer's name.
    pub consumer: String,
    /// Waiting for their turn.
    pub ready: u64,
    /// On their way.
    pub in_flight: u64,
    /// Waiting for the time of their next attempt.
    pub parked: u64,
    /// Dead letters.
    pub dead: u64,
    /// For how long the oldest of those that are owed has been owed, in milliseconds.
    pub oldest_ms: u64,
}

/// What is to be delivered once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// To whom.
    pub consumer: ConsumerId,
    /// What arrived from then on, in milliseconds since 1970.
    pub since_ms: u64,
    /// Where the step before ended, if there was one.
    pub from: Option<Step>,
}

/// How far a selection has been worked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub(super) next: i64,
    pub(super) last: i64,
}

/// What a step has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// So many records are owed again.
    pub records: u64,
    /// Where to go on; `None` when that was all.
    pub rest: Option<Step>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = LetterId { record: 1042, consumer: ConsumerId(3) };
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "-", "1042", "x-1", "1042-crm"] {
            assert!(wrong.parse::<LetterId>().is_err(), "{wrong}");
        }
    }
}
