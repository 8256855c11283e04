//! A stream that somebody deletes and that is made anew while proxies run: its places begin at one again,
//! and nothing that was known of the old one may be held against the new.

use super::fleet::Fleet;
use super::{assert_turned_away, flat, journal, red, stream};
use crate::support::bodies::flat_text;
use crate::support::broker::Broker;
use crate::support::consumer::Consumer;
use crate::support::eventually;
use crate::support::ledger::Promises;
use serde_json::json;

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
