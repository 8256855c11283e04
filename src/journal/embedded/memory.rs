//! What is known: the identities of events that were accepted.
//!
//! Their order is random, and random writes cost a page each. So they are gathered: new ones are
//! written one after the other and kept in memory; a whole generation of them then goes into the table
//! in the order of that table, a few with each transaction, many to a page.

use super::filter::Filter;
use super::keeper::{Keeper, rows};
use crate::clock;
use crate::format::Identity;
use rusqlite::{OptionalExtension, params};
use std::collections::{BTreeMap, HashMap};

/// So many make a generation. There are two in memory at most, of some 5 MiB each; they are read again
/// at the start.
const GENERATION: usize = 65_536;
/// So many go into the table with each transaction, and twice as many as came with it.
const MOVED_LEAST: usize = 8;
const IDENTITY_BYTES: usize = 16;

/// Identities that are not in the table yet, with the time they were accepted.
#[derive(Debug, Default)]
pub(super) struct Memory {
    young: HashMap<Identity, u64>,
    /// The generation that is on its way into the table, next one first.
    old: BTreeMap<Identity, u64>,
    /// The last row of `fresh` that belongs to it.
    old_to: i64,
    /// The last row of `fresh`.
    last: i64,
    /// What may be in the table, once all of it was looked at; and the same while that goes on.
    filter: Option<Filter>,
    next_filter: Filter,
    /// What the open transaction has added, and what it has moved: undone if it fails.
    added: Vec<Identity>,
    moved: Vec<(Identity, u64)>,
}

impl Keeper {
    pub(super) fn load_memory(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT seq, keys, at FROM fresh ORDER BY seq";
        let fresh: Vec<(i64, Vec<u8>, u64)> =
            rows(&self.db, sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let memory = &mut self.memory;
        memory.last = fresh.last().map_or(0, |(seq, ..)| *seq);
        memory.old_to = memory.last;
        for (_, keys, at) in fresh {
            let (identities, _) = keys.as_chunks::<IDENTITY_BYTES>();
            memory.old.extend(identities.iter().map(|identity| (*identity, at)));
        }
        Ok(())
    }

    /// Whether an event was accepted within the time that is remembered.
    pub(super) fn is_known(&self, identity: &Identity, now_ms: u64) -> rusqlite::Result<bool> {
        let forgotten_ms = now_ms.saturating_sub(clock::millis(self.settings.remember));
        let gathered = self.memory.young.get(identity).or_else(|| self.memory.old.get(identity));
        if let Some(at_ms) = gathered {
            return Ok(*at_ms >= forgotten_ms);
        }
        if self.memory.filter.as_ref().is_some_and(|filter| !filter.may_hold(identity)) {
            return Ok(false);
        }
        let mut known = self.db.prepare_cached("SELECT at FROM known WHERE key = ?1")?;
        let at_ms: Option<u64> = known.query_row(params![identity], |row| row.get(0)).optional()?;
        Ok(at_ms.is_some_and(|at_ms| at_ms >= forgotten_ms))
    }

    /// From now on these are known.
    pub(super) fn remember(&mut self, identities: &[Identity], now_ms: u64) -> rusqlite::Result<()> {
        if identities.is_empty() {
            return Ok(());
        }
        self.memory.last += 1;
        let mut remember = self.db.prepare_cached("INSERT INTO fresh(seq, keys, at) VALUES(?1, ?2, ?3)")?;
        remember.execute(params![self.memory.last, identities.as_flattened(), now_ms])?;
        drop(remember);
        for identity in identities {
            self.memory.young.insert(*identity, now_ms);
            self.memory.added.push(*identity);
        }
        Ok(())
    }

    /// Moves some of the old generation into the table; the next follows when there is nothing left.
    pub(super) fn move_memory(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        let forgotten_ms = now_ms.saturating_sub(clock::millis(self.settings.remember));
        let most = MOVED_LEAST.max(2 * self.memory.added.len());
        let mut store = self.db.prepare_cached(
            "INSERT INTO known(key, at) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET at = max(at, excluded.at)",
        )?;
        for _ in 0..most {
            let Some((identity, at_ms)) = self.memory.old.pop_first() else { break };
            self.memory.moved.push((identity, at_ms));
            self.memory.filter.iter_mut().for_each(|filter| filter.add(&identity));
            self.memory.next_filter.add(&identity);
            if at_ms >= forgotten_ms {
                store.execute(params![identity, at_ms])?;
            }
        }
        if self.memory.old.is_empty() && self.memory.old_to > 0 {
            self.db.prepare_cached("DELETE FROM fresh WHERE seq <= ?1")?.execute([self.memory.old_to])?;
        }
        Ok(())
    }

    /// The sweep has come to these of the table.
    pub(super) fn saw_known(&mut self, keys: &[Vec<u8>]) {
        let identities = keys.iter().filter_map(|key| key.as_slice().try_into().ok());
        identities.for_each(|identity| self.memory.next_filter.add(identity));
    }

    /// The sweep has seen all of the table: what it did not see, and what was not moved there meanwhile, is
    /// not in it.
    pub(super) fn saw_all_known(&mut self) {
        self.memory.filter = Some(std::mem::take(&mut self.memory.next_filter));
    }

    /// The open transaction is durable.
    pub(super) fn memory_is_durable(&mut self) {
        let memory = &mut self.memory;
        memory.added.clear();
        memory.moved.clear();
        if !memory.old.is_empty() {
            return;
        }
        memory.old_to = 0;
        if memory.young.len() >= GENERATION {
            memory.old = std::mem::take(&mut memory.young).into_iter().collect();
            memory.old_to = memory.last;
        }
    }

    /// The open transaction is lost, and with it what was known only there.
    pub(super) fn memory_is_lost(&mut self) {
        let memory = &mut self.memory;
        for identity in memory.added.drain(..) {
            memory.young.remove(&identity);
        }
        memory.old.extend(memory.moved.drain(..));
    }
}
