//! What makes a 200 a promise: every webhook is kept here before it is answered, until each of its
//! consumers has taken it.
//!
//! A journal appends what arrived, leases it out in the order of its lanes, and writes down how each
//! lease ended. It knows records, lanes, consumers and times; what is in a body and HTTP are nothing to it.
//! Times that a record lives by come as arguments; what a journal does by itself goes by its own clock.

mod embedded;
mod hold;
pub mod jetstream;
mod letter;
mod recalled;
mod record;

pub use embedded::{Embedded, OpenError, Settings};
pub use hold::Hold;
pub use jetstream::JetStream;
pub use letter::{Amount, Depth, Letter, LetterId, Selection, Step};
pub use record::{Arrival, ConsumerId, NewRecord, Record};

use crate::fate::Reason;
use crate::format::Identity;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// Why a journal does not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No room is left for what has to be written.
    #[error("the disk is full")]
    Full,
    /// What it keeps things in cannot be written or read.
    #[error("{0}")]
    Failing(String),
    /// It did not answer in time.
    #[error("the disk does not answer")]
    Stalled,
    /// A lease is lost: another process may deliver the record.
    #[error("another proxy holds this conversation now")]
    Lost,
    /// It was closed.
    #[error("the journal is closed")]
    Closed,
}

/// What became of an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// All of it is durable: what is new was written, what is known was written before.
    Safe {
        /// For each record, whether it was known already.
        known: Vec<bool>,
    },
    /// Nothing was written: of some records a part is known. For each record, which of its
    /// identities.
    Partly(Vec<Vec<bool>>),
}

/// A record on its way to a consumer. While it is out, nothing else of its lane is.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Who it is for.
    pub consumer: ConsumerId,
    /// The record.
    pub record: Arc<Record>,
    /// Its conversation.
    pub lane: i64,
    /// How many attempts were made at the request that comes next.
    pub attempts: u32,
    /// How many of its requests were delivered before, and which was the last of them.
    pub progress: Option<Progress>,
    /// Since when the consumer is owed it, in milliseconds since 1970.
    pub since_ms: u64,
    /// Whether the operator asked for it: rules that compare with what was before do not hold then.
    pub by_hand: bool,
    /// For how long it holds.
    pub hold: Hold,
}

/// How far a record of several requests has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// So many requests were delivered.
    pub done: u32,
    /// The delivery id of the last of them: if it is another when the record is prepared again, the
    /// count means nothing.
    pub last: String,
}

/// Some leases, and when there is more.
#[derive(Debug, Clone, Default)]
pub struct Leased {
    /// The leases.
    pub leases: Vec<Lease>,
    /// When the next parked record is due, in milliseconds since 1970.
    pub next_due_ms: Option<u64>,
    /// Whether more could be had at once.
    pub more: bool,
}

/// How a lease ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The consumer is owed it no longer: delivered, dropped or without a counterpart.
    Settled,
    /// It is tried again at that time; until then its lane is parked.
    RetryAt {
        /// Milliseconds since 1970.
        due_ms: u64,
        /// How many attempts were made by now.
        attempts: u32,
        /// How far it has got.
        progress: Option<Progress>,
        /// What the last attempt came to.
        verdict: String,
    },
    /// It is a dead letter.
    Buried {
        /// Why.
        reason: Reason,
        /// How many attempts were made.
        attempts: u32,
        /// What the last attempt came to, if there was one.
        verdict: Option<String>,
    },
    /// It was not tried at all.
    Released,
}

/// A lease that ended, and what goes with it: in one transaction, or in an order in which a crash repeats and
/// never loses.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The lease.
    pub lease: Lease,
    /// How it ended.
    pub end: End,
    /// Parts of it that are dead letters of their own.
    pub apart: Vec<Apart>,
    /// How far the consumer knows of messages now.
    pub advances: Vec<(Identity, u8)>,
    /// When, in milliseconds since 1970.
    pub now_ms: u64,
}

/// A part of a record that became a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// The part, a body in the format of the record.
    pub body: Vec<u8>,
    /// Why.
    pub reason: Reason,
}

/// A note: its name, and what it says.
pub type Note = (String, String);

/// Whether a journal can take anything, for readiness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vitals {
    /// It can.
    Well,
    /// It cannot, and why.
    Ill(Trouble),
}

/// The journals there are. Add one: a file, a variant, a line in `tests/journal/bench.rs`.
#[derive(Debug, Clone)]
pub enum Journal {
    /// A file of this process.
    Embedded(Embedded),
    /// Streams that several processes share.
    JetStream(JetStream),
}

