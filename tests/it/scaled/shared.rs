//! Several proxies, and nothing goes wrong: each webhook is delivered once, in its order, whoever took it.

use super::fleet::Fleet;
use super::{CLAIM, flat, journal, journal_with, stream};
use crate::recovery::judge::judge;
use crate::support::bodies::{SUPPORT, cloud};
use crate::support::broker::{Broker, Cluster};
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::http::Request;
use crate::support::ledger::{Promises, attempts};
use crate::support::load::{Tally, message};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// So much is posted, at least.
const WEBHOOKS: usize = 300;

/// A consumer that takes its time, so that two attempts at a conversation would meet there.
fn slow() -> Consumer {
    Consumer::replying(Reply::Late(Duration::from_millis(20)))
}

fn several(count: usize) {
    let Some(broker) = Broker::shared() else { return };
    let (crm, tally) = (slow(), Tally::default());
    let mut fleet = Fleet::start(count, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    fleet.under_load(&tally, |fleet| {
        eventually("all take a part in it", || {
            let posted = tally.accepted.load(Ordering::Relaxed) >= WEBHOOKS;
            let shared = posted && fleet.delivered().iter().all(|delivered| *delivered > 0.0);
            shared.then_some(())
        });
    });
    fleet.wait_until_kept(&tally.promises, &crm);
    // Without a kill nothing excuses a repetition.
    judge(&tally.promises, &crm, &[]);
    let duplicates: f64 = ["cloud", "onprem"]
        .map(|source| format!("cutover_webhooks_total{{source=\"{source}\",outcome=\"duplicate\"}}"))
        .iter()
        .flat_map(|sample| fleet.metrics(sample))
        .sum();
    assert_eq!(duplicates as usize, tally.repeated.load(Ordering::Relaxed), "what was posted again is counted");
    assert_eq!((tally.refused.load(Ordering::Relaxed), tally.lost.load(Ordering::Relaxed)), (0, 0));
    assert!(fleet.up().all(|proxy| proxy.letters(false).is_empty()));
}

#[test]
fn two_proxies_deliver_everything_once_and_in_its_order() {
    several(2);
}

#[test]
fn three_proxies_deliver_everything_once_and_in_its_order() {
    several(3);
}

/// One of the proxies is the first; the others are told that it is known, or that it is about to be.
fn the_same_at_all(fleet: &Fleet, crm: &Consumer) {
    let promises = Promises::default();
    let rounds = 20;
    for round in 1..=rounds {
        let members = json!({"messages": [message(round % 5, round)]});
        let request = Request::post("/webhooks", cloud(SUPPORT, &members));
        let barrier = Barrier::new(fleet.len());
        thread::scope(|scope| {
            for proxy in fleet.up() {
                let (request, barrier) = (&request, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let answer = proxy.send(request);
                    assert_eq!(answer.status, 200, "{}", answer.text());
                });
            }
        });
        promises.keep(&members);
    }
    fleet.wait_until_kept(&promises, crm);
    assert_eq!(crm.requests().len(), rounds);
}

#[test]
fn the_same_webhook_at_all_proxies_at_once_is_delivered_once() {
    let Some(broker) = Broker::shared() else { return };
    let crm = Consumer::start();
    the_same_at_all(&Fleet::start(3, &[flat(&crm), journal(&broker.url(), &stream())].concat()), &crm);
}

/// Here a majority is asked before one is known, and it comes again in between. The proxies make the
/// streams at the same moment, too.
#[test]
fn so_it_is_where_three_servers_keep_it_that_have_just_been_started() {
    let Some(cluster) = Cluster::start() else { return };
    let crm = Consumer::start();
    let config = [flat(&crm), journal_with(&cluster.urls(), &stream(), 3, CLAIM)].concat();
    the_same_at_all(&Fleet::start_together(3, &config), &crm);
}

/// The platform's retry may hold more than what it retries, and reach another proxy.
#[test]
fn what_one_proxy_knows_another_cuts_out() {
    let Some(broker) = Broker::shared() else { return };
    let crm = Consumer::start();
    let fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    let pairs = 10;
    for first in 1..=pairs {
        let proxies = [&fleet[first % 2], &fleet[(first + 1) % 2]];
        for (proxy, number) in proxies.into_iter().zip([first, first + 1]) {
            let members = json!({"messages": [message(0, number), message(0, number + 1)]});
            assert_eq!(proxy.post("/webhooks", cloud(SUPPORT, &members)).status, 200);
        }
    }
    let seen = eventually("all are delivered", || {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for event in attempts(&crm).into_iter().flat_map(|attempt| attempt.events) {
            *seen.entry(event.id).or_default() += 1;
        }
        (seen.len() == pairs + 2 && fleet.up().all(|proxy| proxy.owed("crm") == 0)).then_some(seen)
    });
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
}

#[test]
fn what_was_delivered_is_known_after_all_have_been_started_again() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    fleet.promise_a_round(&promises, 10, 1);
    fleet.wait_until_kept(&promises, &crm);
    fleet.stop_all();
    fleet.all_again();
    fleet.promise_a_round(&Promises::default(), 10, 1);
    fleet.promise_a_round(&promises, 10, 2);
    fleet.wait_until_kept(&promises, &crm);
    assert_eq!(crm.requests().len(), 20);
}
