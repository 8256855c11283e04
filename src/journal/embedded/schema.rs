//! The tables, and how a file of an older version becomes one of this.
//!
//! The version of a file is SQLite's `user_version`. A step, once released, is never changed: a new
//! version is a new step at the end.

use rusqlite::Connection;

/// Marks the file as ours (`file(1)` and `PRAGMA application_id` show it): "cutv".
const APPLICATION_ID: i32 = 0x6375_7476;

/// What each version added. Times are milliseconds since 1970.
const STEPS: [&str; 5] = [
    // Each record is owed to some consumers, in the order of its id; what nobody is owed any more is
    // in `done`, in the order in which that came about. The two indices are for the head of a lane,
    // and for what is parked.
    "CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
     CREATE TABLE consumer(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, give_up_ms INTEGER NOT NULL);
     CREATE TABLE record(
         id INTEGER PRIMARY KEY, received INTEGER NOT NULL, lane INTEGER NOT NULL, source TEXT NOT NULL,
         kind TEXT NOT NULL, number TEXT, headers TEXT NOT NULL, consumers TEXT NOT NULL, origin INTEGER,
         body BLOB NOT NULL);
     CREATE TABLE owed(
         consumer INTEGER NOT NULL, record INTEGER NOT NULL, lane INTEGER NOT NULL, since INTEGER NOT NULL,
         by_hand INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER, done INTEGER, last TEXT, verdict TEXT,
         PRIMARY KEY(consumer, record)) WITHOUT ROWID;
     CREATE INDEX owed_lane ON owed(consumer, lane, record);
     CREATE INDEX owed_due ON owed(consumer, due) WHERE due IS NOT NULL;
     CREATE TABLE dead(
         consumer INTEGER NOT NULL, record INTEGER NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
         attempts INTEGER NOT NULL, verdict TEXT, PRIMARY KEY(consumer, record)) WITHOUT ROWID;
     CREATE TABLE done(seq INTEGER PRIMARY KEY, record INTEGER NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL);
     CREATE TABLE known(key BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;",
    // How far each consumer knows of each message, for `statuses = "forward_only"`.
    "CREATE TABLE advance(key BLOB PRIMARY KEY, rank INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;",
    // Nothing in the accept path is written in a random order any more: a lane is found by index only
    // where something of it waits behind something else (`behind` holds the lane then), and what is
    // known is gathered in `fresh` before it goes into `known`, in order.
    "DROP INDEX owed_lane;
     ALTER TABLE owed ADD COLUMN behind INTEGER;
     UPDATE owed SET behind = lane;
     CREATE INDEX owed_behind ON owed(consumer, behind, record) WHERE behind IS NOT NULL;
     CREATE TABLE fresh(seq INTEGER PRIMARY KEY, keys BLOB NOT NULL, at INTEGER NOT NULL);",
    // What is kept beside the records: the cutover record of each number.
    "CREATE TABLE note(name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;",
    // Whether what a record holds is retained with another: that of a copy, or of a part. The copies of a
    // record are found by index; most records are none, so accepts pay nothing for it.
    "ALTER TABLE record ADD COLUMN retained INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX record_origin ON record(origin) WHERE origin IS NOT NULL;
     UPDATE record SET retained = 1 WHERE origin IS NOT NULL;",
];

/// The version this program writes.
pub(super) const VERSION: i32 = STEPS.len() as i32;

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Of this version or an earlier one; of none yet if it is new.
    Ours(usize),
    /// Of a later one.
    Newer(i32),
    /// Another program's.
    Foreign,
}

/// Whose a file is, and of which version.
pub(super) fn standing(db: &Connection) -> rusqlite::Result<Standing> {
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (owner, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let ours = owner == APPLICATION_ID || (tables == 0 && owner == 0 && version == 0);
    Ok(match usize::try_from(version) {
        Ok(_) if ours && version > VERSION => Standing::Newer(version),
        Ok(from) if ours => Standing::Ours(from),
        _ => Standing::Foreign,
    })
}

/// Brings a file of ours to this version, in one transaction.
pub(super) fn bring_up(db: &mut Connection) -> rusqlite::Result<()> {
    let Standing::Ours(from) = standing(db)? else { return Ok(()) };
    let missing = STEPS.get(from..).unwrap_or_default();
    if !missing.is_empty() {
        let transaction = db.transaction()?;
        for step in missing {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    Ok(())
}
