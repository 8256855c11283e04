//! The journal and the list, side by side: the same is asked of both, and both must say the same.

use super::ledger::{Ledger, Owed, Taken};
use super::{Draft, Ending, Step};
use crate::bench::{Bench, id, texts};
use crate::drafts::{beside_errors, of_events};
use cutover::fate::Reason;
use cutover::journal::{
    Apart, Appended, Arrival, ConsumerId, Depth, End, Lease, Letter, NewRecord, Progress, Settlement,
};
use proptest::sample::Index;
use rusqlite::Connection;
use std::collections::HashMap;

/// A number whose records the file refuses.
const REFUSED: &str = "15550009999";
const PART: Reason = Reason::TooOld;
const NAMES: [&str; 3] = ["", "crm", "bot"];

pub(super) struct Pair {
    bench: Bench,
    ledger: Ledger,
    ids: [ConsumerId; 3],
    /// What the process has out.
    out: Vec<(usize, usize, Lease)>,
    /// The journal's names for the places of the list.
    places: HashMap<usize, i64>,
    texts: usize,
    /// What each consumer was promised, by the journal's own answers, and what came to an end.
    promised: [u64; 3],
    ended: [u64; 3],
}

impl Pair {
    pub(super) async fn new(mut bench: Bench) -> Self {
        let ids = [ConsumerId::NOBODY, bench.consumer("crm").await, bench.consumer("bot").await];
        bench.flush().await;
        let refuse = format!(
            "CREATE TRIGGER refusing AFTER INSERT ON record WHEN new.number = '{REFUSED}'
             BEGIN SELECT raise(FAIL, 'refused'); END"
        );
        Connection::open(bench.file()).unwrap().execute_batch(&refuse).unwrap();
        let (ledger, out, places) = (Ledger::default(), Vec::new(), HashMap::new());
        Self { bench, ledger, ids, out, places, texts: 0, promised: [0; 3], ended: [0; 3] }
    }

    pub(super) async fn step(mut self, step: Step) -> Self {
        match step {
            Step::Append(drafts) => self.append(drafts).await,
            Step::Fail => self.fail().await,
            Step::Lease { consumer, most, fresh_first } => self.lease(consumer, most, fresh_first).await,
            Step::End { lease, end } => self.end(lease, end),
            Step::Pass { ms } => self.bench.pass(ms),
            Step::Bury(which) => self.bury(which).await,
            Step::Revive(which) => self.revive(which).await,
            Step::Drop(which) => self.drop_letter(which).await,
            Step::OweAgain { consumer, back_ms } => self.owe_again(consumer, back_ms).await,
            Step::Crash => {
                // What was settled a moment ago may or may not have got there: here, it has.
                self.bench.flush().await;
                self.bench = self.bench.crash().await;
                self.restart();
            }
            Step::Reopen => {
                self.bench = self.bench.reopen().await;
                self.restart();
            }
        }
        self
    }

    fn restart(&mut self) {
        self.ledger.restart();
        self.out.clear();
    }

    fn text(&mut self, what: &str) -> String {
        self.texts += 1;
        format!("{what} {}", self.texts)
    }

    async fn append(&mut self, drafts: Vec<Draft>) {
        let drafts: Vec<(String, Draft)> = drafts.into_iter().map(|draft| (self.text("record"), draft)).collect();
        let records = drafts.iter().map(|(text, draft)| self.record(text, draft)).collect();
        let appended = self.bench.append(records).await;
        let expected = match self.ledger.append(&drafts, self.bench.now_ms()) {
            Taken::Safe(known) => Appended::Safe { known },
            Taken::Partly(events) => Appended::Partly(events),
        };
        assert_eq!(appended, expected);
        let Appended::Safe { known } = appended else { return };
        for ((_, draft), _) in drafts.iter().zip(&known).filter(|(_, known)| !**known) {
            draft.to.iter().for_each(|consumer| self.promised[*consumer] += 1);
        }
    }

