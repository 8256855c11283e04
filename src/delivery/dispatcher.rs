//! One consumer's deliveries: takes leases, runs attempts, hands every ending back to the journal.
//!
//! It holds no more than it is about to send: what waits stays in the journal.

use super::Consumer;
use super::carry::{Outcome, Said, carry};
use super::fate::{Carried, Circumstances, decide};
use super::health::{Health, Refusal, Role, Turn};
use super::plan::Terms;
use crate::clock;
use crate::fate::Reason;
use crate::journal::{ConsumerId, End, Journal, Lease, Record, Settlement, Trouble};
use crate::telemetry::Delivery;
use crate::watch::Answer;
use futures_util::FutureExt;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

/// A journal that fails is asked again after this.
const JOURNAL_PAUSE_MS: u64 = 1_000;
/// Nobody waits for longer without a look.
const LOOK_AGAIN_MS: u64 = 30_000;

/// Under which a consumer is served; another with each reload.
#[derive(Debug, Clone)]
pub struct Service {
    /// The consumer.
    pub consumer: Arc<Consumer>,
    /// What applies to all consumers.
    pub terms: Arc<Terms>,
}

/// The task of one consumer.
pub struct Dispatcher {
    id: ConsumerId,
    journal: Journal,
    service: watch::Receiver<Service>,
    health: Health,
    /// Leased, not begun.
    ready: VecDeque<Lease>,
    running: JoinSet<Ended>,
    /// Whether the journal may have something for us.
    hungry: bool,
    next_due_ms: Option<u64>,
    /// Nothing new is begun, and what still comes in says nothing of one that is not asked any more.
    is_ending: bool,
}

/// An attempt that is over.
struct Ended {
    lease: Lease,
    role: Role,
    service: Service,
    outcome: Result<Outcome, Trouble>,
}

impl Dispatcher {
    /// Serves a consumer from a journal.
    #[must_use]
    pub fn new(id: ConsumerId, journal: Journal, service: watch::Receiver<Service>) -> Self {
        Self {
            id,
            journal,
            service,
            health: Health::new(),
            ready: VecDeque::new(),
            running: JoinSet::new(),
            hungry: true,
            next_due_ms: None,
            is_ending: false,
        }
    }

