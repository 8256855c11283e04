//! The thread that owns the file: it gathers what is asked for into transactions, and answers when
//! they are durable.

use super::checkpoint::Checkpointer;
use super::lanes::Queue;
use super::memory::Memory;
use super::open::{self, Claim};
use super::retention::Retained;
use super::space::Space;
use super::{Job, OpenError, Reply, Settings, Shared};
use crate::clock;
use crate::journal::{ConsumerId, Settlement, Trouble};
use crate::lock::lock;
use rusqlite::{Connection, ErrorCode};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How much goes into one transaction. More would only make the first who waits wait longer.
const GROUP_JOBS: usize = 512;
const GROUP_BYTES: u64 = 8 << 20;
/// So many endings that could not be written go into one transaction when that may work again.
const SETTLED_AT_ONCE: usize = 32;
/// Endings of deliveries wait so long for an append whose fsync they can share.
const LINGER: Duration = Duration::from_millis(10);
/// How often there is a look at what has to go.
const TICK: Duration = Duration::from_millis(500);
/// After a failed transaction, before the next try of our own.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

type Answer = Box<dyn FnOnce(Result<(), Trouble>) + Send>;

/// The owner of the file. Its parts are in the files beside this one.
pub(super) struct Keeper {
    pub(super) db: Connection,
    pub(super) settings: Settings,
    pub(super) queues: HashMap<ConsumerId, Queue>,
    pub(super) names: HashMap<ConsumerId, String>,
    /// Those that are configured, once somebody has said which.
    pub(super) configured: Option<Vec<ConsumerId>>,
    pub(super) next_record: i64,
    /// Ids up to here are set aside in the file.
    pub(super) reserved: i64,
    /// The last record that is durable; nothing after it is leased.
    pub(super) durable: i64,
    pub(super) retained: Retained,
    pub(super) memory: Memory,
    pub(super) space: Space,
    /// When the time was last noted in the file.
    pub(super) clock_noted_ms: u64,
    /// How much the open transaction adds.
    pub(super) group_bytes: u64,
    jobs: Receiver<Job>,
    pub(super) shared: Arc<Shared>,
    /// Who is told when the open transaction is durable.
    answers: Vec<Answer>,
    /// Consumers that have something new in the open transaction.
    pub(super) woken: Vec<ConsumerId>,
    /// Endings that are not durable yet; so many of them are in the open transaction. The others were
    /// in one that failed.
    unsettled: Vec<Settlement>,
    settled: usize,
    /// Of so many of them the lanes were let go. That is done once, however often they are written:
    /// something else of the lane may be out since.
    lanes_let_go: usize,
    /// Whether the file was taken away or written over: nothing can be promised until the next start.
    is_lost: bool,
    /// Whether a transaction was lost, and with it some of what memory says of the file.
    astray: bool,
    /// Whether the open transaction holds a write that is there to see whether it can be done.
    tried: bool,
    /// When the open transaction is committed, whatever comes.
    deadline: Option<Instant>,
    pub(super) checkpointer: Checkpointer,
    /// The last field: the claim is given up when everything else is closed.
    claim: Claim,
}

impl Keeper {
    pub(super) fn open(settings: Settings, jobs: Receiver<Job>, shared: Arc<Shared>) -> Result<Self, OpenError> {
        let (mut db, claim) = open::open(&settings.path)?;
        let refused = |error: rusqlite::Error| open::failed(&settings.path, &error);
        // Through whatever links: what stands beside the file stands beside its real name.
        let space = Space::new(db.path().map_or(settings.path.as_path(), Path::new));
        let checkpointer = Checkpointer::start(&settings.path, &mut db, space.log_pages()).map_err(refused)?;
        let mut keeper = Self {
            space,
            db,
            settings: settings.clone(),
            queues: HashMap::new(),
            names: HashMap::new(),
            configured: None,
            next_record: 0,
            reserved: 0,
            durable: 0,
            retained: Retained::default(),
            memory: Memory::default(),
            clock_noted_ms: 0,
            group_bytes: 0,
            jobs,
            shared,
            answers: Vec::new(),
            woken: Vec::new(),
            unsettled: Vec::new(),
            settled: 0,
            lanes_let_go: 0,
            is_lost: false,
            astray: false,
            tried: false,
            deadline: None,
            checkpointer,
            claim,
        };
        keeper.load().map_err(refused)?;
        Ok(keeper)
    }

    /// What has to be known of the file before anything is asked.
    fn load(&mut self) -> rusqlite::Result<()> {
        self.load_counter()?;
        self.load_clock(clock::steady_ms())?;
        self.load_queues()?;
        self.load_memory()?;
        self.load_retained()
    }

