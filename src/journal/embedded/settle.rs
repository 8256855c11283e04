//! How leases end, in the file.

use super::append::read_consumers;
use super::keeper::{Keeper, rows};
use super::lanes::set_behind;
use crate::fate::Reason;
use crate::format::Identities;
use crate::journal::{ConsumerId, End, LetterId, NewRecord, Record, Settlement};
use crate::telemetry::{GONE, set_aside};
use hyper::body::Bytes;
use rusqlite::{OptionalExtension, params};

impl Keeper {
    /// Writes an ending into the open transaction.
    pub(super) fn settle(&mut self, settlement: &Settlement) -> rusqlite::Result<()> {
        let lease = &settlement.lease;
        let id = LetterId { record: lease.record.id, consumer: lease.consumer };
        match &settlement.end {
            End::Settled => {
                if self.unowe(id)? {
                    self.bury_apart(settlement)?;
                    self.note_advances(settlement)?;
                    self.finish(id, &lease.record, settlement.now_ms)?;
                }
            }
            End::Buried { reason, attempts, verdict } => {
                if self.unowe(id)? {
                    self.bury_apart(settlement)?;
                    self.insert_dead(id, *reason, settlement.now_ms, *attempts, verdict.as_deref())?;
                }
            }
            End::RetryAt { due_ms, attempts, progress, verdict } => {
                let mut park = self.db.prepare_cached(
                    "UPDATE owed SET due = ?3, attempts = ?4, done = ?5, last = ?6, verdict = ?7, behind = lane
                     WHERE consumer = ?1 AND record = ?2",
                )?;
                let (done, last) = (progress.as_ref().map(|p| p.done), progress.as_ref().map(|p| p.last.as_str()));
                park.execute(params![id.consumer.0, id.record, due_ms, attempts, done, last, verdict])?;
            }
            End::Released => set_behind(&self.db, id.consumer, id.record)?,
        }
        Ok(())
    }

    /// The lane is free again, or parked.
    pub(super) fn let_go(&mut self, settlement: &Settlement) -> rusqlite::Result<()> {
        let (consumer, lane) = (settlement.lease.consumer, settlement.lease.lane);
        let queue = self.queue(consumer);
        let Some(out) = queue.out.get(&lane).copied().filter(|out| out.record == settlement.lease.record.id) else {
            return Ok(());
        };
        queue.out.remove(&lane);
        let parks = match settlement.end {
            End::RetryAt { .. } => true,
            End::Released => out.was_parked,
            End::Settled | End::Buried { .. } => false,
        };
        if parks {
            queue.parked += 1;
            // The consumer's timer has to know of a new time.
            self.woken.push(consumer);
            return Ok(());
        }
        let mut next = self.db.prepare_cached("SELECT 1 FROM owed WHERE consumer = ?1 AND behind = ?2 LIMIT 1")?;
        let has_more = next.exists(params![consumer.0, lane])?;
        drop(next);
        if has_more {
            self.queue(consumer).freed.push_back(lane);
            self.shared.wake_of(consumer).notify_one();
        }
        Ok(())
    }

    /// The consumer is owed it no longer. `false`: it was not any more.
    pub(super) fn unowe(&mut self, id: LetterId) -> rusqlite::Result<bool> {
        let mut unowe = self.db.prepare_cached("DELETE FROM owed WHERE consumer = ?1 AND record = ?2")?;
        let was_owed = unowe.execute(params![id.consumer.0, id.record])? > 0;
        drop(unowe);
        if was_owed {
            let queue = self.queue(id.consumer);
            queue.owed = queue.owed.saturating_sub(1);
        }
        Ok(was_owed)
    }

