//! Leases: the next record of each lane that nothing of is out.
//!
//! The file knows the order of everything; memory knows only what is out. A record is leased if it is
//! the head of its lane, so a lane can neither be overtaken nor sent twice at once, however many
//! records wait.

use super::append::read_consumers;
use super::keeper::{Keeper, rows};
use crate::event::Kind;
use crate::format::Format;
use crate::journal::{ConsumerId, Hold, Lease, Leased, Progress, Record};
use hyper::body::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Bodies leased at once take no more than this together, but for the first of them.
const LEASE_BYTES: usize = 4 << 20;
/// So many rows are looked at in one go; others wait for the file, too.
const SCAN_ROWS: usize = 512;

/// How late it is, is noted so often.
const CLOCK_EVERY_MS: u64 = 5_000;

/// What is owed to one consumer, as far as memory knows it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Everything up to here was looked at: it is out, or found by its lane (`behind` is set), being
    /// parked or behind something.
    cursor: i64,
    /// Lanes of which something is out.
    pub(super) out: HashMap<i64, Out>,
    /// Lanes that came back and have more.
    pub(super) freed: VecDeque<i64>,
    /// How many records are owed, parked and dead.
    pub(super) owed: u64,
    pub(super) parked: u64,
    pub(super) dead: u64,
}

/// What is out of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Out {
    pub(super) record: i64,
    pub(super) was_parked: bool,
}

/// A row of `owed`.
struct Owed {
    record: i64,
    lane: i64,
    since_ms: u64,
    by_hand: bool,
    attempts: u32,
    due_ms: Option<u64>,
    progress: Option<Progress>,
    is_behind: bool,
}

const OWED: &str = "record, lane, since, by_hand, attempts, due, done, last, behind IS NOT NULL";

impl Owed {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (done, last): (Option<u32>, Option<String>) = (row.get(6)?, row.get(7)?);
        Ok(Self {
            record: row.get(0)?,
            lane: row.get(1)?,
            since_ms: row.get(2)?,
            by_hand: row.get(3)?,
            attempts: row.get(4)?,
            due_ms: row.get(5)?,
            progress: done.zip(last).map(|(done, last)| Progress { done, last }),
            is_behind: row.get(8)?,
        })
    }
}

impl Keeper {
    /// The queue of a consumer.
    pub(super) fn queue(&mut self, consumer: ConsumerId) -> &mut Queue {
        self.queues.entry(consumer).or_default()
    }

    pub(super) fn lease(
        &mut self,
        consumer: ConsumerId,
        most: usize,
        fresh_first: bool,
        now_ms: u64,
    ) -> rusqlite::Result<Leased> {
        let (db, durable) = (&self.db, self.durable);
        let queue = self.queues.entry(consumer).or_default();
        let mut round = Round { db, consumer, queue, most, leased: Leased::default(), bytes: 0, has_written: false };
        let gathered = round.gather(durable, fresh_first, now_ms);
        let (is_parked, has_written) = (round.queue.parked > 0, round.has_written);
        let mut leased = round.leased;
        if has_written {
            self.write_soon();
        }
        let next_due = gathered.and_then(|()| if is_parked { self.next_due(consumer, now_ms) } else { Ok(None) });
        match next_due {
            Ok(next_due_ms) => {
                leased.next_due_ms = next_due_ms;
                Ok(leased)
            }
            Err(error) => {
                self.take_back(consumer, leased);
                Err(error)
            }
        }
    }

    /// Nobody has got these: their lanes are as they were.
    pub(super) fn take_back(&mut self, consumer: ConsumerId, leased: Leased) {
        let queue = self.queue(consumer);
        for lease in leased.leases {
            match queue.out.remove(&lease.lane) {
                Some(Out { was_parked: true, .. }) => queue.parked += 1,
                // It is found again where it was found before.
                Some(Out { was_parked: false, .. }) => queue.cursor = queue.cursor.min(lease.record.id - 1),
                None => {}
            }
        }
    }

    /// After a transaction that failed nobody knows what of it was passed over: all is looked at again.
    pub(super) fn look_again(&mut self) {
        self.queues.values_mut().for_each(|queue| queue.cursor = 0);
    }

    fn next_due(&self, consumer: ConsumerId, now_ms: u64) -> rusqlite::Result<Option<u64>> {
        let mut next = self.db.prepare_cached("SELECT min(due) FROM owed WHERE consumer = ?1 AND due > ?2")?;
        next.query_row(params![consumer.0, now_ms], |row| row.get(0))
    }

