//! Dead letters and what waits, as the operator asks for them, at whichever process.

use super::broker::{Provided, Stored, failing};
use super::envelope::{Death, Envelope};
use super::lanes::Tries;
use super::settle::bury_held;
use super::{Inner, names};
use crate::fate::Reason;
use crate::journal::{ConsumerId, Letter, LetterId, Record, Trouble};
use crate::lock::lock;
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt};
use std::sync::Arc;
use std::time::Duration;

/// So long the holder of a partition is asked.
const ASK_WITHIN: Duration = Duration::from_secs(5);
/// So many letters are read at the same time.
const AT_ONCE: usize = 32;
/// What it says.
const DONE: &[u8] = b"done";
const NOT_DONE: &[u8] = b"not done";

impl Inner {
    /// Dead letters in the order of consumer, then record.
    pub(super) async fn dead(&self, after: Option<LetterId>, most: usize) -> Result<Vec<Letter>, Trouble> {
        self.refresh_registry().await?;
        let subjects = self.broker.subjects(&self.names.dead_stream(), &self.names.below("dead.>")).await?;
        let mut ids: Vec<LetterId> = subjects.iter().filter_map(|subject| names::letter(subject)).map(id).collect();
        let order = |id: &LetterId| (id.consumer, id.record);
        ids.retain(|id| after.is_none_or(|after| order(id) > order(&after)));
        ids.sort_unstable_by_key(order);
        let letter = async |id: LetterId| {
            let stored = self.dead_stored(id).await?;
            Ok(stored.map(|stored| self.dead_letter(id, &stored).0))
        };
        // Bodies come along and go again: not all at once. One that is gone in between is none any more, and
        // the next takes its place: fewer than were asked for are the last.
        let found = futures_util::stream::iter(ids).map(letter).buffered(AT_ONCE);
        found.try_filter_map(async |letter| Ok(letter)).take(most).try_collect().await
    }

    /// What waits, in the order of consumer, then record.
    pub(super) async fn waiting(&self, after: Option<LetterId>, most: usize) -> Result<Vec<Letter>, Trouble> {
        self.refresh_registry().await?;
        let consumers = lock(&self.registry).all();
        let mut letters = Vec::new();
        for consumer in consumers {
            let from = match after {
                Some(after) if after.consumer > consumer => continue,
                Some(after) if after.consumer == consumer => names::sequence(after.record).map_or(1, |last| last + 1),
                _ => 1,
            };
            let rest = most - letters.len();
            if rest == 0 {
                break;
            }
            let (mut next, most) = (from, letters.len() + rest);
            // A page of the broker is bounded by bytes, too.
            while letters.len() < most {
                let filter = self.names.owed_to(consumer);
                let page = self.broker.from(self.names.owed_stream(), &filter, next, most - letters.len()).await?;
                let Some(last) = page.last() else { break };
                next = last.sequence + 1;
                letters.extend(try_join_all(page.iter().map(|stored| self.waiting_letter(stored))).await?);
            }
        }
        Ok(letters)
    }

    async fn waiting_letter(&self, stored: &Stored) -> Result<Letter, Trouble> {
        let Some(address) = names::address(&stored.subject) else {
            return Err(failing(format!("{} is no subject of a record", stored.subject)));
        };
        let subject = self.names.tries(address.partition, stored.sequence);
        let tried = self.broker.last(&self.names.state_stream(), &subject).await?;
        let tried = tried.and_then(|stored| serde_json::from_slice::<(i64, Tries)>(&stored.payload).ok());
        let tries = tried.map(|(_, tries)| tries).unwrap_or_default();
        let id = LetterId { record: names::record_id(stored.sequence), consumer: address.consumer };
        let verdict = (tries.attempts > 0).then_some(tries.verdict);
        let death = Death { reason: String::new(), at: tries.due_ms, attempts: tries.attempts, verdict };
        Ok(self.letter_of(id, Envelope::read(&stored.headers).unwrap_or_default(), death, stored.payload.len()))
    }

    fn dead_letter(&self, id: LetterId, stored: &Stored) -> (Letter, Envelope) {
        let envelope = Envelope::read(&stored.headers).unwrap_or_default();
        let death = envelope.dead.clone().unwrap_or_default();
        (self.letter_of(id, envelope.clone(), death, stored.payload.len()), envelope)
    }

    fn letter_of(&self, id: LetterId, envelope: Envelope, death: Death, bytes: usize) -> Letter {
        Letter {
            id: id.to_string(),
            consumer: lock(&self.registry).name(id.consumer),
            reason: death.reason,
            source: envelope.source,
            kind: envelope.kind,
            bytes: bytes as u64,
            received_ms: envelope.received,
            at_ms: death.at,
            attempts: death.attempts,
            verdict: death.verdict,
        }
    }

    pub(super) async fn letter(&self, id: LetterId) -> Result<Option<(Letter, Record)>, Trouble> {
        self.refresh_registry().await?;
        if let Some(stored) = self.dead_stored(id).await? {
            let (letter, envelope) = self.dead_letter(id, &stored);
            return Ok(Some((letter, envelope.record(id.record, stored.payload))));
        }
        let Some((stored, _)) = self.owed_stored(id).await? else { return Ok(None) };
        let letter = self.waiting_letter(&stored).await?;
        Ok(Some((letter, Envelope::read(&stored.headers).unwrap_or_default().record(id.record, stored.payload))))
    }

