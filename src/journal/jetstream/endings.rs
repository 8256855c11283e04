//! Writes endings down: on the broker, until it has them.
//!
//! What must be kept is written first, then the record is taken out of the stream; whatever happens in
//! between, it is delivered again rather than lost.

use super::broker::{Provided, failing, store_is_full};
use super::envelope::{Death, Envelope};
use super::lanes::Tries;
use super::names::Address;
use super::pack::Pack;
use super::{Inner, names};
use crate::journal::{ConsumerId, End, Hold, Lease, Record, Settlement, Trouble};
use crate::lock::lock;
use async_nats::HeaderMap;
use futures_util::future::{join_all, try_join_all};
use hyper::body::Bytes;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Before the next try, when the broker does not take an ending.
const PAUSE: Duration = Duration::from_millis(250);
/// So many write endings, each for some of the partitions.
pub(super) const WRITERS: usize = 16;
/// An ending waits so long for others: what is written together costs the broker little more than one. A
/// process that is killed repeats what ended in this time.
const LINGER: Duration = Duration::from_millis(50);
/// So many endings are written together.
const TOGETHER: usize = 512;
/// Then somebody should look at the broker: no new leader takes so long to be found.
const WARN_AFTER: Duration = Duration::from_secs(30);
/// A purge costs the broker more than a deletion, but as much for many.
const WORTH_A_PURGE: usize = 3;

/// An ending that the broker does not have yet.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) address: Address,
    pub(super) sequence: u64,
    /// What has to be written of a record that is tried again; else it is over.
    pub(super) tries: Option<Tries>,
    pub(super) settlement: Settlement,
    /// Its turn among all endings.
    turn: u64,
    /// What has to be written before the record goes is written.
    is_kept: bool,
    /// What was delivered is retained.
    is_retained: bool,
}

impl Ending {
    pub(super) fn new(address: Address, sequence: u64, tries: Option<Tries>, settlement: Settlement) -> Self {
        Self { address, sequence, tries, settlement, turn: 0, is_kept: false, is_retained: false }
    }

    /// Of which stream the place is: one that was made anew has others.
    const fn stream(&self) -> u64 {
        self.settlement.lease.hold.stream
    }
}

/// What the broker does not have yet.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    /// The turns of those endings.
    waiting: BTreeSet<u64>,
    /// The turn of the next.
    next: u64,
    /// How much they hold.
    pub(super) bytes: usize,
}

impl Unwritten {
    fn add(&mut self, ending: &mut Ending) {
        ending.turn = self.next;
        self.next += 1;
        self.waiting.insert(ending.turn);
        self.bytes += ending.settlement.lease.record.body.len();
    }

    fn take(&mut self, ending: &Ending) {
        if self.waiting.remove(&ending.turn) {
            self.bytes = self.bytes.saturating_sub(ending.settlement.lease.record.body.len());
        }
    }

    pub(super) fn count(&self) -> usize {
        self.waiting.len()
    }

    /// What comes from now on has this turn or a later one.
    pub(super) const fn mark(&self) -> u64 {
        self.next
    }

    /// Whether everything before a mark is written.
    pub(super) fn is_written_until(&self, mark: u64) -> bool {
        self.waiting.first().is_none_or(|first| *first >= mark)
    }
}

/// What became of a batch.
struct Written {
    over: Vec<Ending>,
    /// What has to be tried again, and why.
    late: Vec<Ending>,
    trouble: Option<Trouble>,
}

/// Writes endings in their order, those that have gathered together, until the broker has them. One that
/// it does not take waits, and the others go on.
pub(super) async fn write(inner: Arc<Inner>, mut endings: mpsc::UnboundedReceiver<Ending>) {
    let mut late = Vec::new();
    let (mut failing_since, mut is_told) = (None, false);
    loop {
        let batch = gather(&mut endings, std::mem::take(&mut late)).await;
        let Some(batch) = batch else { return };
        let written = inner.write_batch(batch).await;
        inner.over(&written.over);
        late = written.late;
        let Some(trouble) = written.trouble else {
            (failing_since, is_told) = (None, false);
            continue;
        };
        let since = *failing_since.get_or_insert_with(Instant::now);
        if !is_told && since.elapsed() > WARN_AFTER {
            is_told = true;
            tracing::warn!(%trouble, endings = late.len(), "what was delivered cannot be written down; it is tried on");
        }
        tracing::debug!(%trouble, "endings are not written yet");
        tokio::time::sleep(PAUSE).await;
    }
}

/// What waits, and what has come since; `None` when nothing will come any more.
async fn gather(endings: &mut mpsc::UnboundedReceiver<Ending>, late: Vec<Ending>) -> Option<Vec<Ending>> {
    let mut batch = late;
    if batch.is_empty() {
        batch.push(endings.recv().await?);
        tokio::time::sleep(LINGER).await;
    }
    while batch.len() < TOGETHER
        && let Ok(next) = endings.try_recv()
    {
        batch.push(next);
    }
    Some(batch)
}