    pub(super) fn load_queues(&mut self) -> rusqlite::Result<()> {
        let read = |row: &Row<'_>| Ok((ConsumerId(row.get(0)?), row.get(1)?));
        self.names = rows(&self.db, "SELECT id, name FROM consumer", [], read)?.into_iter().collect();
        self.recount()
    }

    /// Remembers how late it is, while that matters to something that is parked.
    pub(super) fn note_clock(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        if now_ms < self.clock_noted_ms + CLOCK_EVERY_MS || self.queues.values().all(|queue| queue.parked == 0) {
            return Ok(());
        }
        let sql = "INSERT INTO counter(name, value) VALUES('clock', ?1) ON CONFLICT(name) DO UPDATE SET value = ?1";
        self.db.prepare_cached(sql)?.execute([now_ms])?;
        self.clock_noted_ms = now_ms;
        Ok(())
    }

    /// What is parked for a time that only a clock which has been set back makes far away is due now.
    pub(super) fn load_clock(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        let noted = "SELECT value FROM counter WHERE name = 'clock'";
        let noted_ms: Option<u64> = self.db.query_row(noted, [], |row| row.get(0)).optional()?;
        if noted_ms.is_some_and(|noted_ms| noted_ms > now_ms) {
            tracing::warn!("the clock has been set back since the last run: everything that is parked is due now");
            self.db.execute("UPDATE owed SET due = ?1 WHERE due > ?1", [now_ms])?;
        }
        Ok(())
    }

    /// Counts what the file holds for each consumer.
    pub(super) fn recount(&mut self) -> rusqlite::Result<()> {
        let read = |row: &Row<'_>| Ok((ConsumerId(row.get(0)?), row.get(1)?, row.get(2)?));
        let counts = |sql: &str| rows(&self.db, sql, [], read);
        let owed: Vec<(ConsumerId, u64, u64)> =
            counts("SELECT consumer, count(*), count(due) FROM owed GROUP BY consumer")?;
        let dead = counts("SELECT consumer, count(*), 0 FROM dead GROUP BY consumer")?;
        for queue in self.queues.values_mut() {
            (queue.owed, queue.parked, queue.dead) = (0, 0, 0);
        }
        for (consumer, owed, parked) in owed {
            let queue = self.queue(consumer);
            let parked_out = queue.out.values().filter(|out| out.was_parked).count() as u64;
            (queue.owed, queue.parked) = (owed, parked.saturating_sub(parked_out));
        }
        for (consumer, dead, _) in dead {
            self.queue(consumer).dead = dead;
        }
        Ok(())
    }
}

/// One request for leases.
struct Round<'k> {
    db: &'k Connection,
    consumer: ConsumerId,
    queue: &'k mut Queue,
    most: usize,
    leased: Leased,
    bytes: usize,
    /// Whether it has written something down.
    has_written: bool,
}

