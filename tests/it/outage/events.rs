//! `batch = "event"`: what was taken of a record is not sent again because of what was refused.

use super::{RETRY, commit, ids};
use crate::support::bodies::{SUPPORT, cloud};
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::ledger::attempts;
use crate::support::load::message;
use crate::support::proxy::Proxy;
use serde_json::json;

/// A webhook of three messages of one user, to a consumer that takes them one by one.
fn three(crm: &Consumer) -> Proxy {
    let proxy = Proxy::start(&crm.section("crm", "onprem", &format!("batch = \"event\"\n{RETRY}")));
    let members = json!({"messages": [message(0, 1), message(0, 2), message(0, 3)]});
    assert_eq!(proxy.post("/webhooks", cloud(SUPPORT, &members)).status, 200);
    proxy
}

fn seen(crm: &Consumer) -> Vec<(String, u32)> {
    attempts(crm).into_iter().map(|attempt| (attempt.events[0].id.clone(), attempt.number)).collect()
}

#[test]
fn what_was_taken_is_not_repeated() {
    let crm = Consumer::start();
    crm.reply_next([Reply::status(200), Reply::status(500), Reply::Close]);
    let proxy = three(&crm);
    proxy.wait_until_drained("crm");
    let expected = [("wamid.0.1", 1), ("wamid.0.2", 1), ("wamid.0.2", 2), ("wamid.0.2", 3), ("wamid.0.3", 1)];
    assert_eq!(seen(&crm), expected.map(|(id, number)| (id.to_owned(), number)));
    let deliveries: std::collections::BTreeSet<String> =
        attempts(&crm).into_iter().map(|attempt| attempt.delivery).collect();
    assert_eq!(deliveries.len(), 3, "one for each request body");
}

#[test]
fn nor_is_it_after_a_kill() {
    let crm = Consumer::replying(super::refusing(|request| ids(request) == ["wamid.0.2"]));
    let proxy = three(&crm);
    eventually("there was a second attempt at the second", || {
        let waiting = proxy.letters(true);
        waiting.first().is_some_and(|letter| letter["attempts"].as_u64() >= Some(2)).then_some(())
    });
    commit(&proxy);
    let proxy = proxy.kill().start();
    crm.reply(Reply::status(200));
    proxy.wait_until_drained("crm");
    let seen = seen(&crm);
    let count = |id: &str| seen.iter().filter(|(seen, _)| seen == id).count();
    assert_eq!((count("wamid.0.1"), count("wamid.0.3")), (1, 1), "{seen:?}");
    let numbers: Vec<u32> = seen.iter().filter(|(id, _)| id == "wamid.0.2").map(|(_, number)| *number).collect();
    assert!(numbers.is_sorted() && numbers.last() > Some(&2), "{numbers:?}");
}
