//! A journal to test, of each kind there is, and what becomes of it when its process ends.
//!
//! Add a journal: a variant of [`Kind`], and how it is opened, closed and killed. Every case of
//! `contract` then runs on it.

use crate::broker::Broker;
use cutover::clock;
use cutover::journal::jetstream::{self, Credentials, Retention, Role};
use cutover::journal::{
    Amount, Appended, Arrival, ConsumerId, Depth, Embedded, End, JetStream, Journal, Lease, Leased, Letter, LetterId,
    NewRecord, Selection, Settings, Settlement,
};
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};

/// The kinds of journal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Embedded,
    JetStream,
}

const KINDS: [Kind; 2] = [Kind::Embedded, Kind::JetStream];

/// What a journal is told when it is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) remember: Duration,
    pub(crate) retain: Duration,
    pub(crate) retain_bytes: u64,
    /// How long a server knows by itself what comes again. It goes by its own clock.
    pub(crate) duplicate_window: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { remember: DAY, retain: DAY, retain_bytes: 16 << 20, duplicate_window: Duration::from_secs(120) }
    }
}

/// Into how many parts a shared journal is spread.
const PARTITIONS: u16 = 4;
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a consumer that is gone is waited for, unless a test says otherwise.
pub(crate) const WAITED_FOR_MS: u64 = 7 * 24 * 3_600_000;
/// How long anything may take that a journal does by itself; only failing tests wait that long.
const PATIENCE: Duration = Duration::from_secs(15);

/// A journal at work. Its clock stands still until a test says otherwise.
pub(crate) struct Bench {
    pub(crate) journal: Journal,
    kind: Kind,
    terms: Terms,
    /// Where it lives now, last, and where it lived before.
    homes: Vec<TempDir>,
    /// The process that it is a part of, if it has tasks.
    process: Option<Process>,
    consumers: Vec<(String, u64)>,
    now_ms: Cell<u64>,
}

/// Runs a case on a fresh journal of each kind that can be had here.
pub(crate) fn on_each(case: impl AsyncFn(Bench)) {
    on_each_with(Terms::default(), case);
}

/// The same under other terms.
pub(crate) fn on_each_with(terms: Terms, case: impl AsyncFn(Bench)) {
    for kind in KINDS {
        on(kind, terms, &case);
    }
}

