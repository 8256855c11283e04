//! `kill -9` of a proxy beside others: what it took is delivered by them, in its order.

use super::fleet::Fleet;
use super::{CLAIM, flat, journal, stream};
use crate::recovery::judge::judge;
use crate::support::bodies::{SUPPORT, cloud};
use crate::support::broker::Broker;
use crate::support::consumer::Consumer;
use crate::support::http::Request;
use crate::support::ledger::{Promises, attempts};
use crate::support::load::{Tally, message};
use crate::support::{PATIENCE, eventually, within};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// So many that every part of the stream has some.
const CONVERSATIONS: usize = 60;
/// How long after its claim has ended a dead proxy's share may still lie there.
const NOTICE: Duration = Duration::from_secs(2);
/// So long the others wait for its word on what it took.
const TOLD: Duration = Duration::from_secs(4);

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

/// Whoever took it was killed before it could say so to the others. Its window is over when the platform
/// comes again.
#[test]
fn what_it_took_and_did_not_answer_is_known_to_the_others() {
    let Some(broker) = Broker::shared() else { return };
    let crm = Consumer::start();
    let journal = journal(&broker.url(), &stream()).replace("duplicate_window = \"2m\"", "duplicate_window = \"1s\"");
    let mut fleet = Fleet::start(2, &[flat(&crm), journal].concat());
    let requests: Vec<Request> = (0..60)
        .map(|conversation| {
            Request::post("/webhooks", cloud(SUPPORT, &json!({"messages": [message(conversation, 1)]})))
        })
        .collect();
    let (address, answered) = (fleet[0].webhooks, AtomicUsize::new(0));
    thread::scope(|scope| {
        for request in &requests {
            let answered = &answered;
            scope.spawn(move || {
                let is_taken = request.try_send(address).is_ok_and(|answer| answer.status == 200);
                answered.fetch_add(usize::from(is_taken), Ordering::Relaxed);
            });
        }
        within(PATIENCE, "some are taken", || (!crm.requests().is_empty()).then_some(()));
        fleet.kill(0);
    });
    let taken = || crm.requests().len();
    // What is in the stream is the other's to deliver; what is not will be when it comes again.
    fleet.wait_for_shares(&[16.0]);
    fleet[1].wait_until_drained("crm");
    thread::sleep(TOLD);
    let (before, answered) = (taken(), answered.load(Ordering::Relaxed));
    println!("{answered} answered, {before} delivered");
    for request in &requests {
        assert_eq!(fleet[1].send(request).status, 200);
    }
    within(PATIENCE, "all are delivered", || (taken() >= requests.len()).then_some(()));
    fleet[1].wait_until_drained("crm");
    // A kill excuses what was taken and not written off; nothing of that is more than the others.
    let ids: BTreeSet<String> =
        crm.requests().iter().map(|request| request.header("x-cutover-delivery").to_owned()).collect();
    assert_eq!(ids.len(), requests.len(), "nothing was taken for new that had been accepted");
}