impl Round<'_> {
    fn gather(&mut self, durable: i64, fresh_first: bool, now_ms: u64) -> rusqlite::Result<()> {
        if fresh_first {
            self.fresh(durable)?;
            self.due(now_ms)?;
        } else {
            self.due(now_ms)?;
            self.freed()?;
            self.fresh(durable)?;
        }
        self.freed()
    }

    fn is_full(&self) -> bool {
        self.leased.leases.len() >= self.most || self.bytes >= LEASE_BYTES
    }

    /// What was parked until now.
    fn due(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        if self.queue.parked == 0 {
            return Ok(());
        }
        // Rows of lanes that are out are passed over, and one more tells whether there is more: nobody
        // is woken for what is overdue.
        let most = self.most.saturating_add(self.queue.out.len() + 1);
        let sql = format!("SELECT {OWED} FROM owed WHERE consumer = ?1 AND due <= ?2 ORDER BY due LIMIT ?3");
        for owed in rows(self.db, &sql, params![self.consumer.0, now_ms, most], Owed::read)? {
            if self.queue.out.contains_key(&owed.lane) {
                continue;
            }
            if self.is_full() {
                self.leased.more = true;
                break;
            }
            self.take(owed)?;
        }
        Ok(())
    }

    /// The next of lanes that came back.
    fn freed(&mut self) -> rusqlite::Result<()> {
        let sql = format!("SELECT {OWED} FROM owed WHERE consumer = ?1 AND behind = ?2 ORDER BY record LIMIT 1");
        while !self.is_full() {
            let Some(lane) = self.queue.freed.front().copied() else { return Ok(()) };
            for head in rows(self.db, &sql, params![self.consumer.0, lane], Owed::read)? {
                if head.due_ms.is_none() && head.record <= self.queue.cursor {
                    self.take(head)?;
                }
            }
            // Only now: a file that cannot be read loses no lane.
            self.queue.freed.pop_front();
        }
        self.leased.more |= !self.queue.freed.is_empty();
        Ok(())
    }

    /// What was not looked at so far.
    fn fresh(&mut self, durable: i64) -> rusqlite::Result<()> {
        if self.is_full() || self.queue.cursor >= durable {
            self.leased.more |= self.queue.cursor < durable;
            return Ok(());
        }
        let sql = format!(
            "SELECT {OWED} FROM owed WHERE consumer = ?1 AND record > ?2 AND record <= ?3 ORDER BY record LIMIT ?4"
        );
        let room = self.most - self.leased.leases.len();
        let limit = SCAN_ROWS.min(room.saturating_mul(4).max(16));
        let found = rows(self.db, &sql, params![self.consumer.0, self.queue.cursor, durable, limit], Owed::read)?;
        let was_last = found.len() < limit;
        for owed in found {
            if self.is_full() {
                self.leased.more = true;
                return Ok(());
            }
            let record = owed.record;
            self.look_at(owed)?;
            self.queue.cursor = record;
        }
        if was_last {
            self.queue.cursor = durable;
        }
        self.leased.more |= !was_last;
        Ok(())
    }

    /// Takes a record that the cursor comes to, or lets it be found by its lane.
    fn look_at(&mut self, owed: Owed) -> rusqlite::Result<()> {
        let out = self.queue.out.get(&owed.lane);
        if out.is_some_and(|out| out.record == owed.record) {
            return Ok(());
        }
        if owed.due_ms.is_none() && out.is_none() && self.is_head(&owed)? {
            self.take(owed)
        } else if owed.is_behind {
            Ok(())
        } else {
            self.pass_over(&owed)
        }
    }

    /// It is found by its lane from now on.
    fn pass_over(&mut self, owed: &Owed) -> rusqlite::Result<()> {
        set_behind(self.db, self.consumer, owed.record)?;
        self.has_written = true;
        Ok(())
    }

    /// Whether nothing that was looked at is owed before it in its lane.
    fn is_head(&self, owed: &Owed) -> rusqlite::Result<bool> {
        let mut earlier =
            self.db.prepare_cached("SELECT 1 FROM owed WHERE consumer = ?1 AND behind = ?2 AND record < ?3 LIMIT 1")?;
        Ok(!earlier.exists(params![self.consumer.0, owed.lane, owed.record])?)
    }

    fn take(&mut self, owed: Owed) -> rusqlite::Result<()> {
        if self.queue.out.contains_key(&owed.lane) {
            return Ok(());
        }
        let Some(record) = load(self.db, owed.record)? else {
            tracing::error!(
                record = owed.record,
                "the journal owes a record that it does not hold: the file is damaged"
            );
            return Ok(());
        };
        let was_parked = owed.due_ms.is_some();
        self.queue.out.insert(owed.lane, Out { record: owed.record, was_parked });
        if was_parked {
            self.queue.parked = self.queue.parked.saturating_sub(1);
        }
        self.bytes += record.body.len();
        self.leased.leases.push(Lease {
            consumer: self.consumer,
            record: Arc::new(record),
            lane: owed.lane,
            attempts: owed.attempts,
            progress: owed.progress,
            since_ms: owed.since_ms,
            by_hand: owed.by_hand,
            hold: Hold::for_good(),
        });
        Ok(())
    }
}

/// Lets a row of `owed` be found by its lane.
pub(super) fn set_behind(db: &Connection, consumer: ConsumerId, record: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE owed SET behind = lane WHERE consumer = ?1 AND record = ?2";
    db.prepare_cached(sql)?.execute(params![consumer.0, record])?;
    Ok(())
}

/// A record by its id.
pub(super) fn load(db: &Connection, id: i64) -> rusqlite::Result<Option<Record>> {
    let sql =
        "SELECT received, source, kind, number, headers, consumers, origin, retained, body FROM record WHERE id = ?1";
    db.prepare_cached(sql)?.query_row(params![id], |row| read(id, row)).optional()
}

fn read(id: i64, row: &Row<'_>) -> rusqlite::Result<Record> {
    let body: Vec<u8> = row.get(8)?;
    Ok(Record {
        id,
        common_id: id,
        received_ms: row.get(0)?,
        // Words that a later version may have written are no reason to lose the body.
        source: row.get_ref(1)?.as_str()?.parse().unwrap_or(Format::Cloud),
        kind: Kind::named(row.get_ref(2)?.as_str()?).unwrap_or(Kind::Other),
        number: row.get(3)?,
        headers: row.get(4)?,
        sole: read_consumers(row.get_ref(5)?.as_str()?).len() < 2,
        origin: row.get(6)?,
        retained: row.get(7)?,
        body: Bytes::from(body),
    })
}