    /// Nothing comes of it, and nothing that was settled shortly before is forgotten.
    async fn fail(&mut self) {
        let refused = NewRecord { number: Some(REFUSED.to_owned()), ..of_events("refused", 0, &self.ids[1..], &["x"]) };
        let arrival = Arrival { received_ms: self.bench.now_ms(), records: vec![refused], room: None };
        assert!(self.bench.journal.append(arrival).await.is_err());
        // A part that was set aside in that transaction is set aside again, in another place.
        let parts = self.ledger.dead.iter().filter(|dead| dead.reason == PART.label());
        let parts: Vec<usize> = parts.map(|dead| dead.record).collect();
        self.places.retain(|record, _| !parts.contains(record));
    }

    fn record(&self, text: &str, draft: &Draft) -> NewRecord {
        let to: Vec<ConsumerId> = draft.to.iter().map(|consumer| self.ids[*consumer]).collect();
        let events: Vec<String> = draft.events.iter().map(|event| format!("event {event}")).collect();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let record = of_events(text, draft.lane, &to, &events);
        match draft.errors {
            Some(errors) => beside_errors(record, &format!("errors {errors}")),
            None => record,
        }
    }

    async fn lease(&mut self, consumer: usize, most: usize, fresh_first: bool) {
        let now_ms = self.bench.now_ms();
        let leased = self.bench.journal.lease(self.ids[consumer], most, fresh_first, now_ms).await.unwrap();
        let said = format!("{:?} of {most}", texts(&leased.leases));
        assert!(leased.leases.len() <= most, "{said}");
        let could = self.ledger.ready(consumer, now_ms);
        for lease in leased.leases {
            let text = String::from_utf8(lease.record.body.to_vec()).unwrap();
            let found = could.iter().find(|record| self.places[record] == lease.record.id);
            let record = *found.unwrap_or_else(|| panic!("{text} is not to be had: {said}"));
            self.is_as_listed(consumer, record, &lease);
            let owed = self.ledger.find(consumer, record);
            assert!(!owed.out, "{text} twice: {said}");
            owed.out = true;
            self.out.push((consumer, record, lease));
        }
        let left = self.ledger.ready(consumer, now_ms);
        assert!(leased.more || left.is_empty(), "{left:?} could be had as well: {said}");
        let parked = self.ledger.line(consumer).into_iter().filter(|owed| !owed.out).filter_map(|owed| owed.due_ms);
        assert_eq!(leased.next_due_ms, parked.filter(|due_ms| *due_ms > now_ms).min(), "{said}");
    }

    fn is_as_listed(&mut self, consumer: usize, record: usize, lease: &Lease) {
        let first = self.places[&self.ledger.first_of(record)];
        let kept = self.ledger.records[record].clone();
        let owed = self.ledger.find(consumer, record);
        assert_eq!(lease.record.body, kept.text);
        assert_eq!((lease.lane, lease.record.seed()), (kept.lane, (first, kept.received_ms)));
        assert_eq!((lease.attempts, lease.by_hand, lease.since_ms), (owed.attempts, owed.by_hand, owed.since_ms));
        assert_eq!(lease.progress, progress(owed.done));
    }

    fn end(&mut self, which: Index, ending: Ending) {
        if self.out.is_empty() {
            return;
        }
        self.end_at(which.index(self.out.len()), ending);
    }

