//! What arrives: known events are told apart, the rest is put into the stream.

use super::broker::{BESIDE_BODY_BYTES, PATIENCE, Provided, Put, failing, silent};
use super::envelope::{Death, Envelope};
use super::look::full;
use super::{Inner, names};
use crate::fate::Reason;
use crate::format::{Identities, Identity};
use crate::journal::recalled::Recalled;
use crate::journal::{Appended, Arrival, ConsumerId, NewRecord, Trouble};
use crate::lock::lock;
use async_nats::HeaderMap;
use async_nats::jetstream::publish::PublishAck;
use data_encoding::HEXLOWER;
use futures_util::future::{join_all, try_join_all};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// So long an answer waits for what makes its webhook known to be written, too. It is safe by then; but what
/// comes again in another grouping may be taken for new where this is not to be had.
const REMEMBER_WITHIN: Duration = Duration::from_secs(3);

impl Inner {
    /// Puts an arrival into the stream; ready when all of it is acknowledged.
    pub(super) async fn append(self: &Arc<Self>, arrival: Arrival) -> Result<Appended, Trouble> {
        let Arrival { received_ms, records, room: _room } = arrival;
        if let Some(trouble) = lock(&self.trouble).clone() {
            // Whoever looks after the journal finds out when it is over; until then nothing piles up.
            return Err(trouble);
        }
        self.refuse_too_large(&records)?;
        // One event is known or not, and the server sees to that, within its window; of several it may be some.
        let was_away = self.is_awake();
        if was_away || records.iter().any(|record| record.identities.events.len() > 1) {
            self.learn_all().await?;
        }
        let recalled: Vec<Recalled> = {
            let known = lock(&self.known);
            records.iter().map(|record| known.recall(&record.identities, received_ms)).collect()
        };
        if recalled.iter().any(Recalled::is_partly) {
            return Ok(Appended::Partly(recalled.into_iter().map(|recalled| recalled.events).collect()));
        }
        let mut known: Vec<bool> = recalled.iter().map(Recalled::is_wholly).collect();
        let mut safe: Vec<usize> = Vec::new();
        let mut by_lane: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (at, record) in records.iter().enumerate().filter(|(at, _)| known.get(*at) == Some(&false)) {
            by_lane.entry(record.lane).or_default().push(at);
        }
        let deadline = Instant::now() + PATIENCE * 2;
        let lanes = by_lane.into_values().map(|lane| self.append_lane(&records, lane, received_ms, deadline));
        let mut trouble = None;
        for (written, why) in join_all(lanes).await {
            for (at, was_known) in written {
                if let Some(known) = known.get_mut(at) {
                    *known = was_known;
                }
                safe.push(at);
            }
            trouble = trouble.or(why);
        }
        // Also where the rest is not: then the platform's retry finds this part known.
        self.remember(safe.iter().filter_map(|at| records.get(*at)), received_ms).await;
        match trouble {
            None => Ok(Appended::Safe { known }),
            Some(trouble) => {
                self.suffer(trouble.clone());
                Err(trouble)
            }
        }
    }

    /// What the broker would not take is no trouble of the others.
    fn refuse_too_large(&self, records: &[NewRecord]) -> Result<(), Trouble> {
        let most = self.broker.client.server_info().max_payload;
        let largest = records.iter().map(|record| record.body.len() + record.headers.len()).max().unwrap_or_default();
        if largest + BESIDE_BODY_BYTES <= most {
            return Ok(());
        }
        tracing::error!(bytes = largest, max_payload = most, "a webhook is larger than a message of NATS may be");
        Err(failing(
            "a webhook is larger than a message may be: raise max_payload on the server above listen.max_body_bytes",
        ))
    }

    /// Records of one lane, one after the other: one that cannot be written must not be overtaken. Those that
    /// are safe, and whether all of their consumers had them; why the rest is not.
    async fn append_lane(
        &self,
        records: &[NewRecord],
        lane: Vec<usize>,
        received_ms: u64,
        deadline: Instant,
    ) -> (Vec<(usize, bool)>, Option<Trouble>) {
        let mut written = Vec::with_capacity(lane.len());
        for at in lane {
            let Some(record) = records.get(at) else { continue };
            let appended = tokio::time::timeout_at(deadline, self.append_one(record, received_ms)).await;
            match appended.unwrap_or_else(|_| Err(silent())) {
                Ok(was_known) => written.push((at, was_known)),
                Err(trouble) => return (written, Some(trouble)),
            }
        }
        (written, None)
    }

