//! What things are called on the broker: streams, subjects, and the token of a conversation.
//!
//! A conversation's token is a keyed hash: subjects show up in monitoring and in logs of the broker, and
//! a hash without a key gives a phone number away to whoever tries them all.

use crate::journal::ConsumerId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A record's id leaves so much room for the parts of it that become letters of their own.
const PARTS: i64 = 1_000_000;

/// The names under one stream.
#[derive(Debug, Clone)]
pub(super) struct Names {
    stream: String,
    partitions: u16,
    key: [u8; 32],
}

/// What a subject says of a record that is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) partition: u16,
    pub(super) consumer: ConsumerId,
    /// The conversation.
    pub(super) token: u64,
}

impl Names {
    pub(super) const fn new(stream: String, partitions: u16, key: [u8; 32]) -> Self {
        Self { stream, partitions, key }
    }

    pub(super) const fn partitions(&self) -> u16 {
        self.partitions
    }

    /// The partition whose turn it is.
    pub(super) fn turn(&self, count: u64) -> u16 {
        // At least one partition: the configuration sees to that.
        u16::try_from(count % u64::from(self.partitions.max(1))).unwrap_or_default()
    }

    /// Where a conversation's records for a consumer are.
    pub(super) fn address(&self, consumer: ConsumerId, lane: i64) -> Address {
        let token = self.token(lane);
        Address { partition: self.turn(token), consumer, token }
    }

    fn token(&self, lane: i64) -> u64 {
        let mut mac = keyed(&self.key);
        mac.update(&lane.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// The stream of what is owed.
    pub(super) fn owed_stream(&self) -> &str {
        &self.stream
    }

    pub(super) fn dead_stream(&self) -> String {
        format!("{}_DEAD", self.stream)
    }

    pub(super) fn delivered_stream(&self) -> String {
        format!("{}_DELIVERED", self.stream)
    }

    pub(super) fn known_stream(&self) -> String {
        format!("{}_KNOWN", self.stream)
    }

    pub(super) fn state_stream(&self) -> String {
        format!("{}_STATE", self.stream)
    }

    pub(super) fn claims_stream(&self) -> String {
        format!("{}_CLAIMS", self.stream)
    }

    /// Subjects below the stream's name, such as `state.consumers`.
    pub(super) fn below(&self, what: &str) -> String {
        format!("{}.{what}", self.stream)
    }

    pub(super) fn owed(&self, address: Address) -> String {
        let Address { partition, consumer, token } = address;
        format!("{}.owed.{partition}.{}.{token:016x}", self.stream, consumer.0)
    }

    /// Everything that is owed in a partition.
    pub(super) fn owed_in(&self, partition: u16) -> String {
        format!("{}.owed.{partition}.>", self.stream)
    }

    /// Everything that a consumer is owed.
    pub(super) fn owed_to(&self, consumer: ConsumerId) -> String {
        format!("{}.owed.*.{}.>", self.stream, consumer.0)
    }

    pub(super) fn dead(&self, consumer: ConsumerId, record: i64) -> String {
        format!("{}.dead.{}.{record}", self.stream, consumer.0)
    }

    pub(super) fn dead_of(&self, consumer: ConsumerId) -> String {
        format!("{}.dead.{}.*", self.stream, consumer.0)
    }

    pub(super) fn delivered(&self, consumer: ConsumerId) -> String {
        format!("{}.delivered.{}", self.stream, consumer.0)
    }

    pub(super) fn told(&self, consumer: ConsumerId, partition: u16) -> String {
        format!("{}.told.{}.{partition}", self.stream, consumer.0)
    }

    pub(super) fn tries(&self, partition: u16, sequence: u64) -> String {
        format!("{}.tries.{partition}.{sequence}", self.stream)
    }

    pub(super) fn claim(&self, partition: u16) -> String {
        format!("{}.claim.{partition}", self.stream)
    }

    pub(super) fn member(&self, id: &str) -> String {
        format!("{}.member.{id}", self.stream)
    }

    /// Where whoever holds a partition is asked.
    pub(super) fn ask(&self, partition: u16) -> String {
        format!("{}.ask.{partition}", self.stream)
    }
}

/// HMAC takes a key of any length.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    Hmac::<Sha256>::new_from_slice(key).expect("a key of any length")
}

/// The last parts of a subject.
fn tail<const N: usize>(subject: &str) -> Option<[&str; N]> {
    let mut parts: Vec<&str> = subject.rsplitn(N + 1, '.').take(N).collect();
    parts.reverse();
    parts.try_into().ok()
}

/// Reads the subject of a record that is owed.
pub(super) fn address(subject: &str) -> Option<Address> {
    let [partition, consumer, token] = tail(subject)?;
    Some(Address {
        partition: partition.parse().ok()?,
        consumer: ConsumerId(consumer.parse().ok()?),
        token: u64::from_str_radix(token, 16).ok()?,
    })
}

/// Reads the subject of a dead letter: its consumer and its record.
pub(super) fn letter(subject: &str) -> Option<(ConsumerId, i64)> {
    let [consumer, record] = tail(subject)?;
    Some((ConsumerId(consumer.parse().ok()?), record.parse().ok()?))
}

/// Reads a number at the end of a subject: a partition that is claimed, a record that was tried.
pub(super) fn number(subject: &str) -> Option<u64> {
    let [number] = tail(subject)?;
    number.parse().ok()
}

/// The last word of a subject.
pub(super) fn last(subject: &str) -> &str {
    subject.rsplit('.').next().unwrap_or_default()
}

/// The id of a record by its place in the stream.
pub(super) fn record_id(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX / PARTS).saturating_mul(PARTS)
}

/// The id of a part of a record, counted from 0.
pub(super) fn part_id(record: i64, part: usize) -> i64 {
    record.saturating_add(i64::try_from(part).unwrap_or(PARTS).saturating_add(1))
}

/// The id of what never had a place in the stream: when it came, and something to tell it from others.
pub(super) fn placeless_id(received_ms: u64, random: u32) -> i64 {
    let at = i64::try_from(received_ms).unwrap_or(i64::MAX / PARTS);
    at.saturating_mul(PARTS).saturating_add(i64::from(random) % PARTS)
}

/// The place in the stream of a record that has one.
pub(super) fn sequence(record: i64) -> Option<u64> {
    (record > 0 && record % PARTS == 0).then(|| u64::try_from(record / PARTS).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new("S".to_owned(), 16, [7; 32])
    }

    #[test]
    fn subjects_are_read_as_they_are_written() {
        let names = names();
        let address_of = names.address(ConsumerId(3), -77);
        assert_eq!(address(&names.owed(address_of)), Some(address_of));
        assert_eq!(letter(&names.dead(ConsumerId(3), 42)), Some((ConsumerId(3), 42)));
        assert_eq!(number(&names.tries(1, 99)), Some(99));
        assert_eq!(address("S.owed.x.1.0"), None);
    }

    #[test]
    fn a_token_depends_on_the_key() {
        let (one, other) = (names(), Names::new("S".to_owned(), 16, [8; 32]));
        let consumer = ConsumerId(1);
        assert_eq!(one.address(consumer, 5), one.address(consumer, 5));
        assert_ne!(one.address(consumer, 5).token, other.address(consumer, 5).token);
    }

    #[test]
    fn ids_lead_back_to_their_places() {
        let record = record_id(57);
        assert_eq!(sequence(record), Some(57));
        assert!(part_id(record, 0) > record && sequence(part_id(record, 0)).is_none());
        assert!(record_id(58) > part_id(record, 100_000));
        assert!(placeless_id(1_764_000_000_000, 999_999) > 0);
    }
}
