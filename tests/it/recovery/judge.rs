//! What the consumer saw, held against what was promised. Each law is stated once, over all attempts.

use crate::support::consumer::{Consumer, Taken};
use crate::support::ledger::{Attempt, Event, Promises, attempts};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// How long the proxy waits for an answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);
/// By so much our own clock readings may lag behind what the proxy did: a request may be read when who
/// sent it is dead.
const LAG: Duration = Duration::from_millis(100);
/// How long before a kill a delivery may have been taken and not yet written off: the time in which
/// endings are gathered, and a commit on a busy machine.
const UNWRITTEN: Duration = Duration::from_secs(1);
/// How many deliveries a kill may cause to be repeated, at most: what was taken within that time.
const REPEATED_BY_A_KILL: usize = 100;

/// A kill: the process was there before it begun, and gone when it was done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kill {
    pub(crate) begun: Instant,
    pub(crate) done: Instant,
}

/// What was measured.
#[derive(Debug, Default)]
#[expect(dead_code, reason = "shown by its Debug")]
pub(crate) struct Findings {
    attempts: usize,
    taken: usize,
    /// Attempts at what was surely taken before, all excused by a kill.
    repeated_by_kills: usize,
    /// Attempts at what was taken with an answer that was lost.
    repeated_after_lost_answers: usize,
    /// The longest time between a 2xx and the kill that made it unheard.
    longest_unwritten: Duration,
    /// Attempts that the consumer reset before it read them.
    unread: usize,
}

/// Holds everything that is promised against what a consumer saw.
pub(crate) fn judge(promises: &Promises, consumer: &Consumer, kills: &[Kill]) -> Findings {
    let attempts = attempts(consumer);
    let missing = promises.missing(&attempts);
    assert!(missing.is_empty(), "{} of {} are missing, such as {:?}", missing.len(), promises.count(), missing.first());
    nothing_overtakes(promises, &attempts);
    one_at_a_time(&attempts, kills);
    deliveries_name_bodies(&attempts);
    attempts_count_up(&attempts, kills, consumer.resets());
    repetitions_are_excused(&attempts, kills, consumer.resets())
}

/// When something of a conversation is tried, all that was accepted before it has been taken.
pub(crate) fn nothing_overtakes(promises: &Promises, attempts: &[Attempt]) {
    let mut taken: BTreeSet<&Event> = BTreeSet::new();
    let order = promises.all();
    let places: HashMap<(&str, &str), usize> = order
        .iter()
        .flat_map(|(conversation, ids)| {
            ids.iter().enumerate().map(move |(place, id)| ((conversation.as_str(), id.as_str()), place))
        })
        .collect();
    let mut reached: HashMap<&str, usize> = HashMap::new();
    for attempt in attempts {
        for event in &attempt.events {
            let Some(place) = places.get(&(event.conversation.as_str(), event.id.as_str())) else { continue };
            let next = reached.entry(event.conversation.as_str()).or_default();
            let within = attempt.events.iter().filter(|other| other.conversation == event.conversation).count();
            assert!(*place < *next + within, "{event:?} is the {place}th, and only {next} were taken before it");
        }
        if attempt.taken == Taken::No {
            continue;
        }
        for event in &attempt.events {
            if places.contains_key(&(event.conversation.as_str(), event.id.as_str())) && taken.insert(event) {
                *reached.entry(event.conversation.as_str()).or_default() += 1;
            }
        }
    }
}

/// When the proxy was certainly through with an attempt.
fn end(attempt: &Attempt, kills: &[Kill]) -> Instant {
    let left = attempt.at + TIMEOUT - LAG;
    let ended = attempt.ended.unwrap_or(left).min(left);
    let killed = kills.iter().map(|kill| kill.begun).find(|begun| *begun + LAG >= attempt.at);
    killed.map_or(ended, |killed| killed.min(ended))
}

