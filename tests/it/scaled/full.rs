//! A stream that is full: no webhook is promised until it is drained, and then all goes on by itself.

use super::fleet::Fleet;
use super::{assert_turned_away, flat, journal, red, stream};
use crate::support::bodies::{SUPPORT, cloud};
use crate::support::broker::Broker;
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::ledger::Promises;
use crate::support::load::message;
use crate::support::proxy::Proxy;
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

/// Some hundred webhooks.
const MOST: &str = "max_bytes = 262144\n";

#[test]
fn what_is_promised_is_delivered_and_more_is_taken_once_it_is_drained() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::replying(Reply::status(500)), Promises::default());
    let fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream()), MOST.to_owned()].concat());
    let post = |proxy: &Proxy| {
        let members = json!({"messages": [message(promises.count() % 50, promises.count() + 1)]});
        let answer = proxy.post("/webhooks", cloud(SUPPORT, &members));
        (!promises.note(&members, &answer)).then_some(answer)
    };
    for proxy in fleet.up() {
        assert_turned_away(&eventually("it is full", || post(proxy)));
        let reason = eventually("it is not ready", || red(proxy));
        assert!(reason.contains("is full") && reason.contains("max_bytes"), "{reason}");
    }
    assert!(promises.count() > 100, "{} fill it", promises.count());
    // What looks after the journal sees it twice a second, and must not say that it is over.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(2) {
        assert!(fleet.up().all(|proxy| red(proxy).is_some()), "nothing has been drained");
        thread::sleep(Duration::from_millis(50));
    }
    crm.reply(Reply::status(200));
    fleet.wait_until_kept(&promises, &crm);
    for proxy in fleet.up() {
        eventually("it is ready again", || red(proxy).is_none().then_some(()));
    }
    fleet.promise_a_round(&promises, 50, 1_000);
    fleet.wait_until_kept(&promises, &crm);
}
