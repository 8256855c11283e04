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
use crate::clock;
use crate::format::Identity;
use crate::lock::lock;
use broker::{Broker, PATIENCE, failing};
use endings::{Ending, Unwritten};
use held::{Holdings, Sight};
use known::Known;
use names::Names;
use registry::Registry;
use remember::{Doubt, Remembering};
use serde_json::json;
use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tracing::Instrument;

/// How often the journal looks after itself.
const TICK: Duration = Duration::from_millis(500);
/// How many looks lie between two tries whether a full store has room again.
const FILL_EVERY: u64 = 4;

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
    /// Over which connection it was looked at last.
    looked_at: Mutex<(String, u64)>,
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

    /// A stream that was made anew, or has lost its end, gives places a second time: nothing that is known
    /// of it holds any more.
    fn begin_anew(&self) {
        let mut holdings = lock(&self.holdings);
        lock(&self.born).1 += 1;
        tracing::error!("the journal's stream was made anew or has lost its end: what it holds is read again");
        holdings.begin_anew();
    }

    /// Whether the stream was looked at over the connection that there is.
    fn was_looked_at(&self) -> bool {
        *lock(&self.looked_at) == self.broker.connection()
    }

    /// Whether this tells of the stream that is known, `last` having been the last record of it. It is
    /// another if it was made at another time, if it ends before that, or if a later record stands before it.
    async fn is_the_same(&self, info: &serde_json::Value, last: Option<Sight>) -> Result<bool, Trouble> {
        let created = info["created"].as_str().map(str::to_owned);
        let before = std::mem::replace(&mut lock(&self.born).0, created.clone());
        let Some((place, taken)) = last else { return Ok(before.is_none() || before == created) };
        let ends = info["state"]["last_seq"].as_u64().unwrap_or(u64::MAX);
        if before.is_some() && before != created || ends < place {
            return Ok(false);
        }
        // Only a server that was away can have lost something.
        if self.was_looked_at() {
            return Ok(true);
        }
        let stream = self.names.owed_stream();
        let later = self.broker.first_after(stream, &self.names.below("owed.>"), taken).await?;
        Ok(later.is_none_or(|later| later > place))
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

/// Looks after what nobody asks for: whether the broker takes anything, and what is too old.
async fn look_after(inner: Arc<Inner>) {
    for tick in 0_u64.. {
        match examine(&inner, tick).await {
            Ok(()) => inner.recovered(),
            Err(trouble) => inner.suffer(trouble),
        }
        inner.settle_doubts();
        // One at a time, each within a minute or so: others wait for the lock meanwhile.
        if let Some(held) = lock(&inner.holdings).partitions.get_mut(&inner.names.turn(tick)) {
            told::forget(&mut held.told, clock::steady_ms(), inner.remember_ms());
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Whether a webhook could be taken: the stream has a leader, and room.
async fn examine(inner: &Inner, tick: u64) -> Result<(), Trouble> {
    let stream = inner.names.owed_stream();
    // Before it is asked: what comes in between is not behind what it says.
    let last = lock(&inner.holdings).last;
    let nothing = json!({});
    let asked = inner.broker.ask(format!("STREAM.INFO.{stream}"), &nothing);
    let info = match tokio::time::timeout(PATIENCE, asked).await.map_err(|_| broker::silent())? {
        // The server's words; nobody but an operator takes one away.
        Err(Trouble::Failing(error)) if error.contains("stream not found") => {
            return Err(failing(format!("the stream {stream} is gone: restart a proxy to make it again")));
        }
        info => info?,
    };
    let bytes = info["state"]["bytes"].as_u64();
    let bytes = bytes.ok_or_else(|| failing(format!("the server does not say how much the stream {stream} holds")))?;
    let is_the_same = tokio::time::timeout(PATIENCE, inner.is_the_same(&info, last));
    if is_the_same.await.map_err(|_| broker::silent())?? {
        lock(&inner.holdings).prove();
    } else {
        inner.begin_anew();
    }
    *lock(&inner.looked_at) = inner.broker.connection();
    if lock(&inner.trouble).as_ref() == Some(&broker::store_is_full()) && !tick.is_multiple_of(FILL_EVERY) {
        return Err(broker::store_is_full());
    }
    tokio::time::timeout(PATIENCE, inner.fill_reserve()).await.map_err(|_| broker::silent())??;
    // A full one takes nothing until there is room for more than the next webhook.
    let was_full = lock(&inner.trouble).as_ref() == Some(&full(stream));
    match inner.settings.max_bytes {
        Some(most) if bytes >= if was_full { most / 20 * 19 } else { most } => Err(full(stream)),
        _ => Ok(()),
    }
}

fn full(stream: &str) -> Trouble {
    Trouble::Failing(format!("the stream {stream} is full: deliver, or raise journal.jetstream.max_bytes"))
}

impl JetStream {
    /// How many partitions this process holds.
    #[must_use]
    pub fn held(&self) -> usize {
        lock(&self.0.holdings).partitions.len()
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