    pub(super) fn run(mut self) {
        let mut next_tick = Instant::now() + TICK;
        loop {
            let until = self.deadline.map_or(next_tick, |deadline| deadline.min(next_tick));
            match self.jobs.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(job) => {
                    self.shared.busy_since_ms.store(clock::steady_ms(), Ordering::Relaxed);
                    if let ControlFlow::Break(reply) = self.group(job) {
                        return tell(reply, self.close());
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    if let Err(trouble) = self.close() {
                        tracing::error!(%trouble, "the journal was not closed in order");
                    }
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.shared.busy_since_ms.store(clock::steady_ms(), Ordering::Relaxed);
            if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                self.flush();
            }
            if next_tick <= Instant::now() {
                self.is_lost |= !self.claim.holds();
                self.tidy(clock::steady_ms());
                next_tick = Instant::now() + TICK;
            }
            self.shared.busy_since_ms.store(0, Ordering::Relaxed);
        }
    }

    /// Commits what nobody waits for.
    fn flush(&mut self) {
        match self.begin() {
            Ok(()) => self.commit(),
            Err(error) => self.fail(&error),
        }
    }

    /// Does a job and what has gathered behind it. What somebody waits for is committed at once.
    fn group(&mut self, first: Job) -> ControlFlow<Reply<()>> {
        let mut next = Some(first);
        let mut jobs = 0;
        while let Some(job) = next.take() {
            if let Job::Close(reply) = job {
                return ControlFlow::Break(reply);
            }
            if let Err(error) = self.take_up(job) {
                self.fail(&error);
            }
            jobs += 1;
            if jobs < GROUP_JOBS && self.group_bytes < GROUP_BYTES {
                next = self.jobs.try_recv().ok();
            }
        }
        // Endings alone wait for something to share an fsync with.
        if !self.answers.is_empty() || self.deadline.is_none() {
            self.commit();
        }
        ControlFlow::Continue(())
    }

    /// Writes out everything; the file then stands alone, without a log beside it.
    fn close(mut self) -> Result<(), Trouble> {
        self.flush();
        let unwritten = !self.unsettled.is_empty();
        let Self { db, checkpointer, claim: _claim, .. } = self;
        checkpointer.stop();
        db.close().map_err(|(_, error)| trouble(&error))?;
        if unwritten { Err(Trouble::Failing("what was settled last could not be written".to_owned())) } else { Ok(()) }
    }

    fn take_up(&mut self, job: Job) -> rusqlite::Result<()> {
        match job {
            // What is read is read in a transaction, too: without one SQLite takes its locks for each
            // query. And what is leased must not be what a failed transaction still has to settle.
            Job::Do(task) => match self.begin() {
                Ok(()) => task(Ok(self))?,
                Err(error) => {
                    task(Err(trouble(&error)))?;
                    return Err(error);
                }
            },
            Job::Settle(settlements) => {
                self.unsettled.extend(settlements);
                self.begin()?;
            }
            Job::Close(_) => {}
        }
        Ok(())
    }

    /// Brings what the log holds into the file, at once.
    pub(super) fn checkpoint(&mut self) {
        self.checkpointer.finish(&self.db);
    }

    /// Opens a transaction if none is open, and writes again what a failed one was to settle.
    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        if self.is_lost {
            return Err(lost_file());
        }
        if self.db.is_autocommit() {
            if self.astray {
                self.settle_in_steps()?;
            }
            self.open_transaction()?;
        }
        self.settle_again()
    }

    fn open_transaction(&mut self) -> rusqlite::Result<()> {
        self.leave_room_for_the_log()?;
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(())
    }

    /// Writes again what has gathered while nothing could be written, in transactions so small that they
    /// find room on a disk that is nearly full.
    fn settle_in_steps(&mut self) -> rusqlite::Result<()> {
        while self.unsettled.len() > SETTLED_AT_ONCE {
            self.checkpoint();
            self.open_transaction()?;
            for _ in 0..SETTLED_AT_ONCE {
                self.settle_next()?;
            }
            self.db.prepare_cached("COMMIT")?.execute([])?;
            self.settled_are_durable();
        }
        self.checkpoint();
        Ok(())
    }

    fn settled_are_durable(&mut self) {
        let settled = std::mem::take(&mut self.settled);
        self.unsettled.drain(..settled);
        self.lanes_let_go = self.lanes_let_go.saturating_sub(settled);
    }

    fn settle_again(&mut self) -> rusqlite::Result<()> {
        while self.settled < self.unsettled.len() {
            self.write_soon();
            self.settle_next()?;
        }
        if self.astray {
            // Counted with everything that was settled; whom the lost transaction would have woken was
            // not told.
            self.recount()?;
            self.load_retained()?;
            self.woken.extend(self.queues.keys());
            self.astray = false;
        }
        Ok(())
    }

    /// What the open transaction holds can wait a moment for company.
    pub(super) fn write_soon(&mut self) {
        self.deadline.get_or_insert_with(|| Instant::now() + LINGER);
    }

