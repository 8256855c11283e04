//! The server is gone: nothing is promised, the reason is said, and all goes on by itself when it is back.

use super::fleet::Fleet;
use super::{assert_turned_away, flat, journal, red, stream};
use crate::support::bodies::{SUPPORT, cloud};
use crate::support::broker::Broker;
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::http::Answer;
use crate::support::ledger::Promises;
use crate::support::load::{Tally, message};
use crate::support::proxy::Proxy;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// Posts what need not be taken; a 200 is a promise all the same.
fn post(proxy: &Proxy, promises: &Promises, number: usize) -> Answer {
    let members = json!({"messages": [message(500, number)]});
    let answer = proxy.post("/webhooks", cloud(SUPPORT, &members));
    promises.note(&members, &answer);
    answer
}

fn gone(end: impl Fn(&Broker)) {
    let Some(broker) = Broker::start() else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    fleet.promise_a_round(&promises, 20, 1);
    end(&broker);
    for (place, proxy) in fleet.up().enumerate() {
        assert_turned_away(&post(proxy, &promises, place));
        let reason = eventually("it is not ready", || red(proxy));
        assert!(reason.contains("NATS"), "{reason}");
    }
    broker.again();
    for proxy in fleet.up() {
        eventually("it is ready again", || red(proxy).is_none().then_some(()));
    }
    fleet.promise_a_round(&promises, 20, 2);
    crm.arrive();
    fleet.wait_until_kept(&promises, &crm);
}

#[test]
fn while_it_is_killed_webhooks_are_turned_away_and_nothing_is_lost() {
    gone(Broker::kill);
}

#[test]
fn while_it_is_stopped_webhooks_are_turned_away_and_nothing_is_lost() {
    gone(Broker::stop);
}

#[test]
fn every_200_is_kept_while_it_is_killed_again_and_again() {
    let Some(broker) = Broker::start() else { return };
    let (crm, tally) = (Consumer::replying(Reply::Late(Duration::from_millis(5))), Tally::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    fleet.under_load(&tally, |_| {
        for kill in 0..5 {
            let goal = tally.accepted.load(Ordering::Relaxed) + 40;
            eventually("webhooks are taken", || (tally.accepted.load(Ordering::Relaxed) >= goal).then_some(()));
            broker.kill();
            // It is away for a moment, or for longer than a proxy's claim.
            thread::sleep(Duration::from_millis(if kill == 3 { 3000 } else { fastrand::u64(..500) }));
            broker.again();
        }
    });
    fleet.wait_until_kept(&tally.promises, &crm);
    assert!(fleet.up().all(|proxy| proxy.letters(false).is_empty()), "nothing was given up");
}

/// An attempt whose ending cannot be written down may be repeated; nothing comes before its turn.
#[test]
fn what_was_delivered_while_it_is_away_is_not_forgotten() {
    let Some(broker) = Broker::start() else { return };
    let (crm, promises) = (Consumer::replying(Reply::Hold), Promises::default());
    let fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    (1..=2).for_each(|round| fleet.promise_a_round(&promises, 10, round));
    eventually("attempts are under way", || (crm.requests().len() >= 10).then_some(()));
    broker.kill();
    crm.release();
    broker.again();
    fleet.wait_until_kept(&promises, &crm);
}

#[test]
fn a_restart_of_all_proxies_beside_a_killed_server_loses_nothing() {
    let Some(broker) = Broker::start() else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    (1..=2).for_each(|round| fleet.promise_a_round(&promises, 20, round));
    broker.kill();
    fleet.kill_all();
    broker.again();
    fleet.all_again();
    crm.arrive();
    fleet.promise_a_round(&promises, 20, 3);
    fleet.wait_until_kept(&promises, &crm);
}
