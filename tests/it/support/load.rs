//! Webhooks of many conversations in either format, posted as a platform does: until they are
//! answered 200, and now and then once more after that.

use super::bodies::{SUPPORT, cloud, status, text};
use super::http::Request;
use super::ledger::Promises;
use super::proxy::Proxy;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// After an answer that was lost or no 200, as before a platform's retry.
pub(crate) const PAUSE: Duration = Duration::from_millis(10);

/// Where a proxy listens now, or any of several; nowhere while it is being started again.
#[derive(Debug, Default)]
pub(crate) struct Target(Mutex<Vec<Option<SocketAddr>>>);

impl Target {
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self::at_any([address])
    }

    /// Webhooks go to one or the other.
    pub(crate) fn at_any(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self(Mutex::new(addresses.into_iter().map(Some).collect()))
    }

    pub(crate) fn move_to(&self, address: Option<SocketAddr>) {
        self.move_one(0, address);
    }

    /// The same for one of several.
    pub(crate) fn move_one(&self, place: usize, address: Option<SocketAddr>) {
        self.0.lock().unwrap()[place] = address;
    }

    fn now(&self) -> Option<SocketAddr> {
        let places = self.0.lock().unwrap();
        let up: Vec<SocketAddr> = places.iter().copied().flatten().collect();
        fastrand::choice(up)
    }
}

/// How a load went, counted by all its senders.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) promises: Promises,
    /// Webhooks answered 200, retries of them not counted.
    pub(crate) accepted: AtomicUsize,
    /// Webhooks that were posted again although they had been answered 200.
    pub(crate) repeated: AtomicUsize,
    /// Answers that never came, and 503s.
    pub(crate) lost: AtomicUsize,
    pub(crate) refused: AtomicUsize,
}

/// Some conversations and their platform. One webhook is under way at a time, so the order in which
/// they are accepted is known.
pub(crate) struct Sender {
    random: fastrand::Rng,
    first: usize,
    conversations: usize,
    made: usize,
    /// Taken webhooks that may come once more.
    recent: Vec<(String, String)>,
}

/// The user of a conversation.
pub(crate) fn user(conversation: usize) -> String {
    format!("1555{:07}", 200_000 + conversation)
}

/// A message of a conversation; no other has its id.
pub(crate) fn message(conversation: usize, number: usize) -> Value {
    text(&user(conversation), &format!("wamid.{conversation}.{number}"), "hello")
}

impl Sender {
    /// Writes for `conversations` conversations, from the one with the number `first` on.
    pub(crate) fn new(seed: u64, first: usize, conversations: usize) -> Self {
        let random = fastrand::Rng::with_seed(seed.wrapping_add(first as u64));
        Self { random, first, conversations, made: 0, recent: Vec::new() }
    }

    fn conversation(&mut self) -> usize {
        self.first + self.random.usize(..self.conversations)
    }

    /// The members of a webhook: a message, a status, or several of several users.
    fn members(&mut self) -> Value {
        let several = if self.random.u8(..10) == 0 { 4 } else { 1 };
        let statuses = self.random.u8(..3) == 0;
        let items: Vec<Value> = (0..several)
            .map(|_| {
                self.made += 1;
                let (conversation, number) = (self.conversation(), self.made);
                match statuses {
                    false => message(conversation, number),
                    true => status(&user(conversation), &format!("wamid.{conversation}.{number}"), "delivered"),
                }
            })
            .collect();
        if statuses { json!({"statuses": items}) } else { json!({"messages": items}) }
    }

    /// Posts one webhook until it is answered 200. `false`: `give_up` said so before that.
    pub(crate) fn post(&mut self, target: &Target, tally: &Tally, give_up: &impl Fn() -> bool) -> bool {
        let members = self.members();
        let (path, body) = match self.random.bool() {
            true => ("/webhooks/cloud", cloud(SUPPORT, &members)),
            false => ("/webhooks/onprem", members.to_string()),
        };
        if !insist(path, &body, target, tally, give_up) {
            return false;
        }
        tally.promises.keep(&members);
        tally.accepted.fetch_add(1, Ordering::Relaxed);
        if self.random.u8(..10) == 0 {
            self.recent.push((path.to_owned(), body));
        }
        if self.random.u8(..20) == 0 && !self.recent.is_empty() {
            let (path, body) = self.recent.swap_remove(self.random.usize(..self.recent.len()));
            if insist(&path, &body, target, tally, give_up) {
                tally.repeated.fetch_add(1, Ordering::Relaxed);
            }
        }
        true
    }
}

fn insist(path: &str, body: &str, target: &Target, tally: &Tally, give_up: &impl Fn() -> bool) -> bool {
    let request = Request::post(path, body);
    loop {
        match target.now().map(|address| request.try_send(address)) {
            Some(Ok(answer)) if answer.status == 200 => return true,
            Some(Ok(answer)) => {
                assert_eq!(answer.status, 503, "{}", answer.text());
                tally.refused.fetch_add(1, Ordering::Relaxed);
            }
            Some(Err(_)) => {
                tally.lost.fetch_add(1, Ordering::Relaxed);
            }
            None => {}
        }
        if give_up() {
            return false;
        }
        thread::sleep(PAUSE);
    }
}

/// Posts a message of a conversation that has to be answered 200.
pub(crate) fn promise(proxy: &Proxy, promises: &Promises, conversation: usize, number: usize) {
    let members = json!({"messages": [message(conversation, number)]});
    let answer = proxy.post("/webhooks", cloud(SUPPORT, &members));
    assert!(promises.note(&members, &answer), "{} {}", answer.status, answer.text());
}
