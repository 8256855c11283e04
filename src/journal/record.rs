//! A record: what arrived for one conversation in one webhook, as it came.

use crate::event::Kind;
use crate::format::{Format, Identities};
use hyper::body::Bytes;
use tokio::sync::OwnedSemaphorePermit;

/// A consumer as the journal knows it: a number given once for its name, and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerId(pub(super) i64);

impl ConsumerId {
    /// Who owns the letters that nobody is owed: those of unknown numbers.
    pub const NOBODY: ConsumerId = ConsumerId(0);
}

/// What is to be kept of one conversation of a webhook.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// The format it came in.
    pub source: Format,
    /// What it is about.
    pub kind: Kind,
    /// Its conversation.
    pub lane: i64,
    /// The number its request named, where the body cannot.
    pub number: Option<String>,
    /// Headers of its request that may go along, a line each.
    pub headers: String,
    /// The body.
    pub body: Bytes,
    /// Who is owed it; nobody means an unknown number.
    pub to: Vec<ConsumerId>,
    /// By what its events are known; none means that it never counts as known.
    pub identities: Identities,
}

/// Everything one webhook leaves behind.
#[derive(Debug)]
pub struct Arrival {
    /// When it arrived, in milliseconds since 1970.
    pub received_ms: u64,
    /// Its records, in the order of the body.
    pub records: Vec<NewRecord>,
    /// The room its body takes; given back when it is written, however long that takes.
    pub room: Option<OwnedSemaphorePermit>,
}

/// A record that was kept.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its place in the order of everything that was accepted.
    pub id: i64,
    /// What it is called with all of its consumers, each of which may have a copy with an id of its own. Later
    /// ones are greater.
    pub common_id: i64,
    /// When it arrived, in milliseconds since 1970.
    pub received_ms: u64,
    /// The format it came in.
    pub source: Format,
    /// What it is about.
    pub kind: Kind,
    /// The number its request named, where the body cannot.
    pub number: Option<String>,
    /// Headers of its request that may go along, a line each.
    pub headers: String,
    /// The record it repeats, where the operator asked for it once more.
    pub origin: Option<i64>,
    /// Whether only one consumer was ever owed it.
    pub(super) sole: bool,
    /// Whether what it holds is retained with another record: it repeats one that was delivered, or was a
    /// part of one.
    pub(super) retained: bool,
    /// The body.
    pub body: Bytes,
}

impl Record {
    /// What stays the same when it is delivered again: the place of the first of its kind, and when
    /// that arrived.
    #[must_use]
    pub fn seed(&self) -> (i64, u64) {
        (self.origin.unwrap_or(self.id), self.received_ms)
    }
}