impl Journal {
    /// What `journal.backend` calls it.
    #[must_use]
    pub const fn backend(&self) -> &'static str {
        match self {
            Journal::Embedded(_) => "embedded",
            Journal::JetStream(_) => "jetstream",
        }
    }

    /// How many partitions this process holds, and how many there are; `None` where it has all there is.
    #[must_use]
    pub fn partitions(&self) -> Option<(usize, usize)> {
        match self {
            Journal::Embedded(_) => None,
            Journal::JetStream(journal) => Some((journal.held(), journal.partitions())),
        }
    }

    /// How many other processes share it and deliver from it, as was seen last.
    #[must_use]
    pub fn others(&self) -> usize {
        match self {
            Journal::Embedded(_) => 0,
            Journal::JetStream(journal) => journal.others(),
        }
    }

    /// This process is about to end: it takes up nothing that others leave. What it has it keeps until it is
    /// closed.
    pub fn retire(&self) {
        match self {
            Journal::Embedded(_) => {}
            Journal::JetStream(journal) => journal.retire(),
        }
    }

    /// Gives consumers their ids, made up once for each name, and remembers how long each is waited
    /// for in milliseconds.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn register(&self, consumers: Vec<(String, u64)>) -> Result<Vec<ConsumerId>, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.register(consumers).await,
            Journal::JetStream(journal) => journal.register(consumers).await,
        }
    }

    /// Makes an arrival durable: all of it, before this is ready.
    ///
    /// # Errors
    /// When that cannot be promised. Then some of it may have been written all the same; the
    /// platform's retry finds that part known.
    pub async fn append(&self, arrival: Arrival) -> Result<Appended, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.append(arrival).await,
            Journal::JetStream(journal) => journal.append(arrival).await,
        }
    }

    /// Leases at most `most` records owed to a consumer, the next of as many lanes, none of a lane
    /// that is out or parked. `fresh_first` prefers what was never tried.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn lease(
        &self,
        consumer: ConsumerId,
        most: usize,
        fresh_first: bool,
        now_ms: u64,
    ) -> Result<Leased, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.lease(consumer, most, fresh_first, now_ms).await,
            Journal::JetStream(journal) => journal.lease(consumer, most, fresh_first, now_ms).await,
        }
    }

    /// How far a consumer knows of some messages, those of which it knows something.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn advances(
        &self,
        consumer: ConsumerId,
        messages: Vec<Identity>,
        now_ms: u64,
    ) -> Result<HashMap<Identity, u8>, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.advances(consumer, messages, now_ms).await,
            Journal::JetStream(journal) => journal.advances(consumer, messages, now_ms).await,
        }
    }

    /// Writes down how leases ended, in their order. It is durable a moment later; if it never gets
    /// there, the records are delivered again.
    pub fn settle(&self, settlements: Vec<Settlement>) {
        match self {
            Journal::Embedded(journal) => journal.settle(settlements),
            Journal::JetStream(journal) => journal.settle(settlements),
        }
    }

    /// Told when there may be something to lease for a consumer.
    #[must_use]
    pub fn wake_of(&self, consumer: ConsumerId) -> Arc<Notify> {
        match self {
            Journal::Embedded(journal) => journal.wake_of(consumer),
            Journal::JetStream(journal) => journal.wake_of(consumer),
        }
    }

    /// Whether it can take anything now.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        match self {
            Journal::Embedded(journal) => journal.vitals(),
            Journal::JetStream(journal) => journal.vitals(),
        }
    }

    /// What is owed to each consumer that it knows of.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn depths(&self, now_ms: u64) -> Result<Vec<Depth>, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.depths(now_ms).await,
            Journal::JetStream(journal) => journal.depths(now_ms).await,
        }
    }

    /// A page of dead letters, or of what is still waiting, from `after` on.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn letters(&self, waiting: bool, after: Option<LetterId>, most: usize) -> Result<Vec<Letter>, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.letters(waiting, after, most).await,
            Journal::JetStream(journal) => journal.letters(waiting, after, most).await,
        }
    }

    /// One dead letter or waiting record, with what it holds.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn letter(&self, id: LetterId) -> Result<Option<(Letter, Record)>, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.letter(id).await,
            Journal::JetStream(journal) => journal.letter(id).await,
        }
    }

    /// Puts a dead letter at the end of its lane again, for its consumer or for others in its place.
    /// `false`: there is none of this id, or nobody to put it back to.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn revive(&self, id: LetterId, to: Vec<ConsumerId>, now_ms: u64) -> Result<bool, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.revive(id, to, now_ms).await,
            Journal::JetStream(journal) => journal.revive(id, to, now_ms).await,
        }
    }

    /// Forgets a dead letter. `false`: there is none of this id.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn drop_letter(&self, id: LetterId) -> Result<bool, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.drop_letter(id).await,
            Journal::JetStream(journal) => journal.drop_letter(id).await,
        }
    }

    /// Makes a waiting record a dead letter. `false`: there is none of this id, or it is being
    /// delivered right now.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn bury(&self, id: LetterId, now_ms: u64) -> Result<bool, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.bury(id, now_ms).await,
            Journal::JetStream(journal) => journal.bury(id, now_ms).await,
        }
    }

    /// Owes a consumer again what it was given since a time, each at the end of its lane; a step of
    /// it, from where the last one ended.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn owe_again(&self, selection: Selection, now_ms: u64) -> Result<Amount, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.owe_again(selection, now_ms).await,
            Journal::JetStream(journal) => journal.owe_again(selection, now_ms).await,
        }
    }

    /// Keeps notes under their names, each in the place of the one before. They are nobody's records, and
    /// whoever writes them says what they mean.
    ///
    /// # Errors
    /// When the journal cannot be written, or has little room.
    pub async fn keep(&self, notes: Vec<Note>) -> Result<(), Trouble> {
        match self {
            Journal::Embedded(journal) => journal.keep(notes).await,
            Journal::JetStream(journal) => journal.keep(notes).await,
        }
    }

    /// All notes that are kept.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn kept(&self) -> Result<Vec<Note>, Trouble> {
        match self {
            Journal::Embedded(journal) => journal.kept().await,
            Journal::JetStream(journal) => journal.kept().await,
        }
    }

    /// Writes down what is settled and closes; what comes later is refused.
    pub async fn close(&self) {
        match self {
            Journal::Embedded(journal) => journal.close().await,
            Journal::JetStream(journal) => journal.close().await,
        }
    }
}
