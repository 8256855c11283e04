//! A stream that somebody deletes and that is made anew while proxies run: its places begin elsewhere, and
//! nothing that was known of the old one may be held against the new.

use super::fleet::Fleet;
use super::{assert_turned_away, flat, journal, journal_with, red, stream};
use crate::support::bodies::flat_text;
use crate::support::broker::Broker;
use crate::support::consumer::{Consumer, Reply};
use crate::support::ledger::{Promises, attempts};
use crate::support::load::promise;
use crate::support::{PATIENCE, eventually, within};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_proxies_that_ran_all_along_deliver_from_the_new_one() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises, stream) = (Consumer::start(), Promises::default(), stream());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream)].concat());
    (1..=3).for_each(|round| fleet.promise_a_round(&promises, 40, round));
    fleet.wait_until_kept(&promises, &crm);
    let deleted = broker.request(&format!("$JS.API.STREAM.DELETE.{stream}"), &json!({}));
    assert_eq!(deleted["success"], true, "{deleted}");
    for proxy in fleet.up() {
        assert_turned_away(&proxy.post("/webhooks", flat_text()));
        let gone = format!("the stream {stream} is gone: restart a proxy");
        eventually("it says what is wrong", || red(proxy).filter(|reason| reason.contains(&gone)));
    }
    // One is enough to make it; the other is not touched.
    fleet.stop(0);
    fleet.again(0);
    for proxy in fleet.up() {
        eventually("it is ready again", || red(proxy).is_none().then_some(()));
    }
    fleet.promise_a_round(&promises, 40, 4);
    fleet.wait_until_kept(&promises, &crm);
    fleet.stop(0);
    fleet.promise_a_round(&promises, 40, 5);
    fleet.wait_until_kept(&promises, &crm);
    assert_eq!(crm.requests().len(), promises.count(), "nothing twice");
}

/// One that was at work does not know yet that it is another stream when webhooks are taken into it.
#[test]
fn what_is_taken_into_the_new_one_is_not_taken_for_the_old() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, lost, stream) =
        (Consumer::replying(Reply::Late(Duration::from_millis(20))), Promises::default(), stream());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream)].concat());
    (1..=10).for_each(|round| fleet.promise_a_round(&lost, 40, round));
    let deleted = broker.request(&format!("$JS.API.STREAM.DELETE.{stream}"), &json!({}));
    assert_eq!(deleted["success"], true, "{deleted}");
    fleet.kill(1);
    fleet.again(1);
    let promises = Promises::default();
    for round in 11..=15 {
        (0..40).for_each(|conversation| promise(&fleet[1], &promises, conversation, round));
    }
    within(PATIENCE * 2, "all is delivered", || promises.missing(&attempts(&crm)).is_empty().then_some(()));
}

/// A power cut takes what the server had not synced yet. Until a proxy hears of that, the places of what was
/// lost, and more, are those of other records.
#[test]
fn what_stands_in_places_that_were_lost_is_delivered() {
    let Some(broker) = Broker::start() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let journal = journal_with(&broker.url(), &stream(), 1, Duration::from_secs(30));
    let fleet = Fleet::start(2, &[flat(&crm), journal].concat());
    fleet.wait_for_shares(&[8.0, 8.0]);
    fleet.promise_a_round(&promises, 40, 1);
    fleet.wait_until_kept(&promises, &crm);
    broker.stop();
    let copy = broker.copy_store();
    broker.again();
    for proxy in fleet.up() {
        within(PATIENCE * 2, "it is ready again", || red(proxy).is_none().then_some(()));
    }
    (2..=4).for_each(|round| fleet.promise_a_round(&promises, 40, round));
    fleet.wait_until_kept(&promises, &crm);
    fleet[1].signal("STOP");
    broker.kill();
    broker.lose_all_since(&copy);
    broker.again();
    within(PATIENCE * 2, "one is ready again", || red(&fleet[0]).is_none().then_some(()));
    for round in 5..=8 {
        (0..40).for_each(|conversation| promise(&fleet[0], &promises, conversation, round));
    }
    fleet[1].signal("CONT");
    fleet.wait_until_kept(&promises, &crm);
}
