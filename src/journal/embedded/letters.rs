//! What the operator asks for: dead letters, what waits, and delivery once more.

use super::Refusal;
use super::append::{RECORD_OVERHEAD_BYTES, read_consumers, written};
use super::keeper::{Keeper, rows};
use super::lanes::load;
use crate::clock;
use crate::fate::Reason;
use crate::journal::{Amount, ConsumerId, Depth, Letter, LetterId, Record, Selection, Step};
use rusqlite::{OptionalExtension, Row, params};

/// Records looked at in one step of a redelivery, and how much of them is put back: a step is one transaction.
const STEP_ROWS: usize = 500;
const STEP_BYTES: u64 = 4 << 20;

const DEAD: &str = "SELECT d.record, d.consumer, d.reason, d.at, d.attempts, d.verdict, r.source, r.kind, \
                    length(r.body), r.received FROM dead d JOIN record r ON r.id = d.record";
const WAITING: &str = "SELECT o.record, o.consumer, '', coalesce(o.due, 0), o.attempts, o.verdict, r.source, r.kind, \
                       length(r.body), r.received FROM owed o JOIN record r ON r.id = o.record";

impl Keeper {
    fn read_letter(&self, row: &Row<'_>) -> rusqlite::Result<Letter> {
        let id = LetterId { record: row.get(0)?, consumer: ConsumerId(row.get(1)?) };
        Ok(Letter {
            id: id.to_string(),
            consumer: self.names.get(&id.consumer).cloned().unwrap_or_default(),
            reason: row.get(2)?,
            at_ms: row.get(3)?,
            attempts: row.get(4)?,
            verdict: row.get(5)?,
            source: row.get(6)?,
            kind: row.get(7)?,
            bytes: row.get(8)?,
            received_ms: row.get(9)?,
        })
    }

    /// Letters in the order of consumer, then record.
    pub(super) fn letters(
        &mut self,
        waiting: bool,
        after: Option<LetterId>,
        most: usize,
    ) -> rusqlite::Result<Vec<Letter>> {
        let (from, short) = if waiting { (WAITING, "o") } else { (DEAD, "d") };
        let sql = format!(
            "{from} WHERE ({short}.consumer, {short}.record) > (?1, ?2) \
             ORDER BY {short}.consumer, {short}.record LIMIT ?3"
        );
        let after = after.map_or((-1, 0), |id| (id.consumer.0, id.record));
        rows(&self.db, &sql, params![after.0, after.1, most], |row| self.read_letter(row))
    }

    pub(super) fn letter(&mut self, id: LetterId) -> rusqlite::Result<Option<(Letter, Record)>> {
        for (from, short) in [(DEAD, "d"), (WAITING, "o")] {
            let sql = format!("{from} WHERE {short}.consumer = ?1 AND {short}.record = ?2");
            let found = self
                .db
                .prepare_cached(&sql)?
                .query_row(params![id.consumer.0, id.record], |row| self.read_letter(row))
                .optional()?;
            if let Some(letter) = found {
                return Ok(load(&self.db, id.record)?.map(|record| (letter, record)));
            }
        }
        Ok(None)
    }

    fn undead(&mut self, id: LetterId) -> rusqlite::Result<bool> {
        let mut forget = self.db.prepare_cached("DELETE FROM dead WHERE consumer = ?1 AND record = ?2")?;
        let was_dead = forget.execute(params![id.consumer.0, id.record])? > 0;
        drop(forget);
        if was_dead {
            let queue = self.queue(id.consumer);
            queue.dead = queue.dead.saturating_sub(1);
        }
        Ok(was_dead)
    }

    pub(super) fn drop_letter(&mut self, id: LetterId) -> Result<bool, Refusal> {
        let was_dead = self.undead(id)?;
        if was_dead {
            self.take_away(id, clock::steady_ms())?;
        }
        Ok(was_dead)
    }

    /// This consumer has it no longer. When nobody needs it any more, it is kept for those that took it.
    fn take_away(&mut self, id: LetterId, now_ms: u64) -> rusqlite::Result<()> {
        let mut given = self.db.prepare_cached("SELECT consumers, length(body) FROM record WHERE id = ?1")?;
        let (consumers, bytes): (String, u64) =
            given.query_row(params![id.record], |row| Ok((row.get(0)?, row.get(1)?)))?;
        drop(given);
        let mut others = read_consumers(&consumers);
        others.retain(|other| *other != id.consumer);
        if others.is_empty() {
            return self.delete_record(id.record);
        }
        let mut keep = self.db.prepare_cached("UPDATE record SET consumers = ?2 WHERE id = ?1")?;
        keep.execute(params![id.record, written(&others)])?;
        drop(keep);
        if self.is_needed(id)? { Ok(()) } else { self.retain(id.record, bytes, now_ms) }
    }

    pub(super) fn bury(&mut self, id: LetterId, now_ms: u64) -> Result<bool, Refusal> {
        Ok(self.bury_waiting(id, Reason::ByHand, now_ms)?)
    }

    pub(super) fn revive(&mut self, id: LetterId, to: &[ConsumerId], now_ms: u64) -> Result<bool, Refusal> {
        // Put back to nobody it would be gone.
        if to.is_empty() || !self.undead(id)? {
            return Ok(false);
        }
        self.repeat(id.record, to, false, now_ms)?;
        self.take_away(id, now_ms)?;
        Ok(true)
    }

