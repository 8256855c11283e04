//! What goes: delivered records that are old or too many, identities nobody remembers.

use super::keeper::{Keeper, rows};
use crate::clock;
use rusqlite::params;
use std::time::Duration;

/// So much goes in one transaction.
const ROWS_AT_ONCE: usize = 500;
/// So many identities are looked at in each round; all of them in the course of time.
const SWEEP_ROWS: usize = 5_000;
/// Between two sweeps, or an eighth of the time that is remembered.
const SWEEP_REST: Duration = Duration::from_secs(60);
/// The places of the two tables that are swept.
const KNOWN: usize = 0;
const ADVANCES: usize = 1;
/// What a kept record takes beside its body.
const KEPT_OVERHEAD_BYTES: u64 = 500;

/// What is kept of what was delivered.
#[derive(Debug, Default)]
pub(super) struct Retained {
    bytes: u64,
    /// Up to where the two memories were looked at in this sweep.
    swept: [Vec<u8>; 2],
    /// When the next sweep begins.
    rest_until_ms: u64,
}

impl Keeper {
    pub(super) fn load_retained(&mut self) -> rusqlite::Result<()> {
        self.retained.bytes =
            self.db.query_row("SELECT total(bytes) FROM done", [], |row| row.get::<_, f64>(0))? as u64;
        Ok(())
    }

    /// Keeps a record that nobody is owed any more, for as long as that is wanted.
    pub(super) fn retain(&mut self, record: i64, body_bytes: u64, now_ms: u64) -> rusqlite::Result<()> {
        if self.settings.retain_delivered.is_zero() || self.settings.retain_max_bytes == 0 {
            return self.delete_record(record);
        }
        let bytes = body_bytes + KEPT_OVERHEAD_BYTES;
        let mut keep = self.db.prepare_cached("INSERT INTO done(record, at, bytes) VALUES(?1, ?2, ?3)")?;
        keep.execute(params![record, now_ms, bytes])?;
        drop(keep);
        self.retained.bytes += bytes;
        Ok(())
    }

    pub(super) fn delete_record(&self, record: i64) -> rusqlite::Result<()> {
        self.db.prepare_cached("DELETE FROM record WHERE id = ?1")?.execute(params![record])?;
        Ok(())
    }

    /// A round of everything that is done in the course of time.
    pub(super) fn tidy(&mut self, now_ms: u64) {
        let tidied = match self.space.refusing {
            true => self.regain_room(now_ms),
            false => self.tidy_up(now_ms),
        };
        match tidied {
            Ok(()) => self.commit(),
            Err(error) => self.fail(&error),
        }
    }

    fn tidy_up(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        self.begin()?;
        let old = now_ms.saturating_sub(clock::millis(self.settings.retain_delivered));
        // As much as comes in at 2,000 a second, in steps that nobody notices.
        for _ in 0..4 {
            if self.release(old, self.settings.retain_max_bytes)? < ROWS_AT_ONCE {
                break;
            }
            self.commit();
        }
        self.begin()?;
        self.sweep(now_ms)?;
        self.give_up_for_the_gone(now_ms, ROWS_AT_ONCE)?;
        self.note_clock(now_ms)?;
        self.try_writing(now_ms)
    }

    /// Deletes a step of what was delivered before a time and of what is more than so many bytes,
    /// oldest first; how many records went.
    fn release(&mut self, before_ms: u64, most_bytes: u64) -> rusqlite::Result<usize> {
        type Kept = (i64, i64, u64, u64);
        let sql = "SELECT seq, record, bytes, at FROM done ORDER BY seq LIMIT ?1";
        let first: Vec<Kept> =
            rows(&self.db, sql, params![ROWS_AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        // They stand in the order of their time: the first that may stay ends it.
        let mut bytes_left = self.retained.bytes;
        let goes = |(_, _, bytes, at_ms): &Kept| {
            let goes = *at_ms < before_ms || bytes_left > most_bytes;
            bytes_left = bytes_left.saturating_sub(*bytes);
            goes
        };
        let old: Vec<Kept> = first.into_iter().take_while(goes).collect();
        if old.is_empty() {
            return Ok(0);
        }
        self.begin()?;
        for (seq, record, bytes, _) in &old {
            self.delete_record(*record)?;
            self.db.prepare_cached("DELETE FROM done WHERE seq = ?1")?.execute(params![seq])?;
            self.retained.bytes = self.retained.bytes.saturating_sub(*bytes);
        }
        Ok(old.len())
    }

    /// Makes room in the file for so many bytes, as far as there is something delivered to give way;
    /// `false` when there is nothing.
    pub(super) fn give_way(&mut self, bytes: u64) -> rusqlite::Result<bool> {
        let target = self.retained.bytes.saturating_sub(bytes);
        let mut has_given = false;
        while self.retained.bytes > target && self.release(0, target)? > 0 {
            has_given = true;
        }
        Ok(has_given)
    }

    /// Looks at a part of what is remembered and forgets what is old in it. An index by time would cost
    /// every accept; this costs nobody.
    fn sweep(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        if now_ms < self.retained.rest_until_ms {
            return Ok(());
        }
        let (known, all_known) = self.sweep_table("known", KNOWN, now_ms)?;
        // At once: what is not seen counts as unknown when the sweep is over.
        self.saw_known(&known);
        if all_known {
            self.saw_all_known();
        }
        let (_, all_advances) = self.sweep_table("advance", ADVANCES, now_ms)?;
        if all_known && all_advances {
            let rest = SWEEP_REST.min(self.settings.remember / 8);
            self.retained.rest_until_ms = now_ms.saturating_add(clock::millis(rest));
        }
        Ok(())
    }

    /// The keys of the next part of a table, and whether it was the last part.
    fn sweep_table(&mut self, table: &str, place: usize, now_ms: u64) -> rusqlite::Result<(Vec<Vec<u8>>, bool)> {
        let forgotten = now_ms.saturating_sub(clock::millis(self.settings.remember));
        let swept = self.retained.swept.get(place).cloned().unwrap_or_default();
        let sql = format!("SELECT key, at FROM {table} WHERE key > ?1 ORDER BY key LIMIT ?2");
        let some: Vec<(Vec<u8>, u64)> =
            rows(&self.db, &sql, params![swept, SWEEP_ROWS], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let reached = some.last().filter(|_| some.len() == SWEEP_ROWS).map(|(key, _)| key.clone());
        let was_last = reached.is_none();
        let mut forget = self.db.prepare_cached(&format!("DELETE FROM {table} WHERE key = ?1"))?;
        for (key, _) in some.iter().filter(|(_, at)| *at < forgotten) {
            forget.execute(params![key])?;
        }
        drop(forget);
        // Last: a part that failed is looked at again.
        if let Some(swept) = self.retained.swept.get_mut(place) {
            *swept = reached.unwrap_or_default();
        }
        Ok((some.into_iter().map(|(key, _)| key).collect(), was_last))
    }
}
