//! How far each consumer knows of each message: what the rule `forward_only` compares.

use super::keeper::Keeper;
use crate::clock;
use crate::format::Identity;
use crate::journal::{ConsumerId, Settlement};
use rusqlite::{OptionalExtension, params};
use std::collections::HashMap;

impl Keeper {
    pub(super) fn advances(
        &mut self,
        consumer: ConsumerId,
        messages: &[Identity],
        now_ms: u64,
    ) -> rusqlite::Result<HashMap<Identity, u8>> {
        let mut told = self.db.prepare_cached("SELECT rank FROM advance WHERE key = ?1 AND at >= ?2")?;
        let forgotten = now_ms.saturating_sub(clock::millis(self.settings.remember));
        let mut advances = HashMap::new();
        for message in messages {
            let key = key(consumer, message);
            if let Some(rank) = told.query_row(params![key, forgotten], |row| row.get(0)).optional()? {
                advances.insert(*message, rank);
            }
        }
        Ok(advances)
    }

    pub(super) fn note_advances(&self, settlement: &Settlement) -> rusqlite::Result<()> {
        let mut note = self.db.prepare_cached(
            "INSERT INTO advance(key, rank, at) VALUES(?1, ?2, ?3)
             ON CONFLICT(key) DO UPDATE SET
                 rank = CASE WHEN at < ?4 THEN excluded.rank ELSE max(rank, excluded.rank) END, at = excluded.at",
        )?;
        let forgotten = settlement.now_ms.saturating_sub(clock::millis(self.settings.remember));
        for (message, rank) in &settlement.advances {
            note.execute(params![key(settlement.lease.consumer, message), rank, settlement.now_ms, forgotten])?;
        }
        Ok(())
    }
}

/// A message as one consumer knows it.
fn key(consumer: ConsumerId, message: &Identity) -> Vec<u8> {
    [message.as_slice(), &consumer.0.to_be_bytes()].concat()
}