    /// A copy of a record at the end of its lane, owed to these consumers. `is_retained`: the record stays.
    fn repeat(&mut self, record: i64, to: &[ConsumerId], is_retained: bool, now_ms: u64) -> rusqlite::Result<()> {
        let id = self.next_id()?;
        let mut copy = self.db.prepare_cached(
            "INSERT INTO record(id, received, lane, source, kind, number, headers, consumers, origin, retained, body)
             SELECT ?1, received, lane, source, kind, number, headers, ?2, coalesce(origin, id), max(retained, ?4), body
             FROM record WHERE id = ?3 RETURNING lane",
        )?;
        let lane: Option<i64> =
            copy.query_row(params![id, written(to), record, is_retained], |row| row.get(0)).optional()?;
        drop(copy);
        if let Some(lane) = lane {
            for consumer in to {
                self.owe(*consumer, id, lane, now_ms, true)?;
            }
        }
        Ok(())
    }

    /// A step of a redelivery.
    pub(super) fn owe_again(&mut self, selection: &Selection, now_ms: u64) -> Result<Amount, Refusal> {
        let step = match selection.from {
            Some(step) => step,
            None => Step { next: self.first_since(selection.since_ms)?, last: self.next_record },
        };
        let sql = "SELECT id, consumers, received, retained, length(body) + length(headers) FROM record
                   WHERE id >= ?1 AND id <= ?2 ORDER BY id LIMIT ?3";
        let kept: Vec<(i64, String, u64, bool, u64)> =
            rows(&self.db, sql, params![step.next, step.last, STEP_ROWS], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
        let rest = |next: i64| Some(Step { next, last: step.last });
        let (mut records, mut step_bytes) = (0, 0);
        let after = kept.last().filter(|_| kept.len() == STEP_ROWS).map(|(record, ..)| record + 1);
        for (record, consumers, received_ms, is_retained_elsewhere, bytes) in kept {
            let id = LetterId { record, consumer: selection.consumer };
            let was_given = read_consumers(&consumers).contains(&selection.consumer);
            let is_meant = was_given && received_ms >= selection.since_ms && !is_retained_elsewhere;
            if !is_meant || self.still_has_the_same(id)? {
                continue;
            }
            let bytes = step_bytes + bytes + RECORD_OVERHEAD_BYTES;
            // What was delivered does not give way here: it is what is asked for.
            let has_room = self.space.missing(&self.db, bytes)? == 0;
            if records > 0 && (bytes > STEP_BYTES || !has_room) {
                return Ok(Amount { records, rest: rest(record) });
            }
            if !has_room {
                return Err(Refusal::NoRoom);
            }
            step_bytes = bytes;
            self.repeat(record, &[selection.consumer], true, now_ms)?;
            records += 1;
        }
        Ok(Amount { records, rest: after.and_then(rest) })
    }

    /// Whether it, or a copy of it, is still owed or a dead letter.
    fn still_has_the_same(&self, id: LetterId) -> rusqlite::Result<bool> {
        let sql = "SELECT copy.id FROM record r JOIN record copy ON copy.origin = coalesce(r.origin, r.id)
                   WHERE r.id = ?1 AND copy.id <> r.id AND copy.body = r.body";
        let mut same: Vec<i64> = rows(&self.db, sql, params![id.record], |row| row.get(0))?;
        same.push(id.record);
        for record in same {
            if self.still_has(LetterId { record, ..id })? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether it is still owed, or a dead letter.
    pub(super) fn still_has(&self, id: LetterId) -> rusqlite::Result<bool> {
        let mut has = self.db.prepare_cached(
            "SELECT 1 FROM owed WHERE consumer = ?1 AND record = ?2
             UNION ALL SELECT 1 FROM dead WHERE consumer = ?1 AND record = ?2",
        )?;
        has.exists(params![id.consumer.0, id.record])
    }

    /// The first record that can have arrived since a time. Ids follow the time of arrival but for
    /// copies, which keep the time of what they repeat; so the search may begin too early, never late.
    fn first_since(&self, since_ms: u64) -> rusqlite::Result<i64> {
        let mut at = self
            .db
            .prepare_cached("SELECT id, received FROM record WHERE id >= ?1 AND origin IS NULL ORDER BY id LIMIT 1")?;
        let (mut low, mut high) = (0, self.next_record + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let found: Option<(i64, u64)> =
                at.query_row(params![middle], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            match found {
                Some((_, received)) if received < since_ms => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    pub(super) fn register(&mut self, consumers: &[(String, u64)]) -> Result<Vec<ConsumerId>, Refusal> {
        let mut ids = Vec::with_capacity(consumers.len());
        for (name, give_up_ms) in consumers {
            let sql = "INSERT INTO consumer(name, give_up_ms) VALUES(?1, ?2)
                       ON CONFLICT(name) DO UPDATE SET give_up_ms = excluded.give_up_ms RETURNING id";
            let id = self.db.prepare_cached(sql)?.query_row(params![name, give_up_ms], |row| row.get(0))?;
            let id = ConsumerId(id);
            self.names.insert(id, name.clone());
            self.queue(id);
            ids.push(id);
        }
        self.configured = Some(ids.clone());
        Ok(ids)
    }

    pub(super) fn depths(&mut self, now_ms: u64) -> rusqlite::Result<Vec<Depth>> {
        let sql = "SELECT since FROM owed WHERE consumer = ?1 ORDER BY record LIMIT 1";
        let mut oldest = self.db.prepare_cached(sql)?;
        let mut depths = Vec::with_capacity(self.queues.len());
        for (consumer, queue) in &self.queues {
            let since: Option<u64> = oldest.query_row(params![consumer.0], |row| row.get(0)).optional()?;
            let in_flight = queue.out.len() as u64;
            depths.push(Depth {
                consumer: self.names.get(consumer).cloned().unwrap_or_default(),
                ready: queue.owed.saturating_sub(queue.parked + in_flight),
                in_flight,
                parked: queue.parked,
                dead: queue.dead,
                oldest_ms: since.map_or(0, |since| now_ms.saturating_sub(since)),
            });
        }
        Ok(depths)
    }
}
