//! What is put into a journal. To it a body is bytes: here, the name of the record.

use cutover::event::Kind;
use cutover::fate::Reason;
use cutover::format::{Format, Identities, Identity};
use cutover::journal::{ConsumerId, End, NewRecord};
use hyper::body::Bytes;

/// A record that never counts as known.
pub(crate) fn record(text: &str, lane: i64, to: &[ConsumerId]) -> NewRecord {
    NewRecord {
        source: Format::Cloud,
        kind: Kind::Message,
        lane,
        number: None,
        headers: String::new(),
        body: Bytes::copy_from_slice(text.as_bytes()),
        to: to.to_vec(),
        identities: Identities::default(),
    }
}

/// A record of these events.
pub(crate) fn of_events(text: &str, lane: i64, to: &[ConsumerId], events: &[&str]) -> NewRecord {
    let events = events.iter().map(|event| identity(event)).collect();
    NewRecord { identities: Identities { events, beside: None }, ..record(text, lane, to) }
}

/// A record of these events with errors beside them.
pub(crate) fn beside_errors(record: NewRecord, errors: &str) -> NewRecord {
    let identities = Identities { beside: Some(identity(errors)), ..record.identities };
    NewRecord { identities, ..record }
}

/// By what an event is known.
pub(crate) fn identity(text: &str) -> Identity {
    let mut identity = [0; 16];
    identity.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    identity
}

/// It is tried again at that time.
pub(crate) fn retry_at(due_ms: u64, attempts: u32) -> End {
    End::RetryAt { due_ms, attempts, progress: None, verdict: format!("refused {}", 500 + attempts) }
}

/// It is given up.
pub(crate) fn given_up() -> End {
    End::Buried { reason: Reason::GaveUp, attempts: 3, verdict: Some("refused 503".to_owned()) }
}