    /// Delivers until `stop` says so, then lets what runs come to its end.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let wake = self.journal.wake_of(self.id);
        self.ask_anew();
        loop {
            self.fill().await;
            let pause = Duration::from_millis(self.wake_at_ms().saturating_sub(clock::steady_ms()));
            tokio::select! {
                // A closed channel means that the app is gone: stop as well.
                _ = stop.wait_for(|stop| *stop) => break,
                Some(ended) = self.running.join_next() => self.settle_all(ended),
                () = wake.notified() => self.hungry = true,
                () = tokio::time::sleep(pause) => self.hungry = true,
                changed = self.service.changed() => match changed {
                    Ok(()) => self.ask_anew(),
                    Err(_) => break,
                },
            }
        }
        self.service.borrow().consumer.sight.went(false, clock::steady_ms());
        self.is_ending = true;
        self.give_back();
        while let Some(ended) = self.running.join_next().await {
            self.settle_all(ended);
        }
    }

    /// What was leased and not begun goes back to the journal.
    fn give_back(&mut self) {
        let ready = std::mem::take(&mut self.ready).into_iter().map(released).collect();
        self.journal.settle(ready);
    }

    /// What was found out about the consumer may hold no more.
    fn ask_anew(&mut self) {
        self.health = Health::new();
        self.service.borrow().consumer.sight.went(false, clock::steady_ms());
    }

    /// When to look again, if nobody wakes us before.
    fn wake_at_ms(&self) -> u64 {
        let now_ms = clock::steady_ms();
        let latest = now_ms + LOOK_AGAIN_MS;
        // A probe that is due and was not begun has nothing to ask with: it waits for that.
        let probe_at = self.health.probe_at_ms().filter(|at_ms| *at_ms > now_ms);
        probe_at.or(self.next_due_ms).map_or(latest, |at_ms| at_ms.min(latest))
    }

    /// Begins as many attempts as may run.
    async fn fill(&mut self) {
        // That it has changed is for the loop to see, which asks anew then.
        let concurrency = self.service.borrow().consumer.settings.concurrency;
        loop {
            let slots = self.health.slots(clock::steady_ms(), self.running.len(), concurrency);
            if slots == 0 {
                return;
            }
            if let Some(lease) = self.ready.pop_front() {
                self.begin(lease);
            } else if !self.hungry || !self.lease(slots, concurrency).await {
                return;
            }
        }
    }

    /// Takes leases; `false` when there is nothing to be had now.
    async fn lease(&mut self, slots: usize, concurrency: usize) -> bool {
        let down = self.health.is_down();
        // Some are taken ahead, so that the journal is not asked for each of them.
        let most = if down { 1 } else { slots + concurrency };
        let now_ms = clock::steady_ms();
        match self.journal.lease(self.id, most, down, now_ms).await {
            Ok(leased) => {
                self.hungry = leased.more;
                self.next_due_ms = leased.next_due_ms;
                self.ready.extend(leased.leases);
                !self.ready.is_empty() || self.hungry
            }
            Err(trouble) => {
                tracing::debug!(%trouble, "no leases");
                self.hungry = false;
                self.next_due_ms = Some(now_ms + JOURNAL_PAUSE_MS);
                false
            }
        }
    }

    fn begin(&mut self, lease: Lease) {
        let role = self.health.begin();
        let service = self.service.borrow().clone();
        let journal = self.journal.clone();
        self.running.spawn(async move {
            // One record that we cannot handle must not hold its lane, nor take others down.
            let carried = AssertUnwindSafe(carry(&service.consumer, &service.terms, &journal, &lease));
            let outcome = tokio::select! {
                biased;
                // Somebody else may be at it from now on. First: what was not sent before a freeze must not be
                // sent after it, at the price of an answer that has come meanwhile.
                () = lease.hold.lost() => Err(Trouble::Lost),
                outcome = carried.catch_unwind() => {
                    outcome.unwrap_or_else(|_| Ok(Outcome::hopeless(Reason::Unreadable)))
                }
            };
            Ended { lease, role, service, outcome }
        });
    }

    /// Hands an ending to the journal, and with it those that came about in the meantime.
    fn settle_all(&mut self, first: Result<Ended, JoinError>) {
        let mut settlements = Vec::new();
        let mut next = Some(first);
        while let Some(ended) = next.take() {
            match ended {
                Ok(ended) => settlements.push(self.settle(ended)),
                // Only a runtime that shuts down breaks an attempt off.
                Err(error) => tracing::debug!(%error, "a delivery broke off"),
            }
            next = self.running.try_join_next();
        }
        self.journal.settle(settlements);
    }

    fn settle(&mut self, ended: Ended) -> Settlement {
        let Ended { lease, role, service, outcome } = ended;
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(trouble) => {
                tracing::debug!(%trouble, "not planned");
                self.health.not_asked(role);
                return released(lease);
            }
        };
        self.judge(&outcome, &lease, role, &service);
        let circumstances = Circumstances {
            retry: &service.consumer.settings.retry,
            since_ms: lease.since_ms,
            now_ms: clock::steady_ms(),
            down_until_ms: self.health.probe_at_ms(),
            random: fastrand::f64(),
        };
        let Outcome { carried, advances, said, track, .. } = outcome;
        let was_answered = matches!(&carried, Carried::Refused { verdict, .. } if verdict.status().is_some());
        let (end, apart) = decide(carried, circumstances);
        // A shadow run compares what consumers answer of their own accord, nothing that was asked for by hand.
        if let (Some(track), Some(answer), false) = (track, answer(&end, was_answered), lease.by_hand) {
            let consumer = &service.consumer.settings.name;
            track.answered(lease.record.common_id, lease.record.received_ms, consumer, answer);
        }
        let apart_for = apart.iter().map(|apart| apart.reason);
        tell(&service.consumer, &lease, &end, said, apart_for);
        Settlement { lease, end, apart, advances: advances.into_iter().collect(), now_ms: clock::steady_ms() }
    }

    /// What an outcome says of the consumer.
    fn judge(&mut self, outcome: &Outcome, lease: &Lease, role: Role, service: &Service) {
        let settings = &service.consumer.settings;
        let turn = match &outcome.carried {
            Carried::Refused { verdict, .. } => {
                let asked = verdict.retry_after().map(Duration::from_secs);
                let now_ms = clock::steady_ms();
                self.health.refused(Refusal { lane: lease.lane, role, asked }, &settings.retry, now_ms, fastrand::f64())
            }
            Carried::Through { .. } if outcome.asked => self.health.delivered(),
            Carried::Through { .. } | Carried::Hopeless(_) => {
                self.health.not_asked(role);
                None
            }
        };
        match turn.filter(|_| !self.is_ending) {
            Some(Turn::WentDown) => {
                service.consumer.sight.went(true, clock::steady_ms());
                // It is asked by single probes from now on. What other processes may deliver, or the operator
                // bury, must not wait here for its turn.
                if self.journal.partitions().is_some() {
                    self.give_back();
                }
                tracing::warn!(consumer = %settings.name, "consumer is down: it is asked by one probe at a time");
            }
            Some(Turn::CameBack) => {
                service.consumer.sight.went(false, clock::steady_ms());
                tracing::info!(consumer = %settings.name, "consumer is back");
            }
            None => {}
        }
    }
}

/// What an ending says to those who compare consumers. An attempt that nobody answered says nothing.
fn answer(end: &End, was_answered: bool) -> Option<Answer> {
    match end {
        End::Settled => Some(Answer::Took),
        End::Buried { .. } => Some(Answer::GaveUp),
        End::RetryAt { .. } => was_answered.then_some(Answer::Refused),
        End::Released => None,
    }
}

/// A lease given back without an attempt.
fn released(lease: Lease) -> Settlement {
    Settlement { lease, end: End::Released, apart: Vec::new(), advances: Vec::new(), now_ms: clock::steady_ms() }
}

/// Counts an ending, and says a record's fate in one line. Nothing personal: a record is called by its
/// place.
fn tell(consumer: &Consumer, lease: &Lease, end: &End, said: Said, apart: impl Iterator<Item = Reason>) {
    let (meter, name, record) = (&consumer.meter, &consumer.settings.name, lease.record.id);
    let dead = |reason: Reason| {
        meter.dead_lettered(reason);
        tracing::warn!(consumer = %name, record, reason = reason.label(), "dead letter");
    };
    let Record { source, kind, .. } = &*lease.record;
    let (source, kind) = (source.label(), kind.label());
    apart.for_each(dead);
    match end {
        End::RetryAt { .. } => meter.ended(Delivery::Retried, 1),
        End::Buried { reason, .. } => dead(*reason),
        End::Settled if said.requests > 0 => {
            tracing::info!(consumer = %name, record, source, kind, requests = said.requests, "delivered");
        }
        End::Settled if said.no_counterpart > 0 => {
            tracing::info!(consumer = %name, record, source, kind, "no counterpart");
        }
        End::Settled if said.dropped > 0 => tracing::info!(consumer = %name, record, source, kind, "dropped"),
        // All of it was set aside, and that was said.
        End::Settled | End::Released => {}
    }
}
