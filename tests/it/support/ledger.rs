//! What was promised to the platform, and what a consumer was given, event by event. A 200 is a promise.

use super::consumer::{Consumer, Recorded, Taken};
use super::http::Answer;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Instant;

/// A message, or a status of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    /// The user's phone number.
    pub(crate) conversation: String,
    pub(crate) id: String,
}

/// The messages and statuses of a body of either platform, in its order.
pub(crate) fn events(body: &Value) -> Vec<Event> {
    let entries = body["entry"].as_array().into_iter().flatten();
    let changes = entries.flat_map(|entry| entry["changes"].as_array().into_iter().flatten());
    let values = changes.map(|change| &change["value"]).chain([body]);
    values.flat_map(|value| items(value, "messages").chain(items(value, "statuses"))).collect()
}

fn items<'v>(value: &'v Value, list: &'v str) -> impl Iterator<Item = Event> + 'v {
    let text = |node: &Value| node.as_str().unwrap_or_default().to_owned();
    value[list].as_array().into_iter().flatten().map(move |item| match list {
        "messages" => Event { conversation: text(&item["from"]), id: text(&item["id"]) },
        _ => Event {
            conversation: text(&item["recipient_id"]),
            id: format!("{} {}", text(&item["id"]), text(&item["status"])),
        },
    })
}

/// An attempt as the consumer saw it.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) events: Vec<Event>,
    /// `X-Cutover-Delivery` and `X-Cutover-Attempt`.
    pub(crate) delivery: String,
    pub(crate) number: u32,
    pub(crate) at: Instant,
    pub(crate) ended: Option<Instant>,
    pub(crate) taken: Taken,
}

impl Attempt {
    fn of(request: &Recorded) -> Self {
        Self {
            events: events(&request.json()),
            delivery: request.header("X-Cutover-Delivery").to_owned(),
            number: request.header("X-Cutover-Attempt").parse().expect("a number"),
            at: request.at,
            ended: request.ended,
            taken: request.taken,
        }
    }
}

/// All attempts at a consumer, in the order in which they were read.
pub(crate) fn attempts(consumer: &Consumer) -> Vec<Attempt> {
    consumer.requests().iter().map(Attempt::of).collect()
}

/// Everything that was answered 200: the ids of each conversation, in the order in which they were.
#[derive(Debug, Default)]
pub(crate) struct Promises(Mutex<BTreeMap<String, Vec<String>>>);

impl Promises {
    /// Counts what an answer has promised; whether it was a 200.
    pub(crate) fn note(&self, body: &Value, answer: &Answer) -> bool {
        if answer.status == 200 {
            self.keep(body);
        }
        answer.status == 200
    }

    /// A body was answered 200.
    pub(crate) fn keep(&self, body: &Value) {
        let mut promises = self.0.lock().unwrap();
        for event in events(body) {
            promises.entry(event.conversation).or_default().push(event.id);
        }
    }

    /// Each conversation with its ids.
    pub(crate) fn all(&self) -> BTreeMap<String, Vec<String>> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().values().map(Vec::len).sum()
    }

    /// What a consumer has not taken.
    pub(crate) fn missing(&self, attempts: &[Attempt]) -> Vec<Event> {
        let taken = attempts.iter().filter(|attempt| attempt.taken != Taken::No);
        let taken: BTreeSet<&Event> = taken.flat_map(|attempt| &attempt.events).collect();
        let all = self.all().into_iter();
        let promised = all.flat_map(|(conversation, ids)| {
            ids.into_iter().map(move |id| Event { conversation: conversation.clone(), id })
        });
        promised.filter(|event| !taken.contains(event)).collect()
    }

    /// Everything was taken, each conversation in the order accepted.
    pub(crate) fn assert_kept(&self, consumer: &Consumer) {
        let attempts = attempts(consumer);
        let missing = self.missing(&attempts);
        assert!(missing.is_empty(), "{} of {} are missing, such as {:?}", missing.len(), self.count(), missing.first());
        let mut first: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in attempts.iter().filter(|attempt| attempt.taken != Taken::No).flat_map(|attempt| &attempt.events) {
            let ids = first.entry(event.conversation.clone()).or_default();
            if !ids.contains(&event.id) {
                ids.push(event.id.clone());
            }
        }
        for (conversation, ids) in self.all() {
            assert_eq!(first.get(&conversation), Some(&ids), "the order of {conversation}");
        }
    }
}
