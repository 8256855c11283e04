//! The journal of one process: an SQLite file beside it, and one thread that owns it.
//!
//! Everything that is written while the disk is busy goes into the next transaction: one fsync serves
//! all who wait. Why SQLite, and why like this: `docs/decisions/0003-embedded-journal.md`.

mod advances;
mod append;
mod checkpoint;
mod filter;
mod keeper;
mod lanes;
mod letters;
mod memory;
mod notes;
mod open;
mod retention;
mod schema;
mod settle;
mod space;

pub use open::OpenError;

use super::{
    Amount, Appended, Arrival, ConsumerId, Depth, Leased, Letter, LetterId, Note, Record, Selection, Settlement,
    Trouble, Vitals,
};
use crate::clock;
use crate::format::Identity;
use crate::lock::lock;
use keeper::Keeper;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// `[journal]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The file. SQLite keeps two more beside it, and we a third that says it is in use.
    pub path: PathBuf,
    /// How long events that come again are known.
    pub remember: Duration,
    /// How long what was delivered is kept for another delivery.
    pub retain_delivered: Duration,
    /// How many bytes of it at most.
    pub retain_max_bytes: u64,
}

/// How long anybody waits for the disk. The platforms give up after some 20 s.
const PATIENCE: Duration = Duration::from_secs(10);
/// A disk that takes longer for one transaction is called stalled.
const STALLED_AFTER_MS: u64 = 5_000;

/// What the keeper is asked to do.
enum Job {
    /// Something with the file, in the open transaction.
    Do(Task),
    /// How deliveries ended; nobody waits for it.
    Settle(Vec<Settlement>),
    /// The last job.
    Close(Reply<()>),
}

/// Done with the keeper, or told what keeps it from that. An error is the end of the transaction.
type Task = Box<dyn FnOnce(Result<&mut Keeper, Trouble>) -> rusqlite::Result<()> + Send>;
type Reply<T> = oneshot::Sender<Result<T, Trouble>>;

/// A job for the keeper; what keeps it from being done is told instead of an answer.
fn job<T: Send + 'static>(
    reply: Reply<T>,
    act: impl FnOnce(&mut Keeper, Reply<T>) -> rusqlite::Result<()> + Send + 'static,
) -> Job {
    Job::Do(Box::new(move |keeper| match keeper {
        Ok(keeper) => act(keeper, reply),
        Err(trouble) => {
            keeper::tell(reply, Err(trouble));
            Ok(())
        }
    }))
}

/// What the keeper tells everybody.
#[derive(Debug, Default)]
struct Shared {
    trouble: Mutex<Option<Trouble>>,
    /// Since when the keeper has been at work on one group of jobs; 0 while it is not.
    busy_since_ms: AtomicU64,
    wakes: Mutex<HashMap<ConsumerId, Arc<Notify>>>,
}

impl Shared {
    fn wake_of(&self, consumer: ConsumerId) -> Arc<Notify> {
        Arc::clone(lock(&self.wakes).entry(consumer).or_default())
    }
}

/// A handle to the keeper.
#[derive(Debug, Clone)]
pub struct Embedded {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
}