    fn end_at(&mut self, place: usize, ending: Ending) {
        let (consumer, record, lease) = self.out.swap_remove(place);
        let now_ms = self.bench.now_ms();
        let (mut apart, verdict) = (Vec::new(), format!("refused {}", 500 + record));
        let end = match ending {
            Ending::Settled { apart: parts } => {
                let parts: Vec<String> = (0..parts).map(|_| self.text("part")).collect();
                self.ledger.settle(consumer, record, &parts, now_ms);
                let part = |text: String| Apart { body: text.into_bytes(), reason: PART };
                apart = parts.into_iter().map(part).collect();
                End::Settled
            }
            Ending::RetryAfter { ms, done } => {
                let due_ms = now_ms + ms;
                let owed = self.ledger.find(consumer, record);
                let (attempts, done) = (owed.attempts + 1, Some(done).filter(|done| *done > 0));
                let as_listed = Owed {
                    consumer,
                    record,
                    since_ms: owed.since_ms,
                    by_hand: owed.by_hand,
                    attempts,
                    done,
                    due_ms: Some(due_ms),
                    verdict: Some(verdict.clone()),
                    out: false,
                };
                *owed = as_listed;
                End::RetryAt { due_ms, attempts, progress: progress(done), verdict }
            }
            Ending::Buried => {
                self.ledger.give_up(consumer, record, now_ms);
                End::Buried { reason: Reason::GaveUp, attempts: 9, verdict: Some("refused 503".to_owned()) }
            }
            Ending::Released => {
                self.ledger.find(consumer, record).out = false;
                End::Released
            }
        };
        self.ended[consumer] += u64::from(matches!(end, End::Settled | End::Buried { .. }));
        self.bench.settle(Settlement { lease, end, apart, advances: Vec::new(), now_ms });
    }

    async fn bury(&mut self, which: Index) {
        let waiting = self.bench.waiting().await;
        if waiting.is_empty() {
            return;
        }
        let place = which.index(waiting.len());
        let listed: Vec<(usize, usize)> =
            [1, 2].iter().flat_map(|c| self.ledger.line(*c)).map(|owed| (owed.consumer, owed.record)).collect();
        let (consumer, record) = listed[place];
        let now_ms = self.bench.now_ms();
        let buried = self.bench.journal.bury(id(&waiting[place]), now_ms).await.unwrap();
        assert_eq!(buried, self.ledger.bury(consumer, record, now_ms));
        self.ended[consumer] += u64::from(buried);
    }

    /// A dead letter of both, if there is one.
    async fn pick(&self, which: Index) -> Option<(Letter, usize, usize)> {
        let mut dead = self.bench.dead().await;
        if dead.is_empty() {
            return None;
        }
        let place = which.index(dead.len());
        let listed = self.ledger.letters()[place];
        let letter = dead.swap_remove(place);
        assert_eq!(self.bench.body(id(&letter)).await, self.ledger.records[listed.record].text);
        Some((letter, listed.consumer, listed.record))
    }

    async fn revive(&mut self, which: Index) {
        let Some((letter, consumer, record)) = self.pick(which).await else { return };
        let to = if consumer == 0 { vec![1, 2] } else { vec![consumer] };
        let now_ms = self.bench.now_ms();
        let receivers = to.iter().map(|consumer| self.ids[*consumer]).collect();
        assert!(self.bench.journal.revive(id(&letter), receivers, now_ms).await.unwrap());
        self.ledger.revive(consumer, record, &to, now_ms);
        to.iter().for_each(|consumer| self.promised[*consumer] += 1);
    }

    async fn drop_letter(&mut self, which: Index) {
        let Some((letter, consumer, record)) = self.pick(which).await else { return };
        assert!(self.bench.journal.drop_letter(id(&letter)).await.unwrap());
        self.ledger.drop_letter(consumer, record);
    }

    async fn owe_again(&mut self, consumer: usize, back_ms: u64) {
        let since_ms = self.bench.now_ms() - back_ms;
        let records = self.bench.owe_again(self.ids[consumer], since_ms).await;
        assert_eq!(records, self.ledger.owe_again(consumer, since_ms, self.bench.now_ms()));
        self.promised[consumer] += records;
    }

