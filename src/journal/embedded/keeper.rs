//! The thread that owns the file: it gathers what is asked for into transactions, and answers when
//! they are durable.

use super::checkpoint::Checkpointer;
use super::lanes::Queue;
use super::open::{self, Claim};
use super::retention::Retained;
use super::space::Space;
use super::{Job, OpenError, Reply, Settings, Shared, lock};
use crate::clock;
use crate::journal::{ConsumerId, Settlement, Trouble};
use rusqlite::{Connection, ErrorCode};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How much goes into one transaction. More would only make the first who waits wait longer.
const GROUP_JOBS: usize = 512;
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
    /// Those that are configured.
    pub(super) known_consumers: Vec<ConsumerId>,
    pub(super) next_record: i64,
    /// Ids up to here are set aside in the file.
    pub(super) reserved: i64,
    /// The last record that is durable; nothing after it is leased.
    pub(super) durable: i64,
    pub(super) retained: Retained,
    pub(super) space: Space,
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
    /// Whether a transaction was lost, and with it some of what memory says of the file.
    astray: bool,
    /// When the open transaction is committed, whatever comes.
    deadline: Option<Instant>,
    checkpointer: Checkpointer,
    /// The last field: the claim is given up when everything else is closed.
    _claim: Claim,
}

impl Keeper {
    pub(super) fn open(settings: Settings, jobs: Receiver<Job>, shared: Arc<Shared>) -> Result<Self, OpenError> {
        let (mut db, claim) = open::open(&settings.path)?;
        let refused =
            |error: rusqlite::Error| OpenError::Refused { path: settings.path.clone(), reason: error.to_string() };
        let space = Space::new(&settings.path);
        let checkpointer = Checkpointer::start(&settings.path, &mut db, space.log_pages()).map_err(refused)?;
        let mut keeper = Self {
            space,
            db,
            settings: settings.clone(),
            queues: HashMap::new(),
            names: HashMap::new(),
            known_consumers: Vec::new(),
            next_record: 0,
            reserved: 0,
            durable: 0,
            retained: Retained::default(),
            jobs,
            shared,
            answers: Vec::new(),
            woken: Vec::new(),
            unsettled: Vec::new(),
            settled: 0,
            astray: false,
            deadline: None,
            checkpointer,
            _claim: claim,
        };
        keeper.load().map_err(refused)?;
        Ok(keeper)
    }

    /// What has to be known of the file before anything is asked.
    fn load(&mut self) -> rusqlite::Result<()> {
        self.load_counter()?;
        self.load_queues()?;
        self.load_retained()
    }

    pub(super) fn run(mut self) {
        let mut next_tick = Instant::now() + TICK;
        loop {
            let until = self.deadline.map_or(next_tick, |deadline| deadline.min(next_tick));
            match self.jobs.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(job) => {
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
            if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                self.flush();
            }
            if next_tick <= Instant::now() {
                self.tidy(clock::steady_ms());
                next_tick = Instant::now() + TICK;
            }
        }
    }

    /// Commits what nobody waits for.
    fn flush(&mut self) {
        match self.settle_again() {
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
            if jobs < GROUP_JOBS {
                next = self.jobs.try_recv().ok();
            }
        }
        if !self.answers.is_empty() {
            self.commit();
        }
        ControlFlow::Continue(())
    }

    /// Writes out everything; the file then stands alone, without a log beside it.
    fn close(mut self) -> Result<(), Trouble> {
        self.flush();
        let unwritten = !self.unsettled.is_empty();
        let Self { db, checkpointer, _claim, .. } = self;
        checkpointer.stop();
        db.close().map_err(|(_, error)| trouble(&error))?;
        if unwritten { Err(Trouble::Failing("what was settled last could not be written".to_owned())) } else { Ok(()) }
    }

    fn take_up(&mut self, job: Job) -> rusqlite::Result<()> {
        match job {
            Job::Read(read) => {
                // What is leased must not be what a failed transaction still has to settle.
                self.settle_again()?;
                read(self);
            }
            Job::Write(write) => {
                self.begin()?;
                write(self)?;
            }
            Job::Settle(settlement) => {
                let began = self.begin();
                self.unsettled.push(*settlement);
                began?;
                self.settle_next()?;
                self.deadline.get_or_insert_with(|| Instant::now() + LINGER);
            }
            Job::Close(_) => {}
        }
        Ok(())
    }