    /// One record, for each of its consumers. Says whether all of them have it already.
    async fn append_one(&self, record: &NewRecord, received_ms: u64) -> Result<bool, Trouble> {
        if record.to.is_empty() {
            return self.append_letter(record, received_ms).await;
        }
        let headers = Envelope::of(record, received_ms).to_headers();
        let copies = record.to.iter().map(|consumer| self.append_copy(record, *consumer, &headers));
        let were_known = try_join_all(copies).await?;
        Ok(were_known.into_iter().all(|known| known))
    }

    /// One record for one of its consumers. Says whether it has it already.
    async fn append_copy(
        &self,
        record: &NewRecord,
        consumer: ConsumerId,
        headers: &HeaderMap,
    ) -> Result<bool, Trouble> {
        let address = self.names.address(consumer, record.lane);
        let provided = Provided { id: Self::message_id(consumer, &record.identities), last: None };
        let published = self.broker.publish(self.names.owed(address), headers.clone(), record.body.clone(), provided);
        let ack = published.await.map_err(|trouble| self.explained(trouble))?;
        self.acknowledged(address.partition, &ack);
        Ok(ack.duplicate)
    }

    pub(super) fn acknowledged(&self, partition: u16, ack: &PublishAck) {
        if !ack.duplicate {
            let mut holdings = lock(&self.holdings);
            let last = holdings.acknowledged.entry(partition).or_default();
            *last = (*last).max(ack.sequence);
        }
    }

    /// What nobody is owed is a dead letter.
    async fn append_letter(&self, record: &NewRecord, received_ms: u64) -> Result<bool, Trouble> {
        let provided = Provided { id: Self::message_id(ConsumerId::NOBODY, &record.identities), last: Some(0) };
        loop {
            let id = names::placeless_id(received_ms, fastrand::u32(..));
            let dead = Some(Death::new(Reason::UnknownNumber, received_ms));
            let envelope = Envelope { id: Some(id), dead, ..Envelope::of(record, received_ms) };
            let subject = self.names.dead(ConsumerId::NOBODY, id);
            let put = self.broker.put_with(subject, envelope.to_headers(), record.body.clone(), provided.clone());
            match put.await? {
                (Put::At(_), was_known) => return Ok(was_known),
                // Another has this name by chance.
                (Put::Outrun, _) => {}
            }
        }
    }

    /// By what the server knows a record that comes again within its window, which is no longer than anything
    /// is remembered.
    fn message_id(consumer: ConsumerId, identities: &Identities) -> Option<String> {
        let Identities { events, beside } = identities;
        if events.is_empty() && beside.is_none() {
            return None;
        }
        let mut hash = Sha256::new().chain_update(consumer.0.to_be_bytes());
        events.iter().for_each(|event| hash.update(event));
        hash.update([u8::from(beside.is_some())]);
        beside.iter().for_each(|errors| hash.update(errors));
        Some(HEXLOWER.encode(hash.finalize().get(..16).unwrap_or_default()))
    }

    /// From now on it is known: here at once, to the others when it is written.
    async fn remember(self: &Arc<Self>, records: impl Iterator<Item = &NewRecord>, received_ms: u64) {
        let all = records.flat_map(|record| record.identities.events.iter().chain(&record.identities.beside));
        let new: Vec<(Identity, u64)> = {
            let mut known = lock(&self.known);
            let new: Vec<_> = all.filter(|identity| !known.contains(identity, received_ms)).copied().collect();
            new.iter().for_each(|identity| known.insert(*identity, received_ms));
            new.into_iter().map(|identity| (identity, received_ms)).collect()
        };
        if new.is_empty() {
            return;
        }
        let inner = Arc::clone(self);
        // It goes on when nobody waits for it any more.
        let written = tokio::spawn(async move { inner.write_known(new).await });
        if tokio::time::timeout(REMEMBER_WITHIN, written).await.is_err() {
            tracing::debug!("what makes a webhook known is written later");
        }
    }

    /// A full stream in the words of the configuration.
    fn explained(&self, trouble: Trouble) -> Trouble {
        match &trouble {
            Trouble::Failing(error) if error.contains("maximum bytes exceeded") => full(self.names.owed_stream()),
            _ => trouble,
        }
    }
}
