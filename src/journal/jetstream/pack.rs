//! Several delivered records in one message: a line of JSON that says what they are, then their bodies.
//!
//! They are written by the thousand and read when an operator asks. Pure.

use super::envelope::Envelope;
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};

/// So much in one message; a record that is larger has a message of its own.
const BYTES: usize = 16 << 10;
/// What a record takes beside its body and its headers, about.
const BESIDE_BYTES: usize = 400;

/// Records that share a message.
#[derive(Debug, Default)]
pub(super) struct Pack {
    entries: Vec<Entry>,
    bodies: Vec<u8>,
    bytes: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    envelope: Envelope,
    bytes: usize,
}

impl Pack {
    /// Puts a record behind those that are there.
    pub(super) fn put(packs: &mut Vec<Pack>, envelope: Envelope, body: &[u8]) {
        let bytes = body.len() + envelope.headers.len() + BESIDE_BYTES;
        let has_room = packs.last().is_some_and(|pack| pack.bytes + bytes <= BYTES);
        if !has_room {
            packs.push(Pack::default());
        }
        if let Some(pack) = packs.last_mut() {
            pack.bytes += bytes;
            pack.entries.push(Entry { envelope, bytes: body.len() });
            pack.bodies.extend_from_slice(body);
        }
    }

    /// By what it is known if it is written twice.
    pub(super) fn name(&self) -> Option<String> {
        let first = self.entries.first()?.envelope.id?;
        Some(format!("delivered {first} {}", self.entries.len()))
    }

    pub(super) fn to_payload(&self) -> Vec<u8> {
        // Plain structures of numbers and text are always JSON.
        let mut payload = serde_json::to_vec(&self.entries).unwrap_or_default();
        payload.push(b'\n');
        payload.extend_from_slice(&self.bodies);
        payload
    }
}

/// The records of a message, in their order.
pub(super) fn unpack(payload: &Bytes) -> Vec<(Envelope, Bytes)> {
    let Some(end) = payload.iter().position(|byte| *byte == b'\n') else { return Vec::new() };
    let entries: Vec<Entry> = serde_json::from_slice(payload.get(..end).unwrap_or_default()).unwrap_or_default();
    let mut at = end + 1;
    let bodies = entries.into_iter().map(|entry| {
        let until = (at + entry.bytes).min(payload.len());
        let body = payload.slice(at.min(until)..until);
        at = until;
        (entry.envelope, body)
    });
    bodies.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_in_its_order() {
        let mut packs = Vec::new();
        let bodies = [b"one\n".to_vec(), Vec::new(), vec![b'x'; BYTES], b"four".to_vec()];
        for (id, body) in bodies.iter().enumerate() {
            Pack::put(&mut packs, Envelope { id: Some(id as i64), ..Envelope::default() }, body);
        }
        assert_eq!(packs.iter().map(|pack| pack.entries.len()).collect::<Vec<_>>(), [2, 1, 1]);
        let unpacked: Vec<_> = packs.iter().flat_map(|pack| unpack(&pack.to_payload().into())).collect();
        let ids: Vec<_> = unpacked.iter().map(|(envelope, _)| envelope.id).collect();
        assert_eq!(ids, [Some(0), Some(1), Some(2), Some(3)]);
        assert!(unpacked.iter().zip(&bodies).all(|((_, unpacked), body)| unpacked == body));
        assert!(unpack(&Bytes::from_static(b"no pack")).is_empty());
    }
}
