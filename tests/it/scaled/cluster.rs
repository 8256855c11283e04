//! Three servers that keep the stream three times: one of them may go, whichever.

use super::fleet::Fleet;
use super::{CLAIM, assert_turned_away, flat, journal_with, red, stream};
use crate::support::bodies::flat_text;
use crate::support::broker::Cluster;
use crate::support::consumer::{Consumer, Reply};
use crate::support::ledger::Promises;
use crate::support::load::Tally;
use crate::support::{PATIENCE, within};
use std::sync::atomic::Ordering;
use std::time::Duration;

#[test]
fn every_200_is_kept_while_one_server_after_another_is_killed() {
    let Some(cluster) = Cluster::start() else { return };
    let (crm, tally) = (Consumer::replying(Reply::Late(Duration::from_millis(5))), Tally::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal_with(&cluster.urls(), &stream(), 3, CLAIM)].concat());
    let taken = || tally.accepted.load(Ordering::Relaxed);
    let more = |what: &str| {
        let goal = taken() + 40;
        // A new leader is found within seconds.
        within(PATIENCE * 2, what, || (taken() >= goal).then_some(()));
    };
    fleet.under_load(&tally, |_| {
        for server in 0..cluster.len() {
            more("webhooks are taken");
            cluster.kill(server);
            more("webhooks are taken by the two that are left");
            cluster.again(server);
        }
    });
    fleet.wait_until_kept(&tally.promises, &crm);
    println!("{} accepted, {} refused", taken(), tally.refused.load(Ordering::Relaxed));
    assert!(fleet.up().all(|proxy| proxy.letters(false).is_empty()), "nothing was given up");
}

/// Without a majority nothing is safe, so nothing is promised.
#[test]
fn one_server_of_three_takes_nothing() {
    let Some(cluster) = Cluster::start() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let fleet = Fleet::start(2, &[flat(&crm), journal_with(&cluster.urls(), &stream(), 3, CLAIM)].concat());
    fleet.promise_a_round(&promises, 10, 1);
    fleet.wait_until_kept(&promises, &crm);
    [0, 1].into_iter().for_each(|server| cluster.kill(server));
    for proxy in fleet.up() {
        assert_turned_away(&proxy.post("/webhooks", flat_text()));
        within(PATIENCE, "it is not ready", || red(proxy));
    }
    cluster.all_again([0, 1]);
    for proxy in fleet.up() {
        within(PATIENCE * 2, "it is ready again", || red(proxy).is_none().then_some(()));
    }
    fleet.promise_a_round(&promises, 10, 2);
    fleet.wait_until_kept(&promises, &crm);
}

/// The list of servers is one to choose from.
#[test]
fn a_proxy_starts_while_one_server_is_gone() {
    let Some(cluster) = Cluster::start() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let config = [flat(&crm), journal_with(&cluster.urls(), &stream(), 3, CLAIM)].concat();
    let mut fleet = Fleet::start(1, &config);
    fleet.promise_a_round(&promises, 10, 1);
    cluster.kill(0);
    cluster.wait_until_led();
    fleet.stop(0);
    fleet.again(0);
    within(PATIENCE * 2, "it is ready", || red(&fleet[0]).is_none().then_some(()));
    fleet.promise_a_round(&promises, 10, 2);
    fleet.wait_until_kept(&promises, &crm);
}