/// A full store must not hold up endings. Without these notes the next holder tries sooner, or sends one
/// status too many.
fn unless_full(written: Result<(), Trouble>) -> Result<(), Trouble> {
    if written == Err(store_is_full()) { Ok(()) } else { written }
}

impl Inner {
    /// Those of one partition are written in their order.
    pub(super) fn write_down(&self, mut ending: Ending) {
        self.unwritten.send_modify(|unwritten| unwritten.add(&mut ending));
        if ending.tries.is_none() {
            lock(&self.ended).insert((ending.stream(), ending.sequence));
        }
        let writer = usize::from(ending.address.partition) % WRITERS;
        let sent = self.writers.get(writer).is_some_and(|writer| writer.send(ending).is_ok());
        if !sent {
            tracing::error!("deliveries ended after the journal was closed; they will be repeated");
        }
    }

    async fn write_tries(&self, address: Address, sequence: u64, tries: &Tries) -> Result<(), Trouble> {
        let payload = json!([address.consumer.0, tries]).to_string();
        let subject = self.names.tries(address.partition, sequence);
        self.broker.say(subject, payload).await?;
        Ok(())
    }

    /// What must be kept first, then what is over goes.
    async fn write_batch(&self, batch: Vec<Ending>) -> Written {
        let kept = join_all(batch.iter().map(|ending| self.write_kept(ending))).await;
        let (mut over, mut late, mut trouble) = (Vec::new(), Vec::new(), None);
        for (mut ending, kept) in batch.into_iter().zip(kept) {
            match kept {
                Ok(()) => {
                    ending.is_kept = true;
                    over.push(ending);
                }
                Err(why) => {
                    trouble = Some(why);
                    late.push(ending);
                }
            }
        }
        if let Err(why) = self.write_over(&mut over).await {
            trouble = Some(why);
            late.append(&mut over);
            late.sort_by_key(|ending| ending.sequence);
        }
        if trouble == Some(store_is_full()) {
            self.give_way().await;
        }
        Written { over, late, trouble }
    }

    async fn write_over(&self, batch: &mut [Ending]) -> Result<(), Trouble> {
        match self.retain(batch).await {
            // What was delivered gives way, and never holds up what makes room.
            Err(trouble) if trouble == store_is_full() => {
                tracing::warn!(records = batch.len(), "the store is full: what was delivered is not retained");
            }
            retained => retained?,
        }
        batch.iter_mut().for_each(|ending| ending.is_retained = true);
        let is_over = |ending: &&Ending| ending.tries.is_none() && ending.stream() == self.stream();
        self.unowe(batch.iter().filter(is_over)).await?;
        let was_tried = |ending: &&Ending| ending.settlement.lease.attempts > 0;
        let tried = batch.iter().filter(is_over).filter(was_tried);
        try_join_all(tried.map(|ending| self.untry(ending.address.partition, ending.sequence))).await?;
        Ok(())
    }

    /// The broker has these.
    fn over(&self, endings: &[Ending]) {
        let mut holdings = lock(&self.holdings);
        for ending in endings {
            let Ending { address, sequence, tries, settlement, .. } = ending;
            if tries.is_some() {
                if let Some(held) = holdings.of(address.partition, &settlement.lease.hold) {
                    held.retrying = held.retrying.saturating_sub(1);
                }
                continue;
            }
            lock(&self.ended).remove(&(ending.stream(), *sequence));
            // Also if it is held anew by now.
            let held = holdings.partitions.get_mut(&address.partition);
            if let Some(held) = held.filter(|held| held.stream == ending.stream()) {
                held.ending.remove(sequence);
            }
        }
        drop(holdings);
        self.unwritten.send_modify(|unwritten| endings.iter().for_each(|ending| unwritten.take(ending)));
    }

    async fn write_kept(&self, ending: &Ending) -> Result<(), Trouble> {
        let Ending { address, sequence, tries, settlement, is_kept, .. } = ending;
        if *is_kept {
            return Ok(());
        }
        if let Some(tries) = tries {
            // Whoever holds it now knows better.
            if lock(&self.holdings).of(address.partition, &settlement.lease.hold).is_none() {
                return Ok(());
            }
            return unless_full(self.write_tries(*address, *sequence, tries).await);
        }
        let Settlement { lease, end, apart, now_ms, .. } = settlement;
        for (part, apart) in apart.iter().enumerate() {
            let id = names::part_id(lease.record.id, part);
            let origin = Some(lease.record.seed().0);
            let part = Record { id, origin, retained: true, ..Record::clone(&lease.record) };
            let death = Death::new(apart.reason, *now_ms);
            self.write_letter(&part, lease, death, Bytes::copy_from_slice(&apart.body)).await?;
        }
        match end {
            End::Buried { reason, attempts, verdict } => {
                let death = Death { attempts: *attempts, verdict: verdict.clone(), ..Death::new(*reason, *now_ms) };
                self.write_letter(&lease.record, lease, death, lease.record.body.clone()).await
            }
            End::Settled => unless_full(self.write_told(*address, settlement).await),
            End::RetryAt { .. } | End::Released => Ok(()),
        }
    }

