//! What arrives: known events are told apart, the rest is written.

use super::Refusal;
use super::keeper::Keeper;
use crate::fate::Reason;
use crate::format::{Identities, Identity};
use crate::journal::recalled::Recalled;
use crate::journal::{Appended, Arrival, ConsumerId, LetterId, NewRecord};
use rusqlite::{OptionalExtension, params};

/// Ids are set aside in the file so many at a time. None is ever given twice, whatever is deleted.
const IDS_AT_ONCE: i64 = 10_000;
/// What SQLite needs for a record beside its body and its headers.
pub(super) const RECORD_OVERHEAD_BYTES: u64 = 400;

impl Keeper {
    /// Makes one arrival part of the open transaction.
    pub(super) fn append(&mut self, arrival: Arrival) -> Result<Appended, Refusal> {
        let Arrival { received_ms, records, room: _room } = arrival;
        let size = |record: &NewRecord| (record.body.len() + record.headers.len()) as u64 + RECORD_OVERHEAD_BYTES;
        let bytes: u64 = records.iter().map(size).sum();
        if !self.has_room(bytes)? {
            return Err(Refusal::NoRoom);
        }
        self.group_bytes += bytes;
        let known: Vec<Recalled> =
            records.iter().map(|record| self.recall(record, received_ms)).collect::<rusqlite::Result<_>>()?;
        if known.iter().any(Recalled::is_partly) {
            return Ok(Appended::Partly(known.into_iter().map(|known| known.events).collect()));
        }
        let known: Vec<bool> = known.iter().map(Recalled::is_wholly).collect();
        for (record, known) in records.iter().zip(&known) {
            if !known {
                self.write(record, received_ms)?;
            }
        }
        Ok(Appended::Safe { known })
    }

    /// Which events of a record are known. What one webhook says twice it says twice: only what was
    /// known before it counts.
    fn recall(&self, record: &NewRecord, now_ms: u64) -> rusqlite::Result<Recalled> {
        let Identities { events, beside } = &record.identities;
        let events = events.iter().map(|event| self.is_known(event, now_ms)).collect::<rusqlite::Result<_>>()?;
        let beside = beside.as_ref().map(|errors| self.is_known(errors, now_ms)).transpose()?;
        Ok(Recalled { events, beside })
    }

    fn write(&mut self, new: &NewRecord, received_ms: u64) -> rusqlite::Result<()> {
        let id = self.next_id()?;
        self.insert(id, new, received_ms, None)?;
        let Identities { events, beside } = &new.identities;
        let identities: Vec<Identity> = events.iter().chain(beside).copied().collect();
        self.remember(&identities, received_ms)?;
        for consumer in &new.to {
            self.owe(*consumer, id, new.lane, received_ms, false)?;
        }
        if new.to.is_empty() {
            let letter = LetterId { record: id, consumer: ConsumerId::NOBODY };
            self.insert_dead(letter, Reason::UnknownNumber, received_ms, 0, None)?;
        }
        Ok(())
    }

    pub(super) fn insert(
        &self,
        id: i64,
        new: &NewRecord,
        received_ms: u64,
        origin: Option<i64>,
    ) -> rusqlite::Result<()> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO record(id, received, lane, source, kind, number, headers, consumers, origin, retained, body)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9 IS NOT NULL, ?10)",
        )?;
        let (source, kind, body) = (new.source.label(), new.kind.label(), new.body.as_ref());
        let to = written(&new.to);
        insert.execute(params![id, received_ms, new.lane, source, kind, new.number, new.headers, to, origin, body])?;
        Ok(())
    }

    /// A consumer is owed a record.
    pub(super) fn owe(
        &mut self,
        consumer: ConsumerId,
        record: i64,
        lane: i64,
        since_ms: u64,
        by_hand: bool,
    ) -> rusqlite::Result<()> {
        let mut owe = self.db.prepare_cached(
            "INSERT INTO owed(consumer, record, lane, since, by_hand, attempts) VALUES(?1, ?2, ?3, ?4, ?5, 0)",
        )?;
        owe.execute(params![consumer.0, record, lane, since_ms, by_hand])?;
        drop(owe);
        self.queue(consumer).owed += 1;
        self.woken.push(consumer);
        Ok(())
    }

    /// A letter, with how many attempts were made and what the last of them came to.
    pub(super) fn insert_dead(
        &mut self,
        id: LetterId,
        reason: Reason,
        now_ms: u64,
        attempts: u32,
        verdict: Option<&str>,
    ) -> rusqlite::Result<()> {
        let mut bury = self.db.prepare_cached(
            "INSERT INTO dead(consumer, record, reason, at, attempts, verdict) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        bury.execute(params![id.consumer.0, id.record, reason.label(), now_ms, attempts, verdict])?;
        drop(bury);
        self.queue(id.consumer).dead += 1;
        Ok(())
    }

    /// The place of the next record.
    pub(super) fn next_id(&mut self) -> rusqlite::Result<i64> {
        self.next_record += 1;
        if self.next_record > self.reserved {
            let reserved = self.next_record + IDS_AT_ONCE;
            let mut reserve = self.db.prepare_cached(
                "INSERT INTO counter(name, value) VALUES('record', ?1) ON CONFLICT(name) DO UPDATE SET value = ?1",
            )?;
            reserve.execute(params![reserved])?;
            self.reserved = reserved;
        }
        Ok(self.next_record)
    }

    /// Goes on behind everything that was ever given a place.
    pub(super) fn load_counter(&mut self) -> rusqlite::Result<()> {
        let counted = "SELECT value FROM counter WHERE name = 'record'";
        let counted: Option<i64> = self.db.query_row(counted, [], |row| row.get(0)).optional()?;
        self.next_record = counted.unwrap_or_default();
        self.reserved = self.next_record;
        self.durable = self.next_record;
        Ok(())
    }
}

/// Consumers as the column `consumers` has them.
pub(super) fn written(consumers: &[ConsumerId]) -> String {
    consumers.iter().map(|consumer| consumer.0.to_string()).collect::<Vec<_>>().join(" ")
}

/// The column `consumers`, read.
pub(super) fn read_consumers(text: &str) -> Vec<ConsumerId> {
    text.split_whitespace().filter_map(|id| id.parse().ok()).map(ConsumerId).collect()
}
