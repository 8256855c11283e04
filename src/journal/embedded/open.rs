//! Opening the file: one process at a time, readable by its owner only.

use super::schema::{self, Standing};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Why a journal cannot be opened. Each says which file it is and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("journal.path: {0} is in use by another cutover: stop that one, or give this one a file of its own")]
    InUse(PathBuf),
    /// A later version wrote it.
    #[error(
        "journal.path: {path} was written by a later version of cutover (format {found}, this one knows {known}): \
         run that version, or give this one a file of its own"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format it has.
        found: i32,
        /// The latest that is known here.
        known: i32,
    },
    /// It is something else, or damaged beyond reading.
    #[error(
        "journal.path: {path} is no journal, or is damaged ({reason}): put it aside, with the files beside it, and start \
         with a new one; the sqlite3 shell may save what is in it"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The system refuses.
    #[error("journal.path: cannot open {path}: {reason}")]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No thread can be started.
    #[error("cannot start the journal's thread: {0}")]
    Thread(io::Error),
}

/// The lock on a journal; it goes with the process, however that ends. And an eye on the file: SQLite
/// does not notice that it was taken away or written over, and would go on as if nothing had happened.
#[derive(Debug)]
pub(super) struct Claim {
    _lock: File,
    /// Open for as long as SQLite has it: closing it would take SQLite's locks with it.
    file: File,
    path: PathBuf,
}

impl Claim {
    /// Whether the file is still there, and still a journal.
    pub(super) fn holds(&self) -> bool {
        let same = |ours: fs::Metadata, there: fs::Metadata| (ours.dev(), ours.ino()) == (there.dev(), there.ino());
        let is_there = match (self.file.metadata(), fs::metadata(&self.path)) {
            (Ok(ours), Ok(there)) => same(ours, there),
            (_, Err(error)) => error.kind() != io::ErrorKind::NotFound,
            (Err(_), _) => true,
        };
        let mut begins = [0; MAGIC.len()];
        // A new file is empty until the first checkpoint; a disk that cannot be read is another trouble,
        // of which SQLite tells by itself.
        let is_ours = self.file.read_exact_at(&mut begins, 0).is_err() || begins == *MAGIC;
        is_there && is_ours
    }
}

/// How an SQLite file begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The file with something appended to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Makes the name of a new file as durable as what will be written into it.
fn keep_name(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// A command that looks into a journal has it for a moment. Who wants it waits so long for that, and looks
/// as often as this whether it is free.
const CLAIM_PATIENCE: Duration = Duration::from_secs(2);
const CLAIM_PAUSE: Duration = Duration::from_millis(20);

/// Claims a journal for this process. The lock is on a file of its own: closing any handle on the
/// database itself would take SQLite's locks with it.
fn claim(path: &Path) -> Result<Claim, OpenError> {
    let refused = |error: io::Error| OpenError::Refused { path: path.to_owned(), reason: error.to_string() };
    let lock = private(&beside(path, "-lock")).map_err(refused)?;
    let begun = Instant::now();
    let claimed = loop {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) if begun.elapsed() < CLAIM_PATIENCE => std::thread::sleep(CLAIM_PAUSE),
            claimed => break claimed,
        }
    };
    match claimed {
        Ok(()) => {
            let file = File::open(path).map_err(refused)?;
            Ok(Claim { _lock: lock, file, path: path.to_owned() })
        }
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(refused(error)),
    }
}

/// One file under two names is still one file. If there is none it is made, through whatever links.
fn real(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            private(path)?;
            let made = path.canonicalize()?;
            keep_name(&made)?;
            Ok(made)
        }
        found => found,
    }
}

/// Opens a journal, made now if there is none.
pub(super) fn open(path: &Path) -> Result<(Connection, Claim), OpenError> {
    let refused = |error: io::Error| OpenError::Refused { path: path.to_owned(), reason: error.to_string() };
    let path = real(path).map_err(refused)?;
    let claim = claim(&path)?;
    match look(&path).map_err(|error| failed(&path, &error))? {
        Standing::Ours(_) => {}
        Standing::Newer(found) => return Err(OpenError::Newer { path, found, known: schema::VERSION }),
        Standing::Foreign => {
            return Err(OpenError::Damaged { path, reason: "it belongs to another program".to_owned() });
        }
    }
    for suffix in ["", "-wal", "-shm"] {
        match fs::set_permissions(beside(&path, suffix), Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refused(error)),
            _ => {}
        }
    }
    let mut db = connect(&path).map_err(|error| failed(&path, &error))?;
    schema::bring_up(&mut db).map_err(|error| failed(&path, &error))?;
    Ok((db, claim))
}

/// Whose a file is. It may be another program's: nothing of it is changed before that is known.
fn look(path: &Path) -> rusqlite::Result<Standing> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    schema::standing(&db)
}

/// How long a lock of somebody else, such as a `sqlite3` shell, is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages in memory; negative: KiB.
const CACHE_KIB: i32 = -24 * 1024;
/// How large SQLite may leave the log of a busy time; a negative value would leave it at its largest.
const LOG_REST_BYTES: i64 = 64 << 20;

/// Another connection to a journal that this process has claimed.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // A 200 is given after a commit: every commit goes to the disk.
    db.pragma_update(None, "synchronous", "FULL")?;
    // Checkpoints are made beside the accept path, see `checkpoint`.
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.pragma_update(None, "journal_size_limit", LOG_REST_BYTES)?;
    db.pragma_update(None, "cache_size", CACHE_KIB)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// What SQLite says while a journal is opened.
pub(super) fn failed(path: &Path, error: &rusqlite::Error) -> OpenError {
    let (path, reason) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path, reason },
        _ => OpenError::Refused { path, reason },
    }
}
