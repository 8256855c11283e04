//! SIGTERM of a proxy beside others: it hands its share over itself, and nobody waits for its claim.

use super::fleet::Fleet;
use super::{flat, journal_with, stream};
use crate::recovery::judge::judge;
use crate::support::bodies::SUPPORT;
use crate::support::broker::Broker;
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::ledger::{Promises, attempts};
use crate::support::load::Tally;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Longer than any of these tests.
const CLAIM: Duration = Duration::from_secs(120);

#[test]
fn its_share_moves_on_at_once() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal_with(&broker.url(), &stream(), 1, CLAIM)].concat());
    fleet.promise_a_round(&promises, 60, 1);
    fleet.wait_until_kept(&promises, &crm);
    fleet.stop(0);
    let stopped = Instant::now();
    fleet.promise_a_round(&promises, 60, 2);
    eventually("all is delivered", || promises.missing(&attempts(&crm)).is_empty().then_some(()));
    assert!(stopped.elapsed() < Duration::from_secs(5), "it took {:?}", stopped.elapsed());
    fleet.wait_until_kept(&promises, &crm);
    assert_eq!(crm.requests().len(), promises.count(), "nothing twice");
}

/// What was under way is finished where it was begun.
#[test]
fn what_it_is_at_is_finished_before_its_share_moves_on() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::replying(Reply::Late(Duration::from_millis(400))), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal_with(&broker.url(), &stream(), 1, CLAIM)].concat());
    (1..=3).for_each(|round| fleet.promise_a_round(&promises, 20, round));
    fleet.stop(0);
    fleet.wait_until_kept(&promises, &crm);
    judge(&promises, &crm, &[]);
    assert_eq!(crm.requests().len(), promises.count(), "nothing twice");
}

#[test]
fn all_can_be_started_again_one_by_one_under_load() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, tally) = (Consumer::replying(Reply::Late(Duration::from_millis(10))), Tally::default());
    let mut fleet = Fleet::start(3, &[flat(&crm), journal_with(&broker.url(), &stream(), 1, CLAIM)].concat());
    fleet.under_load(&tally, |fleet| {
        for place in 0..fleet.len() {
            let goal = tally.accepted.load(Ordering::Relaxed) + 60;
            eventually("webhooks", || (tally.accepted.load(Ordering::Relaxed) >= goal).then_some(()));
            fleet.stop(place);
            fleet.again(place);
        }
    });
    fleet.wait_until_kept(&tally.promises, &crm);
    // No kill excuses a repetition.
    println!("{:?}", judge(&tally.promises, &crm, &[]));
}

/// The last that goes leaves nothing to anybody; the first that comes need not wait either.
#[test]
fn after_all_were_stopped_one_alone_goes_on_at_once() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal_with(&broker.url(), &stream(), 1, CLAIM)].concat());
    fleet.promise_a_round(&promises, 20, 1);
    fleet.stop_all();
    crm.arrive();
    fleet.again(0);
    fleet.wait_until_kept(&promises, &crm);
    assert_eq!(crm.requests().len(), promises.count());
}

/// It is about to end: what another leaves is for those that stay.
#[test]
fn it_takes_up_nothing_while_it_ends() {
    let Some(broker) = Broker::shared() else { return };
    let crm = Consumer::replying(Reply::Late(Duration::from_secs(6)));
    let consumer = crm.section("crm", "onprem", "timeout = \"20s\"\n");
    let journal = journal_with(&broker.url(), &stream(), 1, Duration::from_secs(1));
    let mut fleet = Fleet::start(2, &[consumer, SUPPORT.section("support", "\"crm\""), journal].concat());
    fleet.wait_for_shares(&[8.0, 8.0]);
    fleet.promise_a_round(&Promises::default(), 40, 1);
    crm.wait_for(40);
    fleet[0].signal("TERM");
    eventually("it ends", || fleet[0].log().contains("draining").then_some(()));
    fleet.kill(1);
    let begun = Instant::now();
    // The claims of the other are over after a second, and what it is at takes six.
    while begun.elapsed() < Duration::from_secs(4) {
        let held = fleet[0].metric("cutover_partitions_held").expect("it is at work");
        assert!(held <= 8.0, "it holds {held}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
