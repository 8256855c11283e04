//! A conversation that the consumer refuses, or a consumer that hangs, holds up nobody but itself.

use super::{flat, ids, refusing};
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::ledger::{Promises, events};
use crate::support::load::{promise, user};
use crate::support::proxy::Proxy;

/// Refuses everything of the first `count` conversations.
fn refusing_the_first(count: usize) -> Reply {
    let users: Vec<String> = (0..count).map(user).collect();
    refusing(move |request| events(&request.json()).iter().any(|event| users.contains(&event.conversation)))
}

#[test]
fn a_refused_conversation_does_not_hold_others() {
    let (crm, promises) = (Consumer::replying(refusing_the_first(1)), Promises::default());
    let proxy = Proxy::start(&flat(&crm, "crm"));
    for round in 1..=5 {
        (0..20).for_each(|conversation| promise(&proxy, &promises, conversation, round));
    }
    eventually("all others are through", || (proxy.owed("crm") == 5).then_some(()));
    let refused = || crm.requests().into_iter().filter(|request| ids(request)[0].starts_with("wamid.0."));
    eventually("it is tried again", || (refused().count() >= 4).then_some(()));
    assert!(refused().all(|request| ids(&request) == ["wamid.0.1"]), "nothing overtakes the one that is refused");
    crm.reply(Reply::status(200));
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

/// More of them than it takes to call the consumer down: what is new is what it is probed with.
#[test]
fn many_refused_conversations_do_not_hold_a_new_one() {
    let (crm, promises) = (Consumer::replying(refusing_the_first(12)), Promises::default());
    let proxy = Proxy::start(&flat(&crm, "crm"));
    (0..12).for_each(|conversation| promise(&proxy, &promises, conversation, 1));
    eventually("it is taken to be down", || proxy.log().contains("consumer is down").then_some(()));
    for round in 1..=10 {
        promise(&proxy, &promises, 12 + round, 1);
        eventually("the new one is through", || (proxy.owed("crm") == 12).then_some(()));
    }
    crm.reply(Reply::status(200));
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

#[test]
fn a_hanging_consumer_holds_nobody_else() {
    let (stuck, other, promises) = (Consumer::replying(Reply::Hold), Consumer::start(), Promises::default());
    let config = [stuck.section("stuck", "onprem", "concurrency = 2"), flat(&other, "other")].concat();
    let proxy = Proxy::start(&config);
    for round in 1..=5 {
        (0..8).for_each(|conversation| promise(&proxy, &promises, conversation, round));
    }
    proxy.wait_until_drained("other");
    promises.assert_kept(&other);
    assert_eq!((stuck.requests().len(), stuck.most_at_once()), (2, 2));
    stuck.release();
    proxy.wait_until_drained("stuck");
    promises.assert_kept(&stuck);
    assert_eq!(stuck.most_at_once(), 2);
}
