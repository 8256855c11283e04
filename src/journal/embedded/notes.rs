//! Notes that are kept beside the records.

use super::Refusal;
use super::keeper::{Keeper, rows};
use crate::journal::Note;
use rusqlite::params;

impl Keeper {
    /// Writes notes over those of the same names. They give way to webhooks: a disk that is short of room
    /// keeps the old ones.
    pub(super) fn keep(&mut self, notes: &[Note]) -> Result<(), Refusal> {
        let bytes = notes.iter().map(|(name, text)| (name.len() + text.len()) as u64).sum();
        if self.space.missing(&self.db, bytes)? > 0 {
            return Err(Refusal::NoRoom);
        }
        self.group_bytes += bytes;
        let sql = "INSERT INTO note(name, text) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET text = excluded.text";
        let mut write = self.db.prepare_cached(sql)?;
        for (name, text) in notes {
            write.execute(params![name, text])?;
        }
        Ok(())
    }

    /// All of them.
    pub(super) fn kept(&self) -> rusqlite::Result<Vec<Note>> {
        rows(&self.db, "SELECT name, text FROM note ORDER BY name", [], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}