    /// Parts of a record that are dead letters of their own.
    fn bury_apart(&mut self, settlement: &Settlement) -> rusqlite::Result<()> {
        let (lease, record) = (&settlement.lease, &settlement.lease.record);
        for apart in &settlement.apart {
            let part = NewRecord {
                source: record.source,
                kind: record.kind,
                lane: lease.lane,
                number: record.number.clone(),
                headers: record.headers.clone(),
                body: Bytes::copy_from_slice(&apart.body),
                to: vec![lease.consumer],
                identities: Identities::default(),
            };
            let id = self.next_id()?;
            // What is kept is the whole.
            self.insert(id, &part, record.received_ms, Some(record.seed().0))?;
            let letter = LetterId { record: id, consumer: lease.consumer };
            self.insert_dead(letter, apart.reason, settlement.now_ms, 0, None)?;
        }
        Ok(())
    }

    /// A consumer is through with a record: once all are, it is only kept for another delivery.
    pub(super) fn finish(&mut self, id: LetterId, record: &Record, now_ms: u64) -> rusqlite::Result<()> {
        if !record.sole && self.is_needed(id)? {
            return Ok(());
        }
        if record.retained {
            return self.delete_record(id.record);
        }
        self.retain(id.record, record.body.len() as u64, now_ms)
    }

    /// Whether any consumer is still owed a record, or has it as a dead letter.
    pub(super) fn is_needed(&self, id: LetterId) -> rusqlite::Result<bool> {
        let mut consumers = self.db.prepare_cached("SELECT consumers FROM record WHERE id = ?1")?;
        let consumers: Option<String> = consumers.query_row(params![id.record], |row| row.get(0)).optional()?;
        let mut consumers = consumers.map(|text| read_consumers(&text)).unwrap_or_default();
        consumers.push(ConsumerId::NOBODY);
        for consumer in consumers {
            if self.still_has(LetterId { record: id.record, consumer })? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Buries what a consumer that is gone from the configuration is owed for too long.
    pub(super) fn give_up_for_the_gone(&mut self, now_ms: u64, most: usize) -> rusqlite::Result<()> {
        let Some(configured) = &self.configured else { return Ok(()) };
        let owed = self.queues.iter().filter(|(id, queue)| queue.owed > 0 && !configured.contains(id));
        let gone: Vec<ConsumerId> = owed.map(|(id, _)| *id).collect();
        for consumer in gone {
            let sql = "SELECT record FROM owed WHERE consumer = ?1
                       AND since < ?2 - (SELECT give_up_ms FROM consumer WHERE id = ?1) ORDER BY record LIMIT ?3";
            let old: Vec<i64> = rows(&self.db, sql, params![consumer.0, now_ms, most], |row| row.get(0))?;
            for record in old {
                if !self.bury_waiting(LetterId { record, consumer }, Reason::GaveUp, now_ms)? {
                    continue;
                }
                let name = self.names.get(&consumer).cloned();
                self.once_durable(move || {
                    set_aside(GONE, Reason::GaveUp, 1);
                    tracing::warn!(consumer = name, record, reason = Reason::GaveUp.label(), "dead letter");
                });
            }
        }
        Ok(())
    }

    /// Makes a record that nobody has out a dead letter. `false`: it is out, or not owed.
    pub(super) fn bury_waiting(&mut self, id: LetterId, reason: Reason, now_ms: u64) -> rusqlite::Result<bool> {
        if self.queue(id.consumer).out.values().any(|out| out.record == id.record) {
            return Ok(false);
        }
        type Waiting = (i64, u32, Option<String>, bool);
        let sql = "SELECT lane, attempts, verdict, due IS NOT NULL FROM owed WHERE consumer = ?1 AND record = ?2";
        let waiting: Option<Waiting> = self
            .db
            .prepare_cached(sql)?
            .query_row(params![id.consumer.0, id.record], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((lane, attempts, verdict, was_parked)) = waiting else { return Ok(false) };
        self.unowe(id)?;
        self.insert_dead(id, reason, now_ms, attempts, verdict.as_deref())?;
        let queue = self.queue(id.consumer);
        queue.parked = queue.parked.saturating_sub(u64::from(was_parked));
        queue.freed.push_back(lane);
        self.woken.push(id.consumer);
        Ok(true)
    }
}