/// Runs a case on a fresh journal of one kind, if it can be had here.
pub(crate) fn on(kind: Kind, terms: Terms, case: impl AsyncFn(Bench)) {
    runtime().block_on(async {
        if let Some(bench) = Bench::fresh(kind, terms).await {
            case(bench).await;
        }
    });
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Opens the embedded journal in a file.
pub(crate) fn embedded(path: PathBuf, terms: Terms) -> Result<Embedded, cutover::journal::OpenError> {
    let Terms { remember, retain, retain_bytes, .. } = terms;
    Embedded::open(Settings { path, remember, retain_delivered: retain, retain_max_bytes: retain_bytes })
}

/// The file with something appended to its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl Bench {
    /// A new one; `None` where this kind cannot be had.
    pub(crate) async fn fresh(kind: Kind, terms: Terms) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let (journal, process) = open(kind, home.path(), terms).await?;
        let (homes, now_ms) = (vec![home], Cell::new(clock::steady_ms()));
        Some(Self { journal, kind, terms, homes, process, consumers: Vec::new(), now_ms })
    }

    /// Where it lives.
    pub(crate) fn home(&self) -> &Path {
        self.homes.last().expect("it lives somewhere").path()
    }

    /// The file of an embedded one.
    pub(crate) fn file(&self) -> PathBuf {
        self.home().join("journal.db")
    }

    /// Its process is killed, and another begins with what is left.
    pub(crate) async fn crash(self) -> Self {
        let home = tempfile::tempdir().unwrap();
        match self.kind {
            // What a killed process leaves: the file and the log, as they were at one moment. The
            // shared memory and the lock go with the process.
            Kind::Embedded => {
                for suffix in ["", "-wal"] {
                    let left = beside(&self.file(), suffix);
                    if left.exists() {
                        fs::copy(left, beside(&home.path().join("journal.db"), suffix)).unwrap();
                    }
                }
                self.again(Some(home)).await
            }
            // What it holds is free when its claims are old.
            Kind::JetStream => {
                if let Some(process) = &self.process {
                    process.kill();
                }
                self.again(None).await
            }
        }
    }

    /// It is closed in order, and opened again.
    pub(crate) async fn reopen(self) -> Self {
        self.journal.close().await;
        self.again(None).await
    }

    /// The same, before anybody has said who is configured.
    pub(crate) async fn reopen_unregistered(self) -> Self {
        self.journal.close().await;
        self.another(None).await
    }

    async fn again(self, moved: Option<TempDir>) -> Self {
        let again = self.another(moved).await;
        again.journal.register(again.consumers.clone()).await.unwrap();
        again
    }

    async fn another(self, moved: Option<TempDir>) -> Self {
        let Self { journal, kind, terms, mut homes, process, consumers, now_ms } = self;
        drop((journal, process));
        homes.extend(moved);
        let home = homes.last().expect("it lives somewhere").path();
        let (journal, process) = open(kind, home, terms).await.expect("it could be had before");
        Self { journal, kind, terms, homes, process, consumers, now_ms }
    }

    /// Makes a consumer known, beside those that are.
    pub(crate) async fn consumer(&mut self, name: &str) -> ConsumerId {
        self.consumers.push((name.to_owned(), WAITED_FOR_MS));
        let ids = self.journal.register(self.consumers.clone()).await.unwrap();
        *ids.last().expect("one for each name")
    }

    /// Takes a consumer out of the configuration; it is waited for so long.
    pub(crate) async fn remove(&mut self, name: &str, give_up_ms: u64) {
        let one = vec![(name.to_owned(), give_up_ms)];
        self.journal.register(one).await.unwrap();
        self.consumers.retain(|(other, _)| other != name);
        self.journal.register(self.consumers.clone()).await.unwrap();
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    /// Time passes.
    pub(crate) fn pass(&self, ms: u64) {
        self.now_ms.set(self.now_ms() + ms);
    }

    /// What was settled so far is durable when this is ready: it waits for a transaction of its own.
    pub(crate) async fn flush(&self) {
        let nobodys: LetterId = "0-0".parse().unwrap();
        assert!(!self.journal.drop_letter(nobodys).await.unwrap());
    }

    pub(crate) async fn append(&self, records: Vec<NewRecord>) -> Appended {
        let arrival = Arrival { received_ms: self.now_ms(), records, room: None };
        let appended = self.journal.append(arrival).await.unwrap();
        self.caught_up().await;
        appended
    }

    /// What was appended can be leased. A journal that several processes share hears of it a moment later.
    async fn caught_up(&self) {
        match &self.journal {
            Journal::Embedded(_) => {}
            Journal::JetStream(journal) => journal.caught_up().await,
        }
    }

    /// Appends what is new to it.
    pub(crate) async fn accept(&self, records: Vec<NewRecord>) {
        let known = vec![false; records.len()];
        assert_eq!(self.append(records).await, Appended::Safe { known });
    }

    pub(crate) async fn leased(&self, consumer: ConsumerId, most: usize) -> Leased {
        self.journal.lease(consumer, most, false, self.now_ms()).await.unwrap()
    }

    pub(crate) async fn lease(&self, consumer: ConsumerId, most: usize) -> Vec<Lease> {
        self.leased(consumer, most).await.leases
    }

    /// Leases the one record that can be had.
    pub(crate) async fn only(&self, consumer: ConsumerId) -> Lease {
        let mut leases = self.lease(consumer, 100).await;
        assert_eq!(leases.len(), 1, "{:?}", texts(&leases));
        leases.remove(0)
    }

    pub(crate) fn end(&self, lease: Lease, end: End) {
        self.settle(Settlement { lease, end, apart: Vec::new(), advances: Vec::new(), now_ms: self.now_ms() });
    }

    pub(crate) fn settle(&self, settlement: Settlement) {
        self.journal.settle(vec![settlement]);
    }

    /// Leases and settles everything that can be had now; what it was, in order.
    pub(crate) async fn drain(&self, consumer: ConsumerId) -> Vec<String> {
        let mut drained = Vec::new();
        loop {
            let Leased { leases, more, .. } = self.leased(consumer, 100).await;
            if leases.is_empty() && !more {
                return drained;
            }
            drained.extend(texts(&leases));
            leases.into_iter().for_each(|lease| self.end(lease, End::Settled));
        }
    }

    pub(crate) async fn depth(&self, consumer: &str) -> Depth {
        let depths = self.journal.depths(self.now_ms()).await.unwrap();
        depths.into_iter().find(|depth| depth.consumer == consumer).expect("a depth for each consumer")
    }

    /// Ready, in flight, parked, dead.
    pub(crate) async fn counts(&self, consumer: &str) -> [u64; 4] {
        let Depth { ready, in_flight, parked, dead, .. } = self.depth(consumer).await;
        [ready, in_flight, parked, dead]
    }

    pub(crate) async fn dead(&self) -> Vec<Letter> {
        self.journal.letters(false, None, 1_000).await.unwrap()
    }

    pub(crate) async fn waiting(&self) -> Vec<Letter> {
        self.journal.letters(true, None, 1_000).await.unwrap()
    }

    /// What a letter holds.
    pub(crate) async fn body(&self, id: LetterId) -> String {
        let (_, record) = self.journal.letter(id).await.unwrap().expect("the letter is there");
        String::from_utf8(record.body.to_vec()).unwrap()
    }

    /// Owes a consumer again what came since a time, in as many steps as it takes; how many records.
    pub(crate) async fn owe_again(&self, consumer: ConsumerId, since_ms: u64) -> u64 {
        let mut selection = Selection { consumer, since_ms, from: None };
        let mut records = 0;
        loop {
            let Amount { records: some, rest } =
                self.journal.owe_again(selection.clone(), self.now_ms()).await.unwrap();
            records += some;
            selection.from = rest;
            if rest.is_none() {
                return records;
            }
        }
    }
}

