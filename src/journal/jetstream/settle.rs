//! How leases end: in memory at once, on the broker until it has it.
//!
//! What must be kept is written first, then the record is taken out of the stream; whatever happens in
//! between, it is delivered again rather than lost.

use super::broker::Provided;
use super::envelope::{Death, Envelope};
use super::lanes::{Tries, Turn};
use super::names::Address;
use super::open::no_headers;
use super::{Inner, names};
use crate::fate::Reason;
use crate::journal::{End, Lease, Record, Settlement, Trouble};
use crate::lock::lock;
use crate::telemetry::{GONE, set_aside};
use hyper::body::Bytes;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Before the next try, when the broker does not take an ending.
const PAUSE: Duration = Duration::from_millis(250);
/// So many endings are written at once.
pub(super) const WRITERS: usize = 128;
/// So much is given up for consumers that are gone in one round.
const GIVEN_UP_AT_ONCE: usize = 200;

/// An ending that the broker does not have yet.
#[derive(Debug)]
pub(super) struct Ending {
    address: Address,
    sequence: u64,
    /// What has to be written of a record that is tried again; else it is over.
    tries: Option<Tries>,
    settlement: Settlement,
}

/// Ends a lease: its lane goes on, and the ending is written beside.
pub(super) fn settle(inner: &Inner, settlement: Settlement) {
    let Settlement { lease, end, .. } = &settlement;
    let address = inner.names.address(lease.consumer, lease.lane);
    let Some(sequence) = names::sequence(lease.record.id) else { return };
    let (turn, tries) = match end {
        End::Settled | End::Buried { .. } => (Turn::Done, None),
        End::Released => (Turn::Back, None),
        End::RetryAt { due_ms, attempts, progress, verdict } => {
            let progress = progress.as_ref().map(|progress| (progress.done, progress.last.clone()));
            let tries = Tries { due_ms: *due_ms, attempts: *attempts, progress, verdict: verdict.clone() };
            (Turn::Again(tries.clone()), Some(tries))
        }
    };
    let is_held = let_go(inner, address, sequence, &settlement, turn);
    match end {
        End::Released => {}
        // Somebody else tries it now, and knows better when.
        End::RetryAt { .. } if !is_held => {}
        _ => inner.write_down(Ending { address, sequence, tries, settlement }),
    }
}

/// The lane is free again, or parked. `false`: the partition is not held as it was any more.
fn let_go(inner: &Inner, address: Address, sequence: u64, settlement: &Settlement, turn: Turn) -> bool {
    let mut holdings = lock(&inner.holdings);
    let Some(held) = holdings.of(address.partition, &settlement.lease.hold) else { return false };
    held.out = held.out.saturating_sub(1);
    if !matches!(settlement.end, End::Released) {
        held.unwritten += 1;
    }
    if matches!(settlement.end, End::Settled) {
        inner.tell(&mut held.told, settlement);
    }
    holdings.lanes(address.consumer).turn(address.token, sequence, turn);
    drop(holdings);
    inner.wake_of(address.consumer).notify_one();
    true
}

/// Writes endings one after the other, each until the broker has it.
pub(super) async fn write(inner: Arc<Inner>, mut endings: mpsc::UnboundedReceiver<Ending>) {
    while let Some(ending) = endings.recv().await {
        let Ending { address, sequence, tries, settlement } = &ending;
        loop {
            let written = match tries {
                Some(tries) => inner.write_tries(*address, *sequence, tries).await,
                None => inner.write_ending(*address, *sequence, settlement).await,
            };
            let Err(trouble) = written else { break };
            tracing::debug!(%trouble, "an ending is not written yet");
            tokio::time::sleep(PAUSE).await;
        }
        if let Some(held) = lock(&inner.holdings).of(address.partition, &settlement.lease.hold) {
            held.unwritten = held.unwritten.saturating_sub(1);
        }
        inner.unwritten.send_modify(|unwritten| *unwritten = unwritten.saturating_sub(1));
    }
}

impl Inner {
    /// Those of one conversation are written in their order.
    fn write_down(&self, ending: Ending) {
        self.unwritten.send_modify(|unwritten| *unwritten += 1);
        let writer = usize::try_from(ending.address.token % WRITERS as u64).unwrap_or_default();
        let sent = self.writers.get(writer).is_some_and(|writer| writer.send(ending).is_ok());
        if !sent {
            tracing::error!("deliveries ended after the journal was closed; they will be repeated");
        }
    }

    async fn write_tries(&self, address: Address, sequence: u64, tries: &Tries) -> Result<(), Trouble> {
        let payload = json!([address.consumer.0, tries]).to_string();
        let subject = self.names.tries(address.partition, sequence);
        self.broker.publish(subject, no_headers(), payload.into(), Provided::default()).await?;
        Ok(())
    }

