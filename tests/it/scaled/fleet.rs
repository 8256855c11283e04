//! Proxies with one configuration, and webhooks that are posted to any of them.

use super::home;
use crate::recovery::judge::{Kill, nothing_overtakes};
use crate::support::consumer::Consumer;
use crate::support::ledger::{Promises, attempts};
use crate::support::load::{self, Sender, Tally, Target};
use crate::support::proxy::{Home, Proxy};
use crate::support::{PATIENCE, within};
use std::ops::Index;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

const SENDERS: usize = 4;
const CONVERSATIONS_OF_EACH: usize = 8;

/// Proxies side by side. One that is down keeps its place.
pub(super) struct Fleet {
    proxies: Vec<Option<Proxy>>,
    /// What those that are down have left behind.
    homes: Vec<Option<Home>>,
    target: Arc<Target>,
}

impl Fleet {
    /// Starts so many with this configuration, one after the other.
    pub(super) fn start(count: usize, config: &str) -> Self {
        Self::of((0..count).map(|_| home(config).start()).collect())
    }

    /// Starts so many at the same moment.
    pub(super) fn start_together(count: usize, config: &str) -> Self {
        let start = || home(config).start();
        Self::of(thread::scope(|scope| {
            let starting: Vec<_> = (0..count).map(|_| scope.spawn(start)).collect();
            starting.into_iter().map(|proxy| proxy.join().expect("it starts")).collect()
        }))
    }

    fn of(proxies: Vec<Proxy>) -> Self {
        let count = proxies.len();
        let target = Arc::new(Target::at_any(proxies.iter().map(|proxy| proxy.webhooks)));
        Self { proxies: proxies.into_iter().map(Some).collect(), homes: (0..count).map(|_| None).collect(), target }
    }

    pub(super) fn len(&self) -> usize {
        self.proxies.len()
    }

    /// Those that are up.
    pub(super) fn up(&self) -> impl Iterator<Item = &Proxy> {
        self.proxies.iter().flatten()
    }

    /// One of those that are up.
    pub(super) fn any(&self) -> &Proxy {
        fastrand::choice(self.up().collect::<Vec<_>>()).expect("one is up")
    }

    /// Kills one, without a word of warning.
    pub(super) fn kill(&mut self, place: usize) -> Kill {
        let proxy = self.take(place);
        let begun = Instant::now();
        self.homes[place] = Some(proxy.kill());
        Kill { begun, done: Instant::now() }
    }

    /// Asks one to end, and waits.
    pub(super) fn stop(&mut self, place: usize) {
        let proxy = self.take(place);
        self.homes[place] = Some(proxy.stop());
    }

    pub(super) fn kill_all(&mut self) {
        for place in 0..self.len() {
            self.kill(place);
        }
    }

    pub(super) fn stop_all(&mut self) {
        (0..self.len()).for_each(|place| self.stop(place));
    }

    pub(super) fn all_again(&mut self) {
        (0..self.len()).for_each(|place| self.again(place));
    }

    fn take(&mut self, place: usize) -> Proxy {
        self.target.move_one(place, None);
        self.proxies[place].take().expect("it was up")
    }

    /// Starts one again.
    pub(super) fn again(&mut self, place: usize) {
        let proxy = self.homes[place].take().expect("it was down").start();
        self.target.move_one(place, Some(proxy.webhooks));
        self.proxies[place] = Some(proxy);
    }

    /// Posts a message of a conversation to one of them; it has to be answered 200.
    pub(super) fn promise(&self, promises: &Promises, conversation: usize, number: usize) {
        load::promise(self.any(), promises, conversation, number);
    }

    /// The same for so many conversations.
    pub(super) fn promise_a_round(&self, promises: &Promises, conversations: usize, round: usize) {
        (0..conversations).for_each(|conversation| self.promise(promises, conversation, round));
    }

    /// A counter of each that is up.
    pub(super) fn metrics(&self, sample: &str) -> Vec<f64> {
        self.up().map(|proxy| proxy.metric(sample).unwrap_or_default()).collect()
    }

    /// Waits until each that is up holds so many partitions.
    pub(super) fn wait_for_shares(&self, shares: &[f64]) {
        within(PATIENCE, "each has its share", || (self.metrics("cutover_partitions_held") == shares).then_some(()));
    }

    /// How many deliveries each that is up has made.
    pub(super) fn delivered(&self) -> Vec<f64> {
        self.metrics("cutover_deliveries_total{consumer=\"crm\",outcome=\"delivered\"}")
    }

    /// Waits until a consumer has taken everything, and holds what it saw against the order of acceptance.
    pub(super) fn wait_until_kept(&self, promises: &Promises, crm: &Consumer) {
        let kept = || self.up().all(|proxy| proxy.owed("crm") == 0) && promises.missing(&attempts(crm)).is_empty();
        let begun = Instant::now();
        while !kept() && begun.elapsed() < PATIENCE * 3 {
            thread::sleep(load::PAUSE);
        }
        let attempts = attempts(crm);
        let missing = promises.missing(&attempts);
        assert!(missing.is_empty(), "{} of {} are missing: {missing:?}", missing.len(), promises.count());
        nothing_overtakes(promises, &attempts);
        within(PATIENCE, "nothing is owed", || self.up().all(|proxy| proxy.owed("crm") == 0).then_some(()));
    }

    /// Does something while webhooks are posted to any of them, each until it is answered 200.
    pub(super) fn under_load<T>(&mut self, tally: &Tally, work: impl FnOnce(&mut Self) -> T) -> T {
        let seed = fastrand::u64(..);
        let (target, over) = (Arc::clone(&self.target), Over::default());
        thread::scope(|scope| {
            for sender in 0..SENDERS {
                let (target, over) = (&target, &over);
                scope.spawn(move || {
                    let mut sender = Sender::new(seed, sender * CONVERSATIONS_OF_EACH, CONVERSATIONS_OF_EACH);
                    // The last one is posted to its end: what is half accepted would be owed by nobody.
                    while !over.is_over() {
                        let is_taken = sender.post(target, tally, &|| over.is_hopeless());
                        assert!(is_taken || over.is_failed(), "waited in vain for a 200");
                    }
                });
            }
            let ending = Ending(&over);
            let done = work(self);
            drop(ending);
            done
        })
    }
}

impl Index<usize> for Fleet {
    type Output = Proxy;

    fn index(&self, place: usize) -> &Proxy {
        self.proxies[place].as_ref().expect("it is up")
    }
}

/// Whether a load is over, and whether the test failed meanwhile: then nobody may be there to take the
/// last webhook.
#[derive(Default)]
struct Over {
    since: OnceLock<Instant>,
    failed: AtomicBool,
}

impl Over {
    fn is_over(&self) -> bool {
        self.since.get().is_some()
    }

    fn is_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    fn is_hopeless(&self) -> bool {
        self.is_failed() || self.since.get().is_some_and(|since| since.elapsed() > PATIENCE)
    }
}

/// Ends a load, also where the test fails.
struct Ending<'a>(&'a Over);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.failed.store(thread::panicking(), Ordering::Relaxed);
        self.0.since.get_or_init(Instant::now);
    }
}
