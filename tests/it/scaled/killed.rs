//! `kill -9` of a proxy beside others: what it took is delivered by them, in its order.

use super::fleet::Fleet;
use super::{CLAIM, flat, journal, stream};
use crate::recovery::judge::judge;
use crate::support::broker::Broker;
use crate::support::consumer::Consumer;
use crate::support::ledger::{Promises, attempts};
use crate::support::load::Tally;
use crate::support::{PATIENCE, eventually, within};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// So many that every part of the stream has some.
const CONVERSATIONS: usize = 60;
/// How long after its claim has ended a dead proxy's share may still lie there.
const NOTICE: Duration = Duration::from_secs(2);

#[test]
fn every_200_is_kept_while_one_after_another_is_killed() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, tally) = (Consumer::start(), Tally::default());
    let mut fleet = Fleet::start(3, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    let kills = fleet.under_load(&tally, |fleet| {
        let kills = (0..6).map(|kill| {
            // The time of a kill is the one thing that nothing can be waited for. Now and then its share
            // has moved on when it comes back.
            thread::sleep(Duration::from_millis(fastrand::u64(300..1500)));
            let place = kill % fleet.len();
            let killed = fleet.kill(place);
            thread::sleep(if kill % 2 == 0 { Duration::ZERO } else { CLAIM });
            fleet.again(place);
            killed
        });
        kills.collect::<Vec<_>>()
    });
    fleet.wait_until_kept(&tally.promises, &crm);
    let findings = judge(&tally.promises, &crm, &kills);
    println!("{findings:?}, {} answers lost", tally.lost.load(Ordering::Relaxed));
    assert!(tally.accepted.load(Ordering::Relaxed) > 200);
    assert!(fleet.up().all(|proxy| proxy.letters(false).is_empty()), "nothing was given up");
}

#[test]
fn what_it_owned_moves_on_when_its_claim_ends() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    fleet.promise_a_round(&promises, CONVERSATIONS, 1);
    fleet.wait_until_kept(&promises, &crm);
    let killed = fleet.kill(0).done;
    fleet.promise_a_round(&promises, CONVERSATIONS, 2);
    within(PATIENCE, "all is delivered", || promises.missing(&attempts(&crm)).is_empty().then_some(()));
    let last = attempts(&crm).last().expect("attempts").at;
    assert!(last - killed < CLAIM + NOTICE, "it took {:?}", last - killed);
    fleet.wait_until_kept(&promises, &crm);
}

#[test]
fn it_may_come_back_and_takes_its_share() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    fleet.promise_a_round(&promises, CONVERSATIONS, 1);
    fleet.wait_until_kept(&promises, &crm);
    fleet.kill(0);
    fleet.promise_a_round(&promises, CONVERSATIONS, 2);
    fleet.wait_until_kept(&promises, &crm);
    fleet.again(0);
    let mut round = 3;
    eventually("both deliver", || {
        fleet.promise_a_round(&promises, CONVERSATIONS, round);
        round += 1;
        fleet.delivered().iter().all(|delivered| *delivered > 0.0).then_some(())
    });
    fleet.wait_until_kept(&promises, &crm);
}

#[test]
fn when_all_are_killed_the_first_that_is_back_delivers_everything() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let mut fleet = Fleet::start(3, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    (1..=3).for_each(|round| fleet.promise_a_round(&promises, 20, round));
    fleet.kill_all();
    crm.arrive();
    let begun = Instant::now();
    fleet.again(1);
    fleet.wait_until_kept(&promises, &crm);
    println!("it took {:?}", begun.elapsed());
    assert_eq!(crm.requests().len(), promises.count(), "nothing had been delivered, so nothing comes twice");
}