    async fn write_ending(&self, address: Address, sequence: u64, settlement: &Settlement) -> Result<(), Trouble> {
        let Settlement { lease, end, apart, now_ms, .. } = settlement;
        for (part, apart) in apart.iter().enumerate() {
            let id = names::part_id(lease.record.id, part);
            let part = Record { id, origin: Some(lease.record.seed().0), ..Record::clone(&lease.record) };
            let death = Death::new(apart.reason, *now_ms);
            self.write_letter(&part, lease, death, Bytes::copy_from_slice(&apart.body)).await?;
        }
        match end {
            End::Buried { reason, attempts, verdict } => {
                let death = Death { attempts: *attempts, verdict: verdict.clone(), ..Death::new(*reason, *now_ms) };
                self.write_letter(&lease.record, lease, death, lease.record.body.clone()).await?;
            }
            End::Settled => {
                self.write_told(address, settlement).await?;
                self.retain(lease, *now_ms).await?;
            }
            End::RetryAt { .. } | End::Released => {}
        }
        self.unowe(address, sequence, lease.attempts > 0).await
    }

    async fn write_letter(&self, record: &Record, lease: &Lease, death: Death, body: Bytes) -> Result<(), Trouble> {
        let envelope = Envelope { dead: Some(death), ..Envelope::kept(record, lease.lane) };
        let subject = self.names.dead(lease.consumer, record.id);
        let id = Some(subject.clone());
        self.broker.publish(subject, envelope.to_headers(), body, Provided { id, last: None }).await?;
        Ok(())
    }

    /// Keeps what was delivered for another delivery, for as long as that is wanted. Of what is delivered
    /// once more there is a first.
    async fn retain(&self, lease: &Lease, now_ms: u64) -> Result<(), Trouble> {
        let kept = self.settings.kept;
        if kept.retain_delivered.is_zero() || kept.retain_max_bytes == 0 || lease.record.origin.is_some() {
            return Ok(());
        }
        let envelope = Envelope { delivered: Some(now_ms), ..Envelope::kept(&lease.record, lease.lane) };
        let provided = Provided { id: Some(lease.record.id.to_string()), last: None };
        let subject = self.names.delivered(lease.consumer);
        self.broker.publish(subject, envelope.to_headers(), lease.record.body.clone(), provided).await?;
        Ok(())
    }

    /// The consumer is owed it no longer.
    async fn unowe(&self, address: Address, sequence: u64, was_tried: bool) -> Result<(), Trouble> {
        self.broker.delete(self.names.owed_stream(), sequence).await?;
        if was_tried {
            let what = json!({"filter": self.names.tries(address.partition, sequence)});
            self.broker.ask(format!("STREAM.PURGE.{}", self.names.state_stream()), &what).await?;
        }
        Ok(())
    }

    /// Makes a record of this process that is not out a dead letter. `false`: it is out, or not owed.
    pub(super) async fn bury_held(
        &self,
        address: Address,
        sequence: u64,
        reason: Reason,
        now_ms: u64,
    ) -> Result<bool, Trouble> {
        let Some(stored) = self.broker.at(self.names.owed_stream(), sequence).await? else { return Ok(false) };
        let removed = lock(&self.holdings).lanes(address.consumer).remove(address.token, sequence);
        let Some(tries) = removed else { return Ok(false) };
        let envelope = Envelope::read(&stored.headers);
        let verdict = (tries.attempts > 0).then_some(tries.verdict);
        let death = Death { attempts: tries.attempts, verdict, ..Death::new(reason, now_ms) };
        let dead = Envelope { id: Some(names::record_id(sequence)), dead: Some(death), ..envelope };
        let subject = self.names.dead(address.consumer, names::record_id(sequence));
        let provided = Provided { id: Some(subject.clone()), last: None };
        // Out of its lane it stays until the next holder finds it, should this fail.
        self.broker.publish(subject, dead.to_headers(), stored.payload, provided).await?;
        self.unowe(address, sequence, tries.attempts > 0).await?;
        self.wake_of(address.consumer).notify_one();
        Ok(true)
    }

    /// Buries what a consumer that is gone from the configuration is owed for too long.
    pub(super) async fn give_up_for_the_gone(&self, now_ms: u64) {
        let gone = lock(&self.registry).gone();
        for (consumer, name, give_up_ms) in gone {
            let before_ms = now_ms.saturating_sub(give_up_ms);
            let old = lock(&self.holdings).lanes(consumer).owed_before(before_ms, GIVEN_UP_AT_ONCE);
            for (partition, token, sequence) in old {
                let address = Address { partition, consumer, token };
                match self.bury_held(address, sequence, Reason::GaveUp, now_ms).await {
                    Ok(true) => {
                        set_aside(GONE, Reason::GaveUp, 1);
                        let record = names::record_id(sequence);
                        tracing::warn!(consumer = name, record, reason = Reason::GaveUp.label(), "dead letter");
                    }
                    Ok(false) => {}
                    Err(trouble) => tracing::debug!(%trouble, "not given up yet"),
                }
            }
        }
    }
}