impl Embedded {
    /// Opens the file, or makes it, and starts its keeper.
    ///
    /// # Errors
    /// Another process has it, a later version wrote it, or the system refuses.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let (jobs, inbox) = mpsc::channel();
        let shared = Arc::new(Shared::default());
        let keeper = Keeper::open(settings, inbox, Arc::clone(&shared))?;
        let named = std::thread::Builder::new().name("journal".to_owned());
        named.spawn(move || keeper.run()).map_err(OpenError::Thread)?;
        Ok(Self { jobs, shared })
    }

    async fn answer<T>(&self, job: Job, mut answer: oneshot::Receiver<Result<T, Trouble>>) -> Result<T, Trouble> {
        if self.jobs.send(job).is_err() {
            // Whether in good order or not, the keeper is gone.
            lock(&self.shared.trouble).get_or_insert(Trouble::Closed);
            return Err(Trouble::Closed);
        }
        match tokio::time::timeout(PATIENCE, &mut answer).await {
            Ok(answered) => answered.unwrap_or(Err(Trouble::Closed)),
            Err(_) => {
                // From here on the keeper sees that nobody waits; what it said before that is not lost.
                answer.close();
                answer.try_recv().unwrap_or(Err(Trouble::Stalled))
            }
        }
    }

    /// Answered at once.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Keeper) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Trouble> {
        self.read_unless_unheard(read, |_, _| {}).await
    }

    /// The same; what nobody waits for any more goes to `unheard`.
    async fn read_unless_unheard<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Keeper) -> rusqlite::Result<T> + Send + 'static,
        unheard: impl FnOnce(&mut Keeper, T) + Send + 'static,
    ) -> Result<T, Trouble> {
        let (reply, answer) = oneshot::channel();
        let job = job(reply, move |keeper, reply| match read(keeper) {
            Ok(found) => {
                if let Err(Ok(found)) = reply.send(Ok(found)) {
                    unheard(keeper, found);
                }
                Ok(())
            }
            Err(error) => {
                keeper::tell(reply, Err(keeper::trouble(&error)));
                Err(error)
            }
        });
        self.answer(job, answer).await
    }

    /// Answered when it is durable.
    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Keeper) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (reply, answer) = oneshot::channel();
        let job = job(reply, move |keeper, reply| match write(keeper) {
            Ok(value) => {
                keeper.answer(reply, value);
                Ok(())
            }
            Err(Refusal::NoRoom) => {
                keeper::tell(reply, Err(Trouble::Full));
                Ok(())
            }
            Err(Refusal::Sqlite(error)) => {
                keeper::tell(reply, Err(keeper::trouble(&error)));
                Err(error)
            }
        });
        self.answer(job, answer).await
    }

    pub(super) async fn register(&self, consumers: Vec<(String, u64)>) -> Result<Vec<ConsumerId>, Trouble> {
        self.write(move |keeper| keeper.register(&consumers)).await
    }

    pub(super) async fn append(&self, arrival: Arrival) -> Result<Appended, Trouble> {
        self.write(move |keeper| keeper.append(arrival)).await
    }

    pub(super) async fn lease(
        &self,
        consumer: ConsumerId,
        most: usize,
        fresh_first: bool,
        now_ms: u64,
    ) -> Result<Leased, Trouble> {
        let lease = move |keeper: &mut Keeper| keeper.lease(consumer, most, fresh_first, now_ms);
        self.read_unless_unheard(lease, move |keeper, unheard| keeper.take_back(consumer, unheard)).await
    }

    pub(super) fn settle(&self, settlements: Vec<Settlement>) {
        if self.jobs.send(Job::Settle(settlements)).is_err() {
            tracing::error!("deliveries ended after the journal was closed; they will be repeated");
        }
    }

    pub(super) fn wake_of(&self, consumer: ConsumerId) -> Arc<Notify> {
        self.shared.wake_of(consumer)
    }

    pub(super) fn vitals(&self) -> Vitals {
        if let Some(trouble) = lock(&self.shared.trouble).clone() {
            return Vitals::Ill(trouble);
        }
        match self.shared.busy_since_ms.load(Ordering::Relaxed) {
            0 => Vitals::Well,
            since if clock::steady_ms().saturating_sub(since) > STALLED_AFTER_MS => Vitals::Ill(Trouble::Stalled),
            _ => Vitals::Well,
        }
    }

    pub(super) async fn advances(
        &self,
        consumer: ConsumerId,
        messages: Vec<Identity>,
        now_ms: u64,
    ) -> Result<HashMap<Identity, u8>, Trouble> {
        self.read(move |keeper| keeper.advances(consumer, &messages, now_ms)).await
    }

    pub(super) async fn depths(&self, now_ms: u64) -> Result<Vec<Depth>, Trouble> {
        self.read(move |keeper| keeper.depths(now_ms)).await
    }

    pub(super) async fn letters(
        &self,
        waiting: bool,
        after: Option<LetterId>,
        most: usize,
    ) -> Result<Vec<Letter>, Trouble> {
        self.read(move |keeper| keeper.letters(waiting, after, most)).await
    }

    pub(super) async fn letter(&self, id: LetterId) -> Result<Option<(Letter, Record)>, Trouble> {
        self.read(move |keeper| keeper.letter(id)).await
    }

    pub(super) async fn revive(&self, id: LetterId, to: Vec<ConsumerId>, now_ms: u64) -> Result<bool, Trouble> {
        self.write(move |keeper| keeper.revive(id, &to, now_ms)).await
    }

    pub(super) async fn drop_letter(&self, id: LetterId) -> Result<bool, Trouble> {
        self.write(move |keeper| keeper.drop_letter(id)).await
    }

    pub(super) async fn bury(&self, id: LetterId, now_ms: u64) -> Result<bool, Trouble> {
        self.write(move |keeper| keeper.bury(id, now_ms)).await
    }

    pub(super) async fn owe_again(&self, selection: Selection, now_ms: u64) -> Result<Amount, Trouble> {
        self.write(move |keeper| keeper.owe_again(&selection, now_ms)).await
    }

    pub(super) async fn keep(&self, notes: Vec<Note>) -> Result<(), Trouble> {
        self.write(move |keeper| keeper.keep(&notes)).await
    }

    pub(super) async fn kept(&self) -> Result<Vec<Note>, Trouble> {
        self.read(|keeper| keeper.kept()).await
    }

    pub(super) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        if let Err(trouble) = self.answer(Job::Close(reply), answer).await {
            tracing::error!(%trouble, "the journal was not closed in order; what was settled last is delivered again");
        }
    }
}

/// Why a job is not done.
enum Refusal {
    /// There is no room for it; the transaction goes on without it.
    NoRoom,
    /// The transaction has failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Refusal::Sqlite(error)
    }
}
