//! A consumer that is down: asked now and then by one probe, and given everything when it is back.

use super::flat;
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::ledger::Promises;
use crate::support::load::promise;
use crate::support::proxy::Proxy;
use std::time::{Duration, Instant};

const CONVERSATIONS: usize = 20;

fn post_a_round(proxy: &Proxy, promises: &Promises, round: usize) {
    (0..CONVERSATIONS).for_each(|conversation| promise(proxy, promises, conversation, round));
}

/// Connection refused, then 500 for everything, then back.
#[test]
fn it_is_probed_while_it_is_down_and_drained_when_it_is_back() {
    let (crm, other, promises) = (Consumer::absent(), Consumer::start(), Promises::default());
    let proxy = Proxy::start(&[flat(&crm, "crm"), flat(&other, "other")].concat());
    post_a_round(&proxy, &promises, 1);
    eventually("it is known to be down", || proxy.log().contains("consumer is down").then_some(()));
    post_a_round(&proxy, &promises, 2);
    proxy.wait_until_drained("other");
    promises.assert_kept(&other);

    crm.reply(Reply::status(500));
    crm.arrive();
    eventually("a probe", || (!crm.requests().is_empty()).then_some(()));
    let begun = Instant::now();
    eventually("more probes", || (crm.requests().len() > 10).then_some(()));
    // Pauses are anything up to 200 ms: ten of them take about a second.
    assert!(begun.elapsed() > Duration::from_millis(250), "ten probes in {:?}", begun.elapsed());
    post_a_round(&proxy, &promises, 3);
    proxy.wait_until_drained("other");
    promises.assert_kept(&other);
    assert_eq!(crm.most_at_once(), 1, "one probe at a time");
    assert_eq!(proxy.ask("/readyz").status, 200, "never red because of a consumer");
    assert_eq!(proxy.owed("crm"), promises.count() as u64);

    crm.reply(Reply::status(200));
    let back = Instant::now();
    proxy.wait_until_drained("crm");
    assert!(back.elapsed() < Duration::from_secs(5), "drained in {:?}", back.elapsed());
    promises.assert_kept(&crm);
    eventually("the log says so", || proxy.log().contains("consumer is back").then_some(()));
}

/// While it is up nobody knows better; from the moment it is down the attempts are few.
#[test]
fn a_consumer_that_goes_down_under_load_is_left_alone() {
    let (crm, promises) = (Consumer::replying(Reply::status(503)), Promises::default());
    let retry = "concurrency = 8\n[consumer.retry]\nfirst = \"100ms\"\nmax = \"10s\"\n";
    let proxy = Proxy::start(&crm.section("crm", "onprem", retry));
    for round in 1..=5 {
        post_a_round(&proxy, &promises, round);
    }
    eventually("it is known to be down", || proxy.log().contains("consumer is down").then_some(()));
    let before = crm.requests().len();
    assert!(before <= 5 + 2 * 8, "{before} attempts before it was down");
    eventually("it is probed", || (crm.requests().len() > before + 2).then_some(()));
    assert!(crm.requests().len() <= before + 8 + 4);
    crm.reply(Reply::status(200));
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

#[test]
fn what_waits_for_it_waits_through_kills_and_restarts() {
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = Proxy::start(&flat(&crm, "crm"));
    post_a_round(&proxy, &promises, 1);
    let proxy = proxy.kill().start();
    post_a_round(&proxy, &promises, 2);
    let proxy = proxy.stop().start();
    assert_eq!(proxy.owed("crm"), promises.count() as u64);
    crm.arrive();
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}
