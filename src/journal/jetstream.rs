//! The journal of several processes: streams of NATS JetStream that all of them share.
//!
//! The broker keeps what is owed, and says who holds which partition; whoever holds one orders its
//! conversations in memory and delivers them. What a 200 means here, and why like this:
//! `docs/decisions/0006-jetstream-journal.md`.

mod append;
mod broker;
mod claims;
mod connect;
mod endings;
mod envelope;
mod follow;
mod held;
mod known;
mod lanes;
mod lease;
mod letters;
mod look;
mod names;
mod open;
mod pack;
mod probe;
mod redelivery;
mod registry;
mod remember;
mod reserve;
mod settings;
mod settle;
mod share;
mod streams;
mod told;

pub use connect::{OLDEST_SERVER, is_server};
pub use open::{OpenError, Role};
pub use probe::{of_server, probe};
pub use settings::{Credentials, Retention, Settings};

use super::{
    Amount, Appended, Arrival, ConsumerId, Depth, Leased, Letter, LetterId, Note, Record, Selection, Settlement,
    Trouble, Vitals,
};
use crate::format::Identity;
use crate::lock::lock;
use broker::{Broker, PATIENCE};
use endings::{Ending, Unwritten};
use held::Holdings;
use known::Known;
use names::Names;
use registry::Registry;
use remember::{Doubt, Remembering};
use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tracing::Instrument;

/// A handle to the journal.
#[derive(Debug, Clone)]
pub struct JetStream(Arc<Inner>);

/// What all tasks share.
#[derive(Debug)]
struct Inner {
    broker: Broker,
    names: Names,
    settings: Settings,
    /// What this process is called among those that share the journal.
    me: String,
    holdings: Mutex<Holdings>,
    registry: Mutex<Registry>,
    known: Mutex<Known>,
    remembering: mpsc::Sender<Remembering>,
    /// Who writes endings; each conversation has one of them.
    writers: Vec<mpsc::UnboundedSender<Ending>>,
    /// Endings that the broker does not have yet.
    unwritten: watch::Sender<Unwritten>,
    /// What is over and still in the stream: which stream, and its place.
    ended: Mutex<HashSet<(u64, u64)>>,
    /// Events of records that nobody has told of yet, since when.
    doubts: Mutex<VecDeque<Doubt>>,
    /// When this process last ran, and whether it was away and has not learned since what others know.
    awake_ms: AtomicU64,
    was_away: AtomicBool,
    /// Goes on with every record that is seen.
    seen: watch::Sender<u64>,
    /// Up to where it was read what others come to know.
    learned: watch::Sender<u64>,
    /// One at a time reads what was not heard.
    learning: tokio::sync::Mutex<()>,
    wakes: Mutex<HashMap<ConsumerId, Arc<Notify>>>,
    trouble: Mutex<Option<Trouble>>,
    /// Room is given up by one at a time.
    giving_way: tokio::sync::Mutex<()>,
    /// Letters are revived one after the other.
    reviving: tokio::sync::Mutex<()>,
    /// When the stream was made, in the server's words, and how often it was found to be another.
    born: Mutex<(Option<String>, u64)>,
    /// Over which connection it was looked at last, and where it ended.
    looked_at: Mutex<(String, u64)>,
    ends: AtomicU64,
    /// Whether nothing more is taken up.
    retired: AtomicBool,
    closed: AtomicBool,
    tasks: Mutex<JoinSet<()>>,
}

impl Inner {
    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// `Err` where nothing can be asked any more.
    fn open(&self) -> Result<(), Trouble> {
        if self.is_closed() { Err(Trouble::Closed) } else { Ok(()) }
    }

    fn wake_of(&self, consumer: ConsumerId) -> Arc<Notify> {
        Arc::clone(lock(&self.wakes).entry(consumer).or_default())
    }

