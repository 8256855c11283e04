//! Whether there is room on the disk, told before it runs out: an accept is refused while what was
//! accepted can still be written off.

use super::Refusal;
use super::checkpoint::Checkpointer;
use super::keeper::Keeper;
use super::open::beside;
use crate::journal::Trouble;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PAGE_BYTES: u64 = 4096;
/// The log is kept below this, or below an eighth of a small disk.
const LOG_MOST_BYTES: u64 = 16 << 20;
/// What is left alone, for what nobody counts; less on a small disk.
const SLACK_BYTES: u64 = 2 << 20;
/// With so much free, nobody looks again for a while.
const PLENTY_BYTES: u64 = 512 << 20;
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Room made beyond what is asked for, so that not every accept has to make some; less on a small disk.
const AHEAD_BYTES: u64 = 1 << 20;

/// So much gives way in one transaction while there is no room, and so often in a row.
const REGAIN_BYTES: u64 = 16 << 10;
const REGAIN_STEPS: usize = 64;

/// What is known of the disk.
#[derive(Debug)]
pub(super) struct Space {
    file: PathBuf,
    log: PathBuf,
    log_most_bytes: u64,
    slack_bytes: u64,
    ahead_bytes: u64,
    /// Until when there is plenty.
    plenty_until: Option<Instant>,
    /// Whether accepts are refused for want of room.
    pub(super) refusing: bool,
}

struct Disk {
    free: u64,
    total: u64,
}

/// `None` where the system does not say; then SQLite finds out.
fn look(path: &Path) -> Option<Disk> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some(Disk {
        free: found.f_bavail.saturating_mul(found.f_frsize),
        total: found.f_blocks.saturating_mul(found.f_frsize),
    })
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}

impl Space {
    pub(super) fn new(file: &Path) -> Self {
        let total = look(file).map_or(u64::MAX, |disk| disk.total);
        Self {
            file: file.to_owned(),
            log: beside(file, "-wal"),
            // What is set aside for the log is what the checkpoints let it have.
            log_most_bytes: LOG_MOST_BYTES.min(total / 8).max(Checkpointer::LEAST_PAGES as u64 * PAGE_BYTES),
            slack_bytes: SLACK_BYTES.min(total / 32),
            ahead_bytes: AHEAD_BYTES.min(total / 32),
            plenty_until: None,
            refusing: false,
        }
    }

    /// How many pages the log may have.
    pub(super) fn log_pages(&self) -> i32 {
        i32::try_from(self.log_most_bytes / PAGE_BYTES).unwrap_or(i32::MAX)
    }

    /// A write found no room, whatever was thought before.
    pub(super) const fn ran_out(&mut self) {
        self.refusing = true;
        self.plenty_until = None;
    }

    /// How much the log may still grow. One that is nearly as large as it gets begins anew instead; only
    /// what is larger than all of it needs more.
    fn log_growth(&self, bytes: u64) -> u64 {
        let (has, most) = (length(&self.log), self.log_most_bytes);
        let to_come = if has >= most / 4 * 3 { 0 } else { most - has };
        to_come + bytes.saturating_sub(most)
    }

    /// How much is missing for another `bytes`: in the file, in the log, and for what the log still
    /// has to bring into the file.
    pub(super) fn missing(&mut self, db: &Connection, bytes: u64) -> rusqlite::Result<u64> {
        if self.plenty_until.is_some_and(|until| Instant::now() < until) {
            return Ok(0);
        }
        let Some(disk) = look(&self.file) else { return Ok(0) };
        if disk.free > PLENTY_BYTES + bytes.saturating_mul(4) {
            self.plenty_until = Some(Instant::now() + LOOK_AGAIN);
            return Ok(0);
        }
        let unused = pages(db, "freelist_count")? * PAGE_BYTES;
        let not_yet_in_file = self.not_yet_in_file(db)?;
        let log = self.log_growth(bytes);
        // What is unused in the file is as good as what is free beside it: a file that once was large does
        // not become smaller.
        let file = (bytes + bytes / 2 + self.slack_bytes).saturating_sub(unused) + not_yet_in_file;
        Ok((log + file).saturating_sub(disk.free))
    }

    /// How much the file grows when it is brought what the log holds.
    fn not_yet_in_file(&self, db: &Connection) -> rusqlite::Result<u64> {
        Ok((pages(db, "page_count")? * PAGE_BYTES).saturating_sub(length(&self.file)))
    }

    /// Whether a log that grows would take the room that the file needs for what the log holds.
    fn is_needed_by_the_file(&self, db: &Connection) -> rusqlite::Result<bool> {
        let not_yet_in_file = self.not_yet_in_file(db)?;
        let free = look(&self.file).map_or(u64::MAX, |disk| disk.free);
        Ok(not_yet_in_file > 0 && free < not_yet_in_file + self.slack_bytes / 2)
    }
}

fn pages(db: &Connection, name: &str) -> rusqlite::Result<u64> {
    db.pragma_query_value(None, name, |row| row.get(0))
}

impl Keeper {
    /// Whether so much can be accepted. What was delivered gives way first.
    pub(super) fn has_room(&mut self, bytes: u64) -> Result<bool, Refusal> {
        let has_room = self.make_room(bytes)?;
        if !has_room {
            self.suffer(Trouble::Full);
        }
        self.space.refusing = !has_room;
        Ok(has_room)
    }

    fn make_room(&mut self, bytes: u64) -> rusqlite::Result<bool> {
        let mut missing = self.space.missing(&self.db, bytes)?;
        while missing > 0 && self.give_way(missing + self.space.ahead_bytes)? {
            missing = self.space.missing(&self.db, bytes)?;
        }
        Ok(missing == 0)
    }

    /// A log that cannot begin anew, because somebody else reads the file, may grow no further than this:
    /// what it holds could not be brought into the file any more, and nothing would ever be written again.
    pub(super) fn leave_room_for_the_log(&mut self) -> rusqlite::Result<()> {
        if !self.checkpointer.is_overdue() {
            return Ok(());
        }
        self.checkpoint();
        if self.space.is_needed_by_the_file(&self.db)? {
            return Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None));
        }
        Ok(())
    }

    /// Looks for room while accepts are refused, when nobody asks: what was delivered gives way in steps
    /// so small that they find room themselves.
    pub(super) fn regain_room(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        for _ in 0..REGAIN_STEPS {
            // What the log holds counts as room that is still to be taken.
            self.checkpoint();
            self.begin()?;
            let missing = self.space.missing(&self.db, self.space.ahead_bytes)?;
            if missing == 0 {
                self.space.refusing = false;
                return self.try_writing(now_ms);
            }
            if !self.give_way(missing.min(REGAIN_BYTES))? {
                return Ok(());
            }
            self.commit();
        }
        Ok(())
    }
}
