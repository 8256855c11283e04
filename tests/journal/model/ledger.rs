//! The list in memory: records in the order of acceptance, who is owed which, and who has which as a
//! dead letter. Nothing in it is fast, and nothing is clever.

use super::Draft;
use std::collections::HashMap;

/// Nobody, crm and bot are 0, 1 and 2. A record is called by its place in the list.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) records: Vec<Kept>,
    pub(super) owed: Vec<Owed>,
    pub(super) dead: Vec<Dead>,
    known: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) text: String,
    pub(super) lane: i64,
    pub(super) received_ms: u64,
    to: Vec<usize>,
    /// What it repeats or was a part of.
    pub(super) of: Option<usize>,
    /// Whether what it holds is kept with what was delivered before.
    retained: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Owed {
    pub(super) consumer: usize,
    pub(super) record: usize,
    pub(super) since_ms: u64,
    pub(super) by_hand: bool,
    pub(super) attempts: u32,
    pub(super) done: Option<u32>,
    pub(super) due_ms: Option<u64>,
    pub(super) verdict: Option<String>,
    pub(super) out: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Dead {
    pub(super) consumer: usize,
    pub(super) record: usize,
    pub(super) reason: &'static str,
    pub(super) at_ms: u64,
    pub(super) attempts: u32,
    pub(super) verdict: Option<String>,
}

/// What became of an arrival.
#[derive(Debug)]
pub(super) enum Taken {
    Safe(Vec<bool>),
    Partly(Vec<Vec<bool>>),
}

impl Ledger {
    pub(super) fn append(&mut self, drafts: &[(String, Draft)], now_ms: u64) -> Taken {
        let is_known = |name: String| self.known.contains(&name);
        let events: Vec<Vec<bool>> = drafts
            .iter()
            .map(|(_, draft)| draft.events.iter().map(|event| is_known(format!("event {event}"))).collect())
            .collect();
        if events.iter().any(|events| events.contains(&true) && events.contains(&false)) {
            return Taken::Partly(events);
        }
        let mut known = Vec::new();
        for ((_, draft), events) in drafts.iter().zip(&events) {
            let new_errors = draft.errors.is_some_and(|errors| !is_known(format!("errors {errors}")));
            known.push(events.contains(&true) && !new_errors);
        }
        for ((text, draft), known) in drafts.iter().zip(&known) {
            self.known.extend(draft.events.iter().map(|event| format!("event {event}")));
            self.known.extend(draft.errors.iter().map(|errors| format!("errors {errors}")));
            if !known {
                let record = self.keep(text.clone(), draft.lane, now_ms, &draft.to, None);
                if draft.to.is_empty() {
                    self.bury_untried(0, record, "unknown_number", now_ms);
                }
                draft.to.iter().for_each(|consumer| self.owe(*consumer, record, now_ms, false));
            }
        }
        Taken::Safe(known)
    }

    fn keep(&mut self, text: String, lane: i64, received_ms: u64, to: &[usize], of: Option<usize>) -> usize {
        let retained = of.is_some();
        self.records.push(Kept { text, lane, received_ms, to: to.to_vec(), of, retained });
        self.records.len() - 1
    }

    fn owe(&mut self, consumer: usize, record: usize, since_ms: u64, by_hand: bool) {
        let (attempts, done, due_ms, verdict, out) = (0, None, None, None, false);
        self.owed.push(Owed { consumer, record, since_ms, by_hand, attempts, done, due_ms, verdict, out });
    }

    /// A dead letter that was never tried.
    fn bury_untried(&mut self, consumer: usize, record: usize, reason: &'static str, at_ms: u64) {
        self.dead.push(Dead { consumer, record, reason, at_ms, attempts: 0, verdict: None });
    }

    /// What a consumer is owed, in order.
    pub(super) fn line(&self, consumer: usize) -> Vec<&Owed> {
        let mut line: Vec<&Owed> = self.owed.iter().filter(|owed| owed.consumer == consumer).collect();
        line.sort_by_key(|owed| owed.record);
        line
    }

    /// Dead letters in the order of consumer and record.
    pub(super) fn letters(&self) -> Vec<&Dead> {
        let mut letters: Vec<&Dead> = self.dead.iter().collect();
        letters.sort_by_key(|dead| (dead.consumer, dead.record));
        letters
    }

    /// The records that can be leased to a consumer: heads of lanes, none that is out or not due.
    pub(super) fn ready(&self, consumer: usize, now_ms: u64) -> Vec<usize> {
        let mut heads: HashMap<i64, &Owed> = HashMap::new();
        for owed in self.line(consumer) {
            heads.entry(self.records[owed.record].lane).or_insert(owed);
        }
        let ready = heads.values().filter(|owed| !owed.out && owed.due_ms.is_none_or(|due_ms| due_ms <= now_ms));
        ready.map(|owed| owed.record).collect()
    }

    pub(super) fn find(&mut self, consumer: usize, record: usize) -> &mut Owed {
        let found = self.owed.iter_mut().find(|owed| owed.consumer == consumer && owed.record == record);
        found.expect("it is owed")
    }

    fn unowe(&mut self, consumer: usize, record: usize) -> Owed {
        let place = self.owed.iter().position(|owed| owed.consumer == consumer && owed.record == record);
        self.owed.remove(place.expect("it is owed"))
    }

    /// It is taken; parts of it are dead letters.
    pub(super) fn settle(&mut self, consumer: usize, record: usize, apart: &[String], now_ms: u64) {
        self.unowe(consumer, record);
        let Kept { lane, received_ms, .. } = self.records[record];
        for text in apart {
            let part = self.keep(text.clone(), lane, received_ms, &[consumer], Some(self.first_of(record)));
            self.bury_untried(consumer, part, "too_old", now_ms);
        }
    }

    pub(super) fn give_up(&mut self, consumer: usize, record: usize, now_ms: u64) {
        self.unowe(consumer, record);
        let verdict = Some("refused 503".to_owned());
        self.dead.push(Dead { consumer, record, reason: "gave_up", at_ms: now_ms, attempts: 9, verdict });
    }

    /// Buries by hand what is not out.
    pub(super) fn bury(&mut self, consumer: usize, record: usize, now_ms: u64) -> bool {
        if self.find(consumer, record).out {
            return false;
        }
        let Owed { attempts, verdict, .. } = self.unowe(consumer, record);
        self.dead.push(Dead { consumer, record, reason: "by_hand", at_ms: now_ms, attempts, verdict });
        true
    }

    /// A letter goes; its record is left to those that were given it, too.
    pub(super) fn drop_letter(&mut self, consumer: usize, record: usize) {
        self.dead.retain(|dead| (dead.consumer, dead.record) != (consumer, record));
        self.records[record].to.retain(|given| *given != consumer);
    }

    pub(super) fn revive(&mut self, consumer: usize, record: usize, to: &[usize], now_ms: u64) {
        let copy = self.repeat(record, to, now_ms);
        self.records[copy].retained = self.records[record].retained;
        self.drop_letter(consumer, record);
    }

    fn repeat(&mut self, record: usize, to: &[usize], now_ms: u64) -> usize {
        let Kept { text, lane, received_ms, .. } = self.records[record].clone();
        let copy = self.keep(text, lane, received_ms, to, Some(self.first_of(record)));
        to.iter().for_each(|consumer| self.owe(*consumer, copy, now_ms, true));
        copy
    }

    /// By what the consumer knows a record, however often it is repeated.
    pub(super) fn first_of(&self, record: usize) -> usize {
        self.records[record].of.unwrap_or(record)
    }

    /// Owes again what a consumer was given and has neither before it nor as a dead letter: once, however
    /// often it was given.
    pub(super) fn owe_again(&mut self, consumer: usize, since_ms: u64, now_ms: u64) -> u64 {
        let has = |record: usize| {
            self.owed.iter().any(|owed| (owed.consumer, owed.record) == (consumer, record))
                || self.dead.iter().any(|dead| (dead.consumer, dead.record) == (consumer, record))
        };
        let is_same = |one: usize, other: usize| {
            self.first_of(one) == self.first_of(other) && self.records[one].text == self.records[other].text
        };
        let is_meant = |record: &usize| {
            let kept = &self.records[*record];
            kept.to.contains(&consumer)
                && !kept.retained
                && kept.received_ms >= since_ms
                && !(0..self.records.len()).any(|other| is_same(other, *record) && has(other))
        };
        let again: Vec<usize> = (0..self.records.len()).filter(is_meant).collect();
        for record in &again {
            self.repeat(*record, &[consumer], now_ms);
        }
        again.len() as u64
    }

    /// The process ends: what was out is not.
    pub(super) fn restart(&mut self) {
        self.owed.iter_mut().for_each(|owed| owed.out = false);
    }
}