    /// Goes on until the journal is closed.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.tasks).spawn(task);
    }

    /// Of which stream the places are that are known here.
    fn stream(&self) -> u64 {
        lock(&self.born).1
    }

    /// Whether the broker is there and takes what it is given, as far as is known.
    fn is_well(&self) -> bool {
        self.broker.is_connected() && lock(&self.trouble).is_none()
    }

    fn suffer(&self, trouble: Trouble) {
        let mut known = lock(&self.trouble);
        if known.as_ref() != Some(&trouble) {
            tracing::error!(%trouble, "the journal cannot be written: webhooks are answered 503");
            *known = Some(trouble);
        }
    }

    fn recovered(&self) {
        if lock(&self.trouble).take().is_some() {
            tracing::info!("the journal can be written again");
        }
    }

    /// Ready when this says yes, or after so long; says which.
    async fn wait<T: 'static>(
        &self,
        changes: &watch::Sender<T>,
        most: Duration,
        is_so: impl Fn(&Self) -> bool,
    ) -> bool {
        let mut changed = changes.subscribe();
        let until_so = async {
            while !is_so(self) {
                if changed.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(most, until_so).await.is_ok()
    }

    /// What was settled until now is on the broker, or will not be there within so long.
    async fn written_within(&self, most: Duration) {
        let mark = self.unwritten.borrow().mark();
        self.wait(&self.unwritten, most, |inner| inner.unwritten.borrow().is_written_until(mark)).await;
    }

    async fn written(&self) {
        self.written_within(PATIENCE).await;
    }

    /// Everything that was acknowledged to us is in its lane.
    async fn caught_up(&self) {
        self.wait(&self.seen, PATIENCE, |inner| lock(&inner.holdings).has_caught_up()).await;
    }
}

impl JetStream {
    /// How many partitions this process holds.
    #[must_use]
    pub fn held(&self) -> usize {
        lock(&self.0.holdings).partitions.len()
    }

    pub(super) fn retire(&self) {
        self.0.retired.store(true, Ordering::Relaxed);
    }

    /// How many other processes deliver from it, as was seen last.
    pub(super) fn others(&self) -> usize {
        lock(&self.0.holdings).others.len()
    }

    /// How many partitions there are.
    #[must_use]
    pub fn partitions(&self) -> usize {
        usize::from(self.0.names.partitions())
    }

    /// Ready when everything that was acknowledged to this process, or was there when it took its
    /// partitions, can be leased; at the latest after some seconds.
    pub async fn caught_up(&self) {
        self.0.caught_up().await;
    }

    /// Does it to its end, whoever stops waiting for it: a platform that hangs up must not leave half of it.
    async fn to_its_end<T, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Trouble>> + Send + 'static,
    {
        let task = tokio::spawn(work(Arc::clone(&self.0)).in_current_span());
        task.await.unwrap_or(Err(Trouble::Closed))
    }

    pub(super) async fn register(&self, consumers: Vec<(String, u64)>) -> Result<Vec<ConsumerId>, Trouble> {
        self.0.open()?;
        self.0.register(&consumers).await
    }

    pub(super) async fn append(&self, arrival: Arrival) -> Result<Appended, Trouble> {
        self.0.open()?;
        self.to_its_end(|inner| async move { inner.append(arrival).await }).await
    }

    pub(super) async fn lease(
        &self,
        consumer: ConsumerId,
        most: usize,
        fresh_first: bool,
        now_ms: u64,
    ) -> Result<Leased, Trouble> {
        self.0.open()?;
        self.0.lease(consumer, most, fresh_first, now_ms).await
    }

    pub(super) fn settle(&self, settlements: Vec<Settlement>) {
        if self.0.is_closed() {
            tracing::error!("deliveries ended after the journal was closed; they will be repeated");
            return;
        }
        settlements.into_iter().for_each(|settlement| settle::settle(&self.0, settlement));
    }

    pub(super) fn wake_of(&self, consumer: ConsumerId) -> Arc<Notify> {
        self.0.wake_of(consumer)
    }

    pub(super) fn vitals(&self) -> Vitals {
        if self.0.is_closed() {
            return Vitals::Ill(Trouble::Closed);
        }
        if !self.0.broker.is_connected() {
            return Vitals::Ill(broker::gone());
        }
        lock(&self.0.trouble).clone().map_or(Vitals::Well, Vitals::Ill)
    }

    pub(super) async fn advances(
        &self,
        consumer: ConsumerId,
        messages: Vec<Identity>,
        now_ms: u64,
    ) -> Result<HashMap<Identity, u8>, Trouble> {
        self.0.open()?;
        Ok(self.0.advances(consumer, &messages, now_ms))
    }

    pub(super) async fn depths(&self, now_ms: u64) -> Result<Vec<Depth>, Trouble> {
        self.0.open()?;
        self.0.depths(now_ms).await
    }

    pub(super) async fn letters(
        &self,
        waiting: bool,
        after: Option<LetterId>,
        most: usize,
    ) -> Result<Vec<Letter>, Trouble> {
        self.0.open()?;
        self.0.written().await;
        if waiting { self.0.waiting(after, most).await } else { self.0.dead(after, most).await }
    }

    pub(super) async fn letter(&self, id: LetterId) -> Result<Option<(Letter, Record)>, Trouble> {
        self.0.open()?;
        self.0.written().await;
        self.0.letter(id).await
    }

    pub(super) async fn revive(&self, id: LetterId, to: Vec<ConsumerId>, now_ms: u64) -> Result<bool, Trouble> {
        self.0.open()?;
        self.0.written().await;
        let revived = self.to_its_end(move |inner| async move { inner.revive(id, &to, now_ms).await }).await?;
        self.0.caught_up().await;
        Ok(revived)
    }

    pub(super) async fn drop_letter(&self, id: LetterId) -> Result<bool, Trouble> {
        self.0.open()?;
        self.0.written().await;
        self.0.drop_letter(id).await
    }

    pub(super) async fn bury(&self, id: LetterId, now_ms: u64) -> Result<bool, Trouble> {
        self.0.open()?;
        self.0.bury(id, now_ms).await
    }

    pub(super) async fn owe_again(&self, selection: Selection, now_ms: u64) -> Result<Amount, Trouble> {
        self.0.open()?;
        self.0.written().await;
        let amount = self.to_its_end(move |inner| async move { inner.owe_again(&selection, now_ms).await }).await?;
        self.0.caught_up().await;
        Ok(amount)
    }

    pub(super) async fn keep(&self, notes: Vec<Note>) -> Result<(), Trouble> {
        self.0.open()?;
        self.0.keep(&notes).await
    }

    pub(super) async fn kept(&self) -> Result<Vec<Note>, Trouble> {
        self.0.open()?;
        self.0.kept().await
    }

    /// What was settled is written, then everything that is held goes to others at once.
    pub(super) async fn close(&self) {
        if self.0.closed.swap(true, Ordering::Relaxed) {
            return;
        }
        self.0.written().await;
        let tasks = std::mem::take(&mut *lock(&self.0.tasks));
        drop(tasks);
        if self.0.unwritten.borrow().count() > 0 {
            tracing::error!("the journal was not closed in order; what was settled last is delivered again");
        }
        let left = async {
            claims::resign(&self.0).await;
            self.0.broker.client.drain().await.ok();
        };
        tokio::time::timeout(PATIENCE, left).await.ok();
    }
}
