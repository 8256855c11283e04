//! The servers' own store is full, or takes only small messages: what was promised is delivered all the
//! same, and makes room.

use super::fleet::Fleet;
use super::{CLAIM, assert_turned_away, flat, journal, red, stream};
use crate::support::bodies::{SUPPORT, cloud, flat_text, text};
use crate::support::broker::Broker;
use crate::support::consumer::{Consumer, Reply};
use crate::support::http::Request;
use crate::support::ledger::Promises;
use crate::support::load::{message, user};
use crate::support::{PATIENCE, eventually, within};
use serde_json::json;
use std::thread;
use std::time::Instant;

const STORE: &str = "jetstream { max_file_store: 24MB }";
const BODY_BYTES: usize = 100_000;

#[test]
fn a_full_store_is_drained_and_takes_webhooks_again() {
    let Some(broker) = Broker::start_with(STORE) else { return };
    let (crm, promises) = (Consumer::replying(Reply::status(500)), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    for proxy in fleet.up() {
        let turned_away = eventually("it is full", || {
            let number = promises.count();
            let (from, id) = (user(number % 40), format!("wamid.{}.{number}", number % 40));
            let members = json!({"messages": [text(&from, &id, &"x".repeat(BODY_BYTES))]});
            let answer = proxy.post("/webhooks", cloud(SUPPORT, &members));
            (!promises.note(&members, &answer)).then_some(answer)
        });
        assert_turned_away(&turned_away);
    }
    assert!(promises.count() > 100, "{} fill it", promises.count());
    for proxy in fleet.up() {
        let is_said = |reason: &String| reason.contains("the store of the NATS servers is full");
        eventually("it says so", || red(proxy).filter(is_said));
    }
    // For longer than claims hold: nobody loses them, and nobody says that it is over.
    let begun = Instant::now();
    while begun.elapsed() < CLAIM * 3 {
        assert!(fleet.up().all(|proxy| red(proxy).is_some()), "nothing has been drained");
        thread::sleep(CLAIM / 40);
    }
    fleet.wait_for_shares(&[8.0, 8.0]);

    // Nor does it help, or harm, to start all of them again.
    fleet.kill_all();
    fleet.all_again();
    crm.reply(Reply::status(200));
    fleet.wait_until_kept(&promises, &crm);
    for proxy in fleet.up() {
        within(PATIENCE, "it is ready again", || red(proxy).is_none().then_some(()));
    }
    fleet.promise_a_round(&promises, 40, 1_000);
    fleet.wait_until_kept(&promises, &crm);
}

/// What was delivered is retained until somebody needs the room.
#[test]
fn what_was_delivered_costs_no_webhook_its_place() {
    let Some(broker) = Broker::start_with(STORE) else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    let accepted = || promises.count() * BODY_BYTES;
    let begun = Instant::now();
    while accepted() < 50_000_000 {
        assert!(begun.elapsed() < PATIENCE * 4, "{} bytes were taken", accepted());
        let number = promises.count();
        let (from, id) = (user(number % 40), format!("wamid.{}.{number}", number % 40));
        let members = json!({"messages": [text(&from, &id, &"x".repeat(BODY_BYTES))]});
        // One or the other may have to wait for the room.
        promises.note(&members, &fleet.any().post("/webhooks", cloud(SUPPORT, &members)));
    }
    fleet.wait_until_kept(&promises, &crm);
}

/// Endings that share a message, of which one alone is large.
#[test]
fn what_goes_along_with_a_body_holds_up_no_ending() {
    let Some(broker) = Broker::start_with("max_payload: 1MB") else { return };
    let crm = Consumer::start();
    let mut fleet = Fleet::start(1, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    let header = "x".repeat(30_000);
    let posted = 60;
    for number in 0..posted {
        let body = json!({"messages": [message(number, 1)]}).to_string();
        let request = Request::post("/webhooks/onprem", body).header("X-Turn-Claim", &header);
        assert_eq!(fleet[0].send(&request).status, 200);
    }
    crm.wait_for(posted);
    fleet.stop(0);
    fleet.again(0);
    assert_eq!(fleet[0].post("/webhooks", flat_text()).status, 200);
    crm.wait_for(posted + 1);
    fleet[0].wait_until_drained("crm");
    assert_eq!(crm.requests().len(), posted + 1, "nothing twice: all endings were written");
}