    /// Opens a transaction if none is open, and writes again what a failed one was to settle.
    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        if self.db.is_autocommit() {
            self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        }
        self.settle_again()
    }

    pub(super) fn settle_again(&mut self) -> rusqlite::Result<()> {
        if self.settled < self.unsettled.len() {
            if self.db.is_autocommit() {
                self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            }
            self.deadline.get_or_insert_with(|| Instant::now() + LINGER);
        }
        while self.settled < self.unsettled.len() {
            self.settle_next()?;
        }
        Ok(())
    }

    fn settle_next(&mut self) -> rusqlite::Result<()> {
        let Some(settlement) = self.unsettled.get(self.settled).cloned() else { return Ok(()) };
        self.settle(&settlement)?;
        self.settled += 1;
        Ok(())
    }

    /// Remembers whom to answer when the open transaction is durable.
    pub(super) fn answer<T: Send + 'static>(&mut self, reply: Reply<T>, value: T) {
        self.answers.push(Box::new(move |durable| tell(reply, durable.map(|()| value))));
    }

    /// Makes the open transaction durable and says so.
    pub(super) fn commit(&mut self) {
        self.deadline = None;
        let committed = match self.db.is_autocommit() {
            true => Ok(()),
            false => self.write_out(),
        };
        if let Err(error) = committed {
            return self.fail(&error);
        }
        self.unsettled.clear();
        self.settled = 0;
        self.durable = self.next_record;
        for answer in self.answers.drain(..) {
            answer(Ok(()));
        }
        if self.astray {
            self.learn_again();
        }
        self.woken.sort_unstable();
        self.woken.dedup();
        for consumer in self.woken.drain(..) {
            self.shared.wake_of(consumer).notify_one();
        }
        self.recovered();
        if self.checkpointer.is_due() {
            self.checkpointer.go_on(&self.db);
        }
    }

    /// Counts what the file holds, now that everything that was settled is in it. Whoever was to be told
    /// of something in a lost transaction is told now.
    fn learn_again(&mut self) {
        match self.recount().and_then(|()| self.load_retained()) {
            Ok(()) => self.astray = false,
            Err(error) => tracing::debug!(%error, "cannot count what is owed"),
        }
        self.woken.extend(self.queues.keys());
    }

    fn write_out(&mut self) -> rusqlite::Result<()> {
        self.shared.busy_since_ms.store(clock::steady_ms(), Ordering::Relaxed);
        let committed = self.db.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        self.shared.busy_since_ms.store(0, Ordering::Relaxed);
        committed.map(drop)
    }

    /// The open transaction is lost: whoever waits for it is told, and what was settled in it is
    /// settled again in the next.
    pub(super) fn fail(&mut self, error: &rusqlite::Error) {
        if !self.db.is_autocommit()
            && let Err(error) = self.db.execute_batch("ROLLBACK")
        {
            tracing::debug!(%error, "nothing to roll back");
        }
        let trouble = trouble(error);
        for answer in self.answers.drain(..) {
            answer(Err(trouble.clone()));
        }
        self.woken.clear();
        self.settled = 0;
        self.astray = true;
        // Ids that were set aside in it are set aside no more.
        self.reserved = self.next_record;
        if trouble == Trouble::Full {
            self.space.ran_out();
        }
        // Not at once, or a full disk would be asked without a pause.
        self.deadline = (!self.unsettled.is_empty()).then(|| Instant::now() + RETRY_PAUSE);
        self.suffer(trouble);
    }

    /// Writes something while nothing is known to get through: whoever is not ready is sent nothing that
    /// could show that it does again.
    pub(super) fn try_again(&mut self) -> rusqlite::Result<()> {
        if self.space.refusing || lock(&self.shared.trouble).is_none() {
            return Ok(());
        }
        self.begin()?;
        let mut write = self.db.prepare_cached(
            "INSERT INTO counter(name, value) VALUES('tried', 1) ON CONFLICT(name) DO UPDATE SET value = value + 1",
        )?;
        write.execute([])?;
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