    async fn write_letter(&self, record: &Record, lease: &Lease, death: Death, body: Bytes) -> Result<(), Trouble> {
        let envelope = Envelope { dead: Some(death), ..Envelope::kept(record, lease.lane) };
        let subject = self.names.dead(lease.consumer, record.id);
        let id = Some(subject.clone());
        self.broker.publish(subject, envelope.to_headers(), body, Provided { id, last: None }).await?;
        Ok(())
    }

    /// Keeps what was delivered for another delivery, for as long as that is wanted.
    async fn retain(&self, batch: &[Ending]) -> Result<(), Trouble> {
        let kept = self.settings.kept;
        if kept.retain_delivered.is_zero() || kept.retain_max_bytes == 0 {
            return Ok(());
        }
        let mut packs: BTreeMap<ConsumerId, Vec<Pack>> = BTreeMap::new();
        for Ending { settlement: Settlement { lease, end, now_ms, .. }, is_retained, .. } in batch {
            if *is_retained || !matches!(end, End::Settled) || lease.record.retained {
                continue;
            }
            let envelope = Envelope { delivered: Some(*now_ms), ..Envelope::kept(&lease.record, lease.lane) };
            Pack::put(packs.entry(lease.consumer).or_default(), envelope, &lease.record.body);
        }
        let packs = packs.iter().flat_map(|(consumer, packs)| packs.iter().map(|pack| (*consumer, pack)));
        try_join_all(packs.map(|(consumer, pack)| self.write_pack(consumer, pack))).await?;
        Ok(())
    }

    async fn write_pack(&self, consumer: ConsumerId, pack: &Pack) -> Result<(), Trouble> {
        let payload = pack.to_payload();
        if payload.len() > self.broker.largest() {
            tracing::warn!(bytes = payload.len(), "a record is larger than a message may be: it is not retained");
            return Ok(());
        }
        let provided = Provided { id: pack.name(), last: None };
        self.broker.publish(self.names.delivered(consumer), HeaderMap::new(), payload.into(), provided).await?;
        Ok(())
    }

    /// Consumers are owed these no longer. Where everything before a place has ended, all of it goes in
    /// one request; what stands behind something that is still owed goes one by one.
    async fn unowe(&self, over: impl Iterator<Item = &Ending>) -> Result<(), Trouble> {
        let mut by_partition: BTreeMap<u16, (&Hold, BTreeSet<u64>)> = BTreeMap::new();
        for ending in over {
            let hold = &ending.settlement.lease.hold;
            let (_, sequences) =
                by_partition.entry(ending.address.partition).or_insert_with(|| (hold, BTreeSet::new()));
            sequences.insert(ending.sequence);
        }
        let gone = by_partition.into_iter().map(|(partition, (hold, ended))| self.unowe_in(partition, hold, ended));
        try_join_all(gone).await?;
        Ok(())
    }

    async fn unowe_in(&self, partition: u16, hold: &Hold, ended: BTreeSet<u64>) -> Result<(), Trouble> {
        if !self.was_looked_at() {
            // Its places may be others' by now.
            return Err(failing("the stream was not looked at since the connection was lost"));
        }
        let before = lock(&self.holdings).ended_before(partition, hold, &ended).unwrap_or_default();
        let stream = self.names.owed_stream();
        let (purged, alone): (Vec<u64>, Vec<u64>) = ended.into_iter().partition(|sequence| *sequence < before);
        let (purged, alone) = if purged.len() < WORTH_A_PURGE {
            (Vec::new(), purged.into_iter().chain(alone).collect())
        } else {
            (purged, alone)
        };
        if !purged.is_empty() {
            let what = json!({"filter": self.names.owed_in(partition), "seq": before});
            self.broker.ask(format!("STREAM.PURGE.{stream}"), &what).await?;
        }
        try_join_all(alone.into_iter().map(|sequence| self.broker.delete(stream, sequence))).await?;
        Ok(())
    }

    /// What was tried of a record is of no interest any more.
    pub(super) async fn untry(&self, partition: u16, sequence: u64) -> Result<(), Trouble> {
        let what = json!({"filter": self.names.tries(partition, sequence)});
        self.broker.ask(format!("STREAM.PURGE.{}", self.names.state_stream()), &what).await?;
        Ok(())
    }
}
