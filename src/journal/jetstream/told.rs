//! How far consumers know of messages: what the rule `forward_only` compares.
//!
//! Written beside each ending, and read again by whoever holds the partition next.

use super::Inner;
use super::broker::Stored;
use super::names::Address;
use crate::clock;
use crate::format::Identity;
use crate::journal::{ConsumerId, Settlement, Trouble};
use crate::lock::lock;
use std::collections::HashMap;

/// What a holder knows of its consumers: a rank, and since when.
pub(super) type Told = HashMap<(ConsumerId, Identity), (u8, u64)>;

/// Never less than it was, unless that is forgotten.
fn note(told: &mut Told, key: (ConsumerId, Identity), (rank, at_ms): (u8, u64), remember_ms: u64) {
    let known = told.entry(key).or_insert((rank, at_ms));
    let is_forgotten = known.1 < at_ms.saturating_sub(remember_ms);
    *known = (if is_forgotten { rank } else { known.0.max(rank) }, known.1.max(at_ms));
}

/// Takes in what a message holds: identity, rank and time of each.
fn read(stored: &Stored, told: &mut Told, now_ms: u64, remember_ms: u64) {
    let consumer = stored.subject.rsplit('.').nth(1).and_then(|id| id.parse().ok()).map(ConsumerId);
    let Some(consumer) = consumer else { return };
    for entry in stored.payload.chunks_exact(25) {
        let Some((identity, rest)) = entry.split_first_chunk::<16>() else { continue };
        let Some((at_ms, [rank])) = rest.split_first_chunk::<8>() else { continue };
        let at_ms = u64::from_be_bytes(*at_ms);
        if at_ms >= now_ms.saturating_sub(remember_ms) {
            note(told, (consumer, *identity), (*rank, at_ms.min(now_ms)), remember_ms);
        }
    }
}

/// Reads what a partition's consumers were told: a page at a time, for there may be much of it.
pub(super) async fn learn(inner: &Inner, partition: u16) -> Result<Told, Trouble> {
    let (stream, subject) = (inner.names.known_stream(), inner.names.below(&format!("told.*.{partition}")));
    let mut told = Told::new();
    let see = |stored| read(&stored, &mut told, clock::steady_ms(), inner.remember_ms());
    inner.broker.each_stored(&stream, &subject, see).await?;
    Ok(told)
}

/// Forgets what is too old.
pub(super) fn forget(told: &mut Told, now_ms: u64, remember_ms: u64) {
    told.retain(|_, (_, at_ms)| *at_ms >= now_ms.saturating_sub(remember_ms));
}

impl Inner {
    /// Takes in what an ending says, for who asks next.
    pub(super) fn tell(&self, told: &mut Told, settlement: &Settlement) {
        for (identity, rank) in &settlement.advances {
            note(told, (settlement.lease.consumer, *identity), (*rank, settlement.now_ms), self.remember_ms());
        }
    }

    /// Writes it down.
    pub(super) async fn write_told(&self, address: Address, settlement: &Settlement) -> Result<(), Trouble> {
        if settlement.advances.is_empty() {
            return Ok(());
        }
        let one = |(identity, rank): &(Identity, u8)| {
            [identity.as_slice(), &settlement.now_ms.to_be_bytes(), &[*rank]].concat()
        };
        let payload: Vec<u8> = settlement.advances.iter().flat_map(one).collect();
        let subject = self.names.told(address.consumer, address.partition);
        self.broker.say(subject, payload).await?;
        Ok(())
    }

    pub(super) fn advances(&self, consumer: ConsumerId, messages: &[Identity], now_ms: u64) -> HashMap<Identity, u8> {
        let least_ms = now_ms.saturating_sub(self.remember_ms());
        let holdings = lock(&self.holdings);
        let mut found = HashMap::new();
        for message in messages {
            let known = holdings.partitions.values().filter_map(|held| held.told.get(&(consumer, *message)));
            let rank = known.filter(|(_, at_ms)| *at_ms >= least_ms).map(|(rank, _)| *rank).max();
            if let Some(rank) = rank {
                found.insert(*message, rank);
            }
        }
        found
    }

    pub(super) fn remember_ms(&self) -> u64 {
        clock::millis(self.settings.kept.remember)
    }
}