/// A journal, and the process of one that has tasks; `None` where this kind cannot be had.
async fn open(kind: Kind, home: &Path, terms: Terms) -> Option<(Journal, Option<Process>)> {
    match kind {
        Kind::Embedded => Some((Journal::Embedded(embedded(home.join("journal.db"), terms).unwrap()), None)),
        Kind::JetStream => {
            let process = Process::new();
            let settings = shared(home, terms)?;
            let opened = process.run(JetStream::open(settings, Role::Member)).await.unwrap();
            let is_held = async || opened.held() == usize::from(PARTITIONS);
            eventually("it holds every partition", is_held).await;
            opened.caught_up().await;
            Some((Journal::JetStream(opened), Some(process)))
        }
    }
}

/// A journal on the server of these tests, in streams that are called after its home.
fn shared(home: &Path, terms: Terms) -> Option<jetstream::Settings> {
    let broker = Broker::shared()?;
    let name: String = home.to_string_lossy().chars().filter(char::is_ascii_alphanumeric).collect();
    let Terms { remember, retain, retain_bytes, duplicate_window } = terms;
    Some(jetstream::Settings {
        urls: vec![broker.url()],
        stream: name,
        replicas: 1,
        in_memory: false,
        partitions: PARTITIONS,
        duplicate_window: duplicate_window.min(remember),
        max_bytes: None,
        claim: Duration::from_secs(1),
        credentials: Credentials::None,
        tls_ca: None,
        tls_identity: None,
        monitors: Vec::new(),
        largest_body: 8 << 20,
        kept: Retention { remember, retain_delivered: retain, retain_max_bytes: retain_bytes },
    })
}

/// What a journal's tasks run in, so that all of them can end at once.
struct Process(Cell<Option<Runtime>>, Handle);

impl Process {
    fn new() -> Self {
        let runtime = runtime();
        let handle = runtime.handle().clone();
        Self(Cell::new(Some(runtime)), handle)
    }

    /// Runs something in it.
    async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        self.1.spawn(work).await.unwrap()
    }

    fn kill(&self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What records of leases hold.
pub(crate) fn texts(leases: &[Lease]) -> Vec<String> {
    leases.iter().map(|lease| String::from_utf8(lease.record.body.to_vec()).unwrap()).collect()
}

/// The name of a letter.
pub(crate) fn id(letter: &Letter) -> LetterId {
    letter.id.parse().unwrap()
}

/// Asks until the answer is yes.
pub(crate) async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ask().await {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