    /// Everything that can be asked without changing anything.
    pub(super) async fn compare(&mut self) {
        let waiting = self.bench.waiting().await;
        let listed: Vec<Owed> = [1, 2].iter().flat_map(|c| self.ledger.line(*c)).cloned().collect();
        assert_eq!(waiting.len(), listed.len(), "{waiting:?} {listed:?}");
        for (letter, owed) in waiting.iter().zip(listed) {
            self.same(letter, owed.consumer, owed.record);
            let said = (letter.reason.as_str(), letter.at_ms, letter.attempts, &letter.verdict);
            assert_eq!(said, ("", owed.due_ms.unwrap_or(0), owed.attempts, &owed.verdict));
        }
        let dead = self.bench.dead().await;
        let listed: Vec<_> = self.ledger.letters().into_iter().cloned().collect();
        assert_eq!(dead.len(), listed.len(), "{dead:?} {listed:?}");
        for (letter, one) in dead.iter().zip(listed) {
            self.same(letter, one.consumer, one.record);
            let said = (letter.reason.as_str(), letter.at_ms, letter.attempts, &letter.verdict);
            assert_eq!(said, (one.reason, one.at_ms, one.attempts, &one.verdict));
        }
        let mut places: Vec<(usize, i64)> = self.places.iter().map(|(place, id)| (*place, *id)).collect();
        places.sort_unstable();
        assert!(places.is_sorted_by(|a, b| a.1 < b.1), "not in the order of acceptance: {places:?}");
        let depths = self.bench.journal.depths(self.bench.now_ms()).await.unwrap();
        for (consumer, name) in NAMES.into_iter().enumerate() {
            let expected = self.depth(consumer);
            let found = depths.iter().find(|depth| depth.consumer == name);
            assert_eq!(found.cloned().unwrap_or(nothing(consumer)), expected);
        }
    }

    /// A letter of the journal is this one of the list. Its name is learnt when it is first seen.
    fn same(&mut self, letter: &Letter, consumer: usize, record: usize) {
        let (place, of) = letter.id.split_once('-').expect("a record and a consumer");
        let known = *self.places.entry(record).or_insert(place.parse().unwrap());
        assert_eq!((place, of), (known.to_string().as_str(), id_of(self.ids[consumer], letter).as_str()));
        let kept = &self.ledger.records[record];
        let said = (letter.consumer.as_str(), letter.bytes, letter.received_ms);
        assert_eq!(said, (NAMES[consumer], kept.text.len() as u64, kept.received_ms));
    }

    fn depth(&self, consumer: usize) -> Depth {
        let line = self.ledger.line(consumer);
        let count = |which: &dyn Fn(&Owed) -> bool| line.iter().filter(|owed| which(owed)).count() as u64;
        Depth {
            ready: count(&|owed| !owed.out && owed.due_ms.is_none()),
            in_flight: count(&|owed| owed.out),
            parked: count(&|owed| !owed.out && owed.due_ms.is_some()),
            dead: self.ledger.dead.iter().filter(|dead| dead.consumer == consumer).count() as u64,
            oldest_ms: line.first().map_or(0, |owed| self.bench.now_ms() - owed.since_ms),
            ..nothing(consumer)
        }
    }

    /// Delivers all that is left. In the end each promise was kept, once.
    pub(super) async fn drain(mut self) {
        self.bench.pass(1_000);
        self = self.step(Step::Crash).await;
        for consumer in [1, 2] {
            while !self.ledger.line(consumer).is_empty() {
                let before = self.out.len();
                self.lease(consumer, 3, false).await;
                assert!(self.out.len() > before, "{:?} are stuck", self.ledger.line(consumer));
                while !self.out.is_empty() {
                    self.end_at(0, Ending::Settled { apart: 0 });
                }
            }
        }
        self.compare().await;
        assert_eq!(self.ended, self.promised);
        let bench = self.bench.reopen().await;
        assert!(bench.waiting().await.is_empty());
    }
}

fn progress(done: Option<u32>) -> Option<Progress> {
    done.map(|done| Progress { done, last: format!("request {done}") })
}

fn nothing(consumer: usize) -> Depth {
    Depth { consumer: NAMES[consumer].to_owned(), ready: 0, in_flight: 0, parked: 0, dead: 0, oldest_ms: 0 }
}

/// The consumer's part of a letter's name; it must be this consumer's.
fn id_of(consumer: ConsumerId, letter: &Letter) -> String {
    assert_eq!(id(letter).consumer(), consumer);
    letter.id.split_once('-').map(|(_, of)| of.to_owned()).unwrap_or_default()
}
