//! What stands beside a body on the broker: one header, JSON, of this version.
//!
//! Words that a later version may have written are no reason to lose a body: what cannot be read is
//! taken for the usual.

use super::held::Cached;
use super::names;
use crate::event::Kind;
use crate::fate::Reason;
use crate::format::{Format, Identities, Identity};
use crate::journal::{NewRecord, Record};
use async_nats::HeaderMap;
use data_encoding::BASE64;
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The header.
const HEADER: &str = "Cutover-Record";
/// More do not stand beside a body.
const MOST_IDENTITIES: usize = 500;

/// A record without its body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Envelope {
    /// When it arrived; all times are milliseconds since 1970.
    pub(super) received: u64,
    /// Since when the consumer is owed it.
    pub(super) since: u64,
    /// Its conversation. It is no secret here: the body says more.
    pub(super) lane: i64,
    pub(super) source: String,
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) headers: String,
    /// The record it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<i64>,
    /// Its id, where its place does not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<i64>,
    /// What the copies for several consumers have in common: a name for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) common: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) by_hand: bool,
    /// Whether what it holds is retained with another record.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) retained: bool,
    /// By what its events are known, for whoever follows it: who accepted it may not have lived to say so. None
    /// where they are many, and none where several consumers are owed it: some of them may not have it yet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) identities: String,
    /// When it was delivered, once it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delivered: Option<u64>,
    /// Why it is a dead letter, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dead: Option<Death>,
}

/// How a record became a dead letter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Death {
    pub(super) reason: String,
    pub(super) at: u64,
    pub(super) attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<String>,
}

impl Death {
    pub(super) fn new(reason: Reason, at_ms: u64) -> Self {
        Self { reason: reason.label().to_owned(), at: at_ms, attempts: 0, verdict: None }
    }
}

fn written(identities: &Identities) -> String {
    let Identities { events, beside } = identities;
    if events.len() > MOST_IDENTITIES {
        return String::new();
    }
    BASE64.encode(&events.iter().chain(beside).copied().collect::<Vec<_>>().concat())
}

impl Envelope {
    /// Of what has just arrived.
    pub(super) fn of(new: &NewRecord, received_ms: u64) -> Self {
        let is_sole = new.to.len() == 1;
        Self {
            received: received_ms,
            since: received_ms,
            lane: new.lane,
            source: new.source.label().to_owned(),
            kind: new.kind.label().to_owned(),
            number: new.number.clone(),
            headers: new.headers.clone(),
            common: (new.to.len() > 1).then(|| names::placeless_id(received_ms, fastrand::u32(..))),
            identities: if is_sole { written(&new.identities) } else { String::new() },
            ..Self::default()
        }
    }

    /// Of a record that was leased; it keeps its id wherever it goes.
    pub(super) fn kept(record: &Record, lane: i64) -> Self {
        Self {
            received: record.received_ms,
            since: record.received_ms,
            lane,
            source: record.source.label().to_owned(),
            kind: record.kind.label().to_owned(),
            number: record.number.clone(),
            headers: record.headers.clone(),
            origin: record.origin,
            id: Some(record.id),
            retained: record.retained,
            ..Self::default()
        }
    }

    /// By what its events are known.
    pub(super) fn known_by(&self) -> Vec<Identity> {
        let bytes = BASE64.decode(self.identities.as_bytes()).unwrap_or_default();
        bytes.chunks_exact(size_of::<Identity>()).filter_map(|identity| identity.try_into().ok()).collect()
    }

    /// Of the same record, owed once more; `id` is what it was called.
    pub(super) fn again(self, id: i64, now_ms: u64) -> Self {
        let origin = self.origin.or(Some(id));
        let identities = String::new();
        Self { since: now_ms, origin, id: None, by_hand: true, identities, delivered: None, dead: None, ..self }
    }

    /// The record, of this id unless it has one of its own.
    pub(super) fn record(self, id: i64, body: Bytes) -> Record {
        let id = self.id.unwrap_or(id);
        Record {
            id,
            common_id: self.common.unwrap_or(id),
            received_ms: self.received,
            source: self.source.parse().unwrap_or(Format::Cloud),
            kind: Kind::named(&self.kind).unwrap_or(Kind::Other),
            number: self.number,
            headers: self.headers,
            origin: self.origin,
            sole: true,
            retained: self.retained,
            body,
        }
    }

    /// The record at a place of the stream, as it is leased.
    pub(super) fn cached(self, partition: u16, sequence: u64, body: Bytes) -> Cached {
        let (lane, by_hand) = (self.lane, self.by_hand);
        Cached { partition, record: Arc::new(self.record(names::record_id(sequence), body)), lane, by_hand }
    }

    /// The header that says it.
    pub(super) fn to_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        // A plain structure of numbers and text is always JSON.
        headers.insert(HEADER, serde_json::to_string(self).unwrap_or_default());
        headers
    }

    /// What a message says; `None` for one that is no record of ours.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let said = headers.get(HEADER).and_then(|value| serde_json::from_str(value.as_str()).ok());
        if said.is_none() {
            tracing::error!("a message in the journal's stream is not the journal's: it is left alone");
        }
        said
    }
}