/// Of a conversation nothing is under way while something else of it is.
fn one_at_a_time(attempts: &[Attempt], kills: &[Kill]) {
    let mut busy: HashMap<&str, &Attempt> = HashMap::new();
    for attempt in attempts {
        let conversations: BTreeSet<&str> = attempt.events.iter().map(|event| event.conversation.as_str()).collect();
        assert_eq!(conversations.len(), 1, "a request is about one conversation");
        for conversation in conversations {
            if let Some(before) = busy.insert(conversation, attempt) {
                assert!(end(before, kills) <= attempt.at, "{before:?} was still under way: {attempt:?}");
            }
        }
    }
}

/// Each `X-Cutover-Delivery` is of one body, and each event has one.
fn deliveries_name_bodies(attempts: &[Attempt]) {
    let mut bodies: HashMap<&str, &[Event]> = HashMap::new();
    let mut names: BTreeMap<&Event, &str> = BTreeMap::new();
    for attempt in attempts {
        let body = bodies.entry(&attempt.delivery).or_insert(&attempt.events);
        assert_eq!(*body, attempt.events, "{} is shared", attempt.delivery);
        for event in &attempt.events {
            assert_eq!(*names.entry(event).or_insert(&attempt.delivery), attempt.delivery, "{event:?}");
        }
    }
}

fn killed_between(kills: &[Kill], from: Instant, to: Instant) -> bool {
    kills.iter().any(|kill| kill.done + LAG >= from && kill.begun <= to)
}

/// `X-Cutover-Attempt` counts from 1 upwards; what is left out was reset before it was read.
fn attempts_count_up(attempts: &[Attempt], kills: &[Kill], unread: usize) {
    let mut last: HashMap<&str, &Attempt> = HashMap::new();
    let mut left_out = 0;
    for attempt in attempts {
        let before = last.insert(&attempt.delivery, attempt);
        let counted = match before {
            Some(before) if killed_between(kills, before.at, attempt.at) => {
                assert!(attempt.number >= 1 && attempt.number as usize <= before.number as usize + 1 + unread);
                continue;
            }
            Some(before) => before.number,
            None => 0,
        };
        assert!(attempt.number > counted, "{attempt:?} after {before:?}");
        left_out += (attempt.number - counted - 1) as usize;
    }
    assert!(left_out <= unread, "{left_out} attempts were never seen, {unread} were reset unread");
}

/// What was surely taken comes again only because the proxy died before it had written that down.
fn repetitions_are_excused(attempts: &[Attempt], kills: &[Kill], unread: usize) -> Findings {
    let mut findings = Findings { attempts: attempts.len(), unread, ..Findings::default() };
    let mut by_kill = vec![0_usize; kills.len()];
    let mut last: HashMap<&str, &Attempt> = HashMap::new();
    for attempt in attempts {
        findings.taken += usize::from(attempt.taken != Taken::No);
        let Some(before) = last.insert(&attempt.delivery, attempt) else { continue };
        let ended = before.ended.unwrap_or(before.at);
        let is_heard = before.taken == Taken::Yes && ended < before.at + TIMEOUT - LAG;
        if before.taken == Taken::Perhaps {
            findings.repeated_after_lost_answers += 1;
        }
        if !is_heard {
            continue;
        }
        let guilty = kills
            .iter()
            .position(|kill| ended <= kill.done + LAG && kill.begun <= attempt.at && ended + UNWRITTEN >= kill.begun);
        let guilty = guilty.unwrap_or_else(|| panic!("{before:?} was taken and came again: {attempt:?}"));
        by_kill[guilty] += 1;
        findings.repeated_by_kills += 1;
        let unwritten = kills[guilty].begun.saturating_duration_since(ended);
        findings.longest_unwritten = findings.longest_unwritten.max(unwritten);
    }
    let most = by_kill.iter().max().copied().unwrap_or_default();
    assert!(most <= REPEATED_BY_A_KILL, "{most} deliveries were repeated after one kill");
    findings
}
