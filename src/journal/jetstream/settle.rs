//! How leases end: in memory at once, then by whoever writes endings (`endings.rs`).

use super::broker::Provided;
use super::endings::Ending;
use super::envelope::{Death, Envelope};
use super::held::Held;
use super::lanes::{Tries, Turn};
use super::names::Address;
use super::{Inner, names};
use crate::clock;
use crate::fate::Reason;
use crate::journal::{End, Settlement, Trouble};
use crate::lock::lock;
use crate::telemetry::{GONE, set_aside};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked for what consumers that are gone are owed for too long, and how much of it is given
/// up in one round.
const GIVE_UP_EVERY: Duration = Duration::from_millis(500);
const GIVEN_UP_AT_ONCE: usize = 200;

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
            let wait_ms = due_ms.saturating_sub(settlement.now_ms);
            let tries = Tries { due_ms: *due_ms, wait_ms, attempts: *attempts, progress, verdict: verdict.clone() };
            (Turn::Again(tries.clone()), Some(tries))
        }
    };
    let is_held = let_go(inner, address, sequence, &settlement, turn);
    match end {
        End::Released => {}
        // Somebody else tries it now, and knows better when.
        End::RetryAt { .. } if !is_held => {}
        _ => inner.write_down(Ending::new(address, sequence, tries, settlement)),
    }
}

/// The lane is free again, or parked. `false`: the partition is not held as it was any more.
fn let_go(inner: &Inner, address: Address, sequence: u64, settlement: &Settlement, turn: Turn) -> bool {
    let mut holdings = lock(&inner.holdings);
    let Some(held) = holdings.of(address.partition, &settlement.lease.hold) else { return false };
    held.out = held.out.saturating_sub(1);
    match settlement.end {
        End::Settled => {
            held.ending.insert(sequence);
            inner.tell(&mut held.told, settlement);
        }
        End::Buried { .. } => {
            held.ending.insert(sequence);
        }
        End::RetryAt { .. } => held.retrying += 1,
        End::Released => {}
    }
    holdings.lanes(address.consumer).turn(address.token, sequence, turn);
    drop(holdings);
    inner.wake_of(address.consumer).notify_one();
    true
}

/// Makes a record of this process that is not out a dead letter. `false`: it is out, or not owed. It is
/// done to its end, whoever stops waiting for it.
pub(super) async fn bury_held(
    inner: &Arc<Inner>,
    address: Address,
    sequence: u64,
    reason: Reason,
    now_ms: u64,
) -> Result<bool, Trouble> {
    let inner = Arc::clone(inner);
    let task = tokio::spawn(async move {
        let (tries, hold) = {
            let mut holdings = lock(&inner.holdings);
            let Some(hold) = holdings.partitions.get(&address.partition).map(Held::hold) else { return Ok(false) };
            let kept_back = holdings.lanes(address.consumer).keep_back(address.token, sequence);
            let Some(tries) = kept_back else { return Ok(false) };
            (tries, hold)
        };
        let was_tried = tries.attempts > 0;
        let verdict = was_tried.then_some(tries.verdict);
        let death = Death { attempts: tries.attempts, verdict, ..Death::new(reason, now_ms) };
        let buried = inner.write_burial(address, sequence, death, was_tried).await;
        let mut holdings = lock(&inner.holdings);
        if holdings.of(address.partition, &hold).is_some() {
            let lanes = holdings.lanes(address.consumer);
            match &buried {
                Ok(_) => lanes.remove(address.token, sequence),
                Err(_) => lanes.put_back(address.token, sequence),
            }
        }
        drop(holdings);
        inner.wake_of(address.consumer).notify_one();
        buried
    });
    task.await.unwrap_or(Err(Trouble::Closed))
}

impl Inner {
    async fn write_burial(
        &self,
        address: Address,
        sequence: u64,
        death: Death,
        was_tried: bool,
    ) -> Result<bool, Trouble> {
        let stream = self.names.owed_stream();
        let Some(stored) = self.broker.at(stream, sequence).await? else { return Ok(false) };
        let Some(envelope) = Envelope::read(&stored.headers) else { return Ok(false) };
        let id = names::record_id(sequence);
        let dead = Envelope { id: Some(id), dead: Some(death), ..envelope };
        let subject = self.names.dead(address.consumer, id);
        let provided = Provided { id: Some(subject.clone()), last: None };
        self.broker.publish(subject, dead.to_headers(), stored.payload, provided).await?;
        self.broker.delete(stream, sequence).await?;
        if was_tried {
            self.untry(address.partition, sequence).await?;
        }
        Ok(true)
    }
}

/// Gives up what consumers are owed for too long that are gone from the configuration, again and again.
pub(super) async fn give_up_for_the_gone(inner: Arc<Inner>) {
    loop {
        tokio::time::sleep(GIVE_UP_EVERY).await;
        if let Err(trouble) = give_up_some(&inner, clock::steady_ms()).await {
            tracing::debug!(%trouble, "not given up yet");
        }
    }
}

async fn give_up_some(inner: &Arc<Inner>, now_ms: u64) -> Result<(), Trouble> {
    let gone = lock(&inner.registry).gone();
    for (consumer, name, give_up_ms) in gone {
        let before_ms = now_ms.saturating_sub(give_up_ms);
        let old = lock(&inner.holdings).lanes(consumer).owed_before(before_ms, GIVEN_UP_AT_ONCE);
        for (partition, token, sequence) in old {
            let address = Address { partition, consumer, token };
            if bury_held(inner, address, sequence, Reason::GaveUp, now_ms).await? {
                set_aside(GONE, Reason::GaveUp, 1);
                let record = names::record_id(sequence);
                tracing::warn!(consumer = name, record, reason = Reason::GaveUp.label(), "dead letter");
            }
        }
    }
    Ok(())
}