    async fn dead_stored(&self, id: LetterId) -> Result<Option<Stored>, Trouble> {
        self.broker.last(&self.names.dead_stream(), &self.names.dead(id.consumer, id.record)).await
    }

    async fn owed_stored(&self, id: LetterId) -> Result<Option<(Stored, names::Address)>, Trouble> {
        let Some(sequence) = names::sequence(id.record) else { return Ok(None) };
        let stored = self.broker.at(self.names.owed_stream(), sequence).await?;
        Ok(stored.and_then(|stored| {
            let address = names::address(&stored.subject).filter(|address| address.consumer == id.consumer)?;
            Some((stored, address))
        }))
    }

    pub(super) async fn drop_letter(&self, id: LetterId) -> Result<bool, Trouble> {
        let Some(stored) = self.dead_stored(id).await? else { return Ok(false) };
        self.broker.delete(&self.names.dead_stream(), stored.sequence).await
    }

    /// Owes a letter again, to these consumers, then forgets it. Two who do that at once do it once,
    /// within the window of the stream.
    pub(super) async fn revive(&self, id: LetterId, to: &[ConsumerId], now_ms: u64) -> Result<bool, Trouble> {
        // One after the other: those of one conversation keep their order.
        let _turn = self.reviving.lock().await;
        // Put back to nobody it would be gone.
        let Some(stored) = self.dead_stored(id).await?.filter(|_| !to.is_empty()) else { return Ok(false) };
        let envelope = Envelope::read(&stored.headers).unwrap_or_default();
        let name = envelope.id.unwrap_or(id.record);
        let again = envelope.again(name, now_ms);
        for consumer in to {
            let known = Some(format!("revived {} {}", stored.sequence, consumer.0));
            self.owe(*consumer, &again, stored.payload.clone(), known).await?;
        }
        self.broker.delete(&self.names.dead_stream(), stored.sequence).await
    }

    /// A record at the end of its lane.
    pub(super) async fn owe(
        &self,
        consumer: ConsumerId,
        envelope: &Envelope,
        body: hyper::body::Bytes,
        id: Option<String>,
    ) -> Result<(), Trouble> {
        let address = self.names.address(consumer, envelope.lane);
        let provided = Provided { id, last: None };
        let ack = self.broker.publish(self.names.owed(address), envelope.to_headers(), body, provided).await?;
        self.acknowledged(address.partition, &ack);
        Ok(())
    }

    /// Buries what waits, wherever its conversation is held.
    pub(super) async fn bury(self: &Arc<Self>, id: LetterId, now_ms: u64) -> Result<bool, Trouble> {
        let Some((stored, address)) = self.owed_stored(id).await? else { return Ok(false) };
        if lock(&self.holdings).staying().contains(&address.partition) {
            return bury_held(self, address, stored.sequence, Reason::ByHand, now_ms).await;
        }
        let asked = serde_json::to_vec(&(stored.sequence, now_ms)).map_err(failing)?;
        let answer = self.broker.client.request(self.names.ask(address.partition), asked.into());
        match tokio::time::timeout(ASK_WITHIN, answer).await {
            Ok(Ok(answer)) if answer.payload.as_ref() == DONE => Ok(true),
            Ok(Ok(answer)) if answer.payload.as_ref() == NOT_DONE => Ok(false),
            Ok(Ok(answer)) => Err(failing(String::from_utf8_lossy(&answer.payload))),
            Ok(Err(_)) => Err(Trouble::Failing(
                "no proxy holds its conversation now: start one, or try again in a moment".to_owned(),
            )),
            Err(_) => Err(Trouble::Failing(
                "the proxy that holds its conversation does not answer in time: look whether it was done".to_owned(),
            )),
        }
    }

    async fn bury_for_another(self: &Arc<Self>, subject: &str, asked: &[u8]) -> Option<Vec<u8>> {
        let partition = names::number(subject).and_then(|number| u16::try_from(number).ok())?;
        if !lock(&self.holdings).staying().contains(&partition) {
            return None;
        }
        let (sequence, now_ms): (u64, u64) = serde_json::from_slice(asked).ok()?;
        let stored = match self.broker.at(self.names.owed_stream(), sequence).await {
            Ok(stored) => stored,
            Err(trouble) => return Some(trouble.to_string().into_bytes()),
        };
        let Some(address) = stored.and_then(|stored| names::address(&stored.subject)) else {
            return Some(NOT_DONE.to_vec());
        };
        Some(match bury_held(self, address, sequence, Reason::ByHand, now_ms).await {
            Ok(true) => DONE.to_vec(),
            Ok(false) => NOT_DONE.to_vec(),
            Err(trouble) => trouble.to_string().into_bytes(),
        })
    }
}

const fn id((consumer, record): (ConsumerId, i64)) -> LetterId {
    LetterId { record, consumer }
}

/// Answers others that ask for what is held here.
pub(super) async fn answer(inner: Arc<Inner>) {
    let asked = inner.broker.client.subscribe(inner.names.below("ask.*")).await;
    let Ok(asked) = asked.inspect_err(|error| tracing::warn!(%error, "others cannot ask this process")) else {
        return;
    };
    let answered = async |message: async_nats::Message| {
        let Some(reply) = message.reply.clone() else { return };
        if let Some(answer) = inner.bury_for_another(&message.subject, &message.payload).await
            && let Err(error) = inner.broker.client.publish(reply, answer.into()).await
        {
            tracing::debug!(%error, "an answer is not sent");
        }
    };
    asked.for_each_concurrent(AT_ONCE, answered).await;
}