    fn settle_next(&mut self) -> rusqlite::Result<()> {
        let Some(settlement) = self.unsettled.get(self.settled).cloned() else { return Ok(()) };
        self.settle(&settlement)?;
        self.settled += 1;
        if self.lanes_let_go < self.settled {
            self.lanes_let_go = self.settled;
            self.let_go(&settlement)?;
        }
        Ok(())
    }

    /// Remembers whom to answer when the open transaction is durable.
    pub(super) fn answer<T: Send + 'static>(&mut self, reply: Reply<T>, value: T) {
        self.answers.push(Box::new(move |durable| tell(reply, durable.map(|()| value))));
    }

    /// Does this once the open transaction is durable, and not at all if it is lost.
    pub(super) fn once_durable(&mut self, what: impl FnOnce() + Send + 'static) {
        self.answers.push(Box::new(move |durable| {
            if durable.is_ok() {
                what();
            }
        }));
    }

    /// Makes the open transaction durable and says so.
    pub(super) fn commit(&mut self) {
        self.deadline = None;
        self.group_bytes = 0;
        if let Err(error) = self.write_out() {
            return self.fail(&error);
        }
        self.memory_is_durable();
        // What was only read says nothing of the disk.
        let has_written = self.settled > 0 || !self.answers.is_empty() || std::mem::take(&mut self.tried);
        self.settled_are_durable();
        self.durable = self.next_record;
        for answer in self.answers.drain(..) {
            answer(Ok(()));
        }
        self.woken.sort_unstable();
        self.woken.dedup();
        for consumer in self.woken.drain(..) {
            self.shared.wake_of(consumer).notify_one();
        }
        if has_written {
            self.recovered();
        }
        if self.checkpointer.is_due() {
            self.checkpointer.go_on(&self.db);
        }
    }

    fn write_out(&mut self) -> rusqlite::Result<()> {
        if self.db.is_autocommit() {
            return Ok(());
        }
        if !self.answers.is_empty() {
            self.move_memory(clock::steady_ms())?;
        }
        self.db.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// The open transaction is lost: whoever waits for it is told, and what was settled in it is
    /// settled again in the next.
    pub(super) fn fail(&mut self, error: &rusqlite::Error) {
        if !self.db.is_autocommit()
            && let Err(error) = self.db.execute_batch("ROLLBACK")
        {
            tracing::debug!(%error, "nothing to roll back");
        }
        tracing::debug!(%error, unsettled = self.unsettled.len(), "a transaction is lost");
        let trouble = trouble(error);
        for answer in self.answers.drain(..) {
            answer(Err(trouble.clone()));
        }
        self.woken.clear();
        self.settled = 0;
        self.tried = false;
        // What memory says of the file may be wrong until it is read again.
        self.astray = true;
        self.memory_is_lost();
        self.look_again();
        // Places that were set aside in it are not.
        self.reserved = 0;
        if trouble == Trouble::Full {
            self.space.ran_out();
        }
        // Not at once, or a full disk would be asked without a pause.
        self.deadline = (!self.unsettled.is_empty()).then(|| Instant::now() + RETRY_PAUSE);
        self.suffer(trouble);
    }

    /// Writes something, where nobody asks for it, to see whether that can be done again.
    pub(super) fn try_writing(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        if self.space.refusing || lock(&self.shared.trouble).is_none() {
            return Ok(());
        }
        let sql = "INSERT INTO counter(name, value) VALUES('tried', ?1) ON CONFLICT(name) DO UPDATE SET value = ?1";
        self.db.prepare_cached(sql)?.execute([now_ms])?;
        self.tried = true;
        Ok(())
    }

    /// Says once that the journal cannot take anything, and why.
    pub(super) fn suffer(&mut self, trouble: Trouble) {
        let mut known = lock(&self.shared.trouble);
        if known.as_ref() != Some(&trouble) {
            tracing::error!(%trouble, file = %self.settings.path.display(), "the journal cannot be written: webhooks are answered 503");
            *known = Some(trouble);
        }
    }

    pub(super) fn recovered(&self) {
        if !self.space.refusing && lock(&self.shared.trouble).take().is_some() {
            tracing::info!("the journal can be written again");
        }
    }
}

/// All rows of a query.
pub(super) fn rows<T>(
    db: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    db.prepare_cached(sql)?.query_map(values, read)?.collect()
}

/// Told to everybody once the file is not the one that was opened.
fn lost_file() -> rusqlite::Error {
    let said = "the file was removed or written over while it was in use: restart when it is back in its place";
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR), Some(said.to_owned()))
}

/// An error in words that hold nothing of a body.
pub(super) fn trouble(error: &rusqlite::Error) -> Trouble {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Trouble::Full,
        _ => Trouble::Failing(error.to_string()),
    }
}

/// Answers somebody who may have gone.
pub(super) fn tell<T>(reply: Reply<T>, answer: Result<T, Trouble>) {
    if reply.send(answer).is_err() {
        tracing::debug!("nobody waits for this answer of the journal any more");
    }
}
