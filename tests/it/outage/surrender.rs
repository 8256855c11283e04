//! `give_up_after`: what is refused for too long is a dead letter, its conversation goes on, and it can
//! be delivered once more.

use super::{commit, ids, refusing};
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::ledger::Promises;
use crate::support::load::promise;
use crate::support::proxy::Proxy;
use serde_json::json;

const RETRY: &str = "[consumer.retry]\nfirst = \"20ms\"\nmax = \"50ms\"\ngive_up_after = \"500ms\"\n";

#[test]
fn what_is_given_up_is_a_dead_letter_and_its_conversation_goes_on() {
    let (crm, promises) = (Consumer::replying(refusing(|request| ids(request) == ["wamid.0.1"])), Promises::default());
    let proxy = Proxy::start(&crm.section("crm", "onprem", RETRY));
    (1..=3).for_each(|number| promise(&proxy, &promises, 0, number));
    proxy.wait_until_drained("crm");
    let letters = proxy.letters(false);
    assert_eq!(letters.len(), 1, "{letters:?}");
    let letter = &letters[0];
    assert_eq!((&letter["reason"], &letter["consumer"]), (&json!("gave_up"), &json!("crm")));
    assert_eq!(letter["verdict"], "refused 500");
    let refused = crm.requests().iter().filter(|request| ids(request) == ["wamid.0.1"]).count();
    assert!(refused > 2 && letter["attempts"] == refused, "{letter}");
    let counted = |sample: &str| proxy.metric(sample);
    assert_eq!(counted("cutover_dead_lettered_total{consumer=\"crm\",reason=\"gave_up\"}"), Some(1.0));
    assert_eq!(counted("cutover_dead_letters{consumer=\"crm\"}"), Some(1.0));
    let taken: Vec<String> = crm.requests().iter().skip(refused).flat_map(ids).collect();
    assert_eq!(taken, ["wamid.0.2", "wamid.0.3"]);

    // A dead letter outlives its process.
    commit(&proxy);
    let proxy = proxy.kill().start();
    crm.reply(Reply::status(200));
    proxy.wait_until_drained("crm");
    let answer = proxy.order("/api/redeliver", &json!({"all": true}));
    assert_eq!((answer.status, answer.text().contains("\"redelivered\":1")), (200, true), "{}", answer.text());
    proxy.wait_until_drained("crm");
    let requests = crm.requests();
    let (first, last) = (&requests[0], requests.last().expect("requests"));
    assert_eq!(ids(last), ["wamid.0.1"]);
    assert_eq!(first.header("X-Cutover-Delivery"), last.header("X-Cutover-Delivery"));
    assert_eq!(proxy.letters(false).len(), 0);
}

/// A whole consumer that is away for too long; nothing is given up that was not tried.
#[test]
fn a_consumer_that_stays_away_leaves_dead_letters() {
    let (crm, promises) = (Consumer::replying(Reply::status(503)), Promises::default());
    let proxy = Proxy::start(&crm.section("crm", "onprem", RETRY));
    (0..10).for_each(|conversation| promise(&proxy, &promises, conversation, 1));
    proxy.wait_until_drained("crm");
    let letters = proxy.letters(false);
    assert_eq!(letters.len(), 10);
    assert!(letters.iter().all(|letter| letter["attempts"].as_u64() > Some(0)), "{letters:?}");
    crm.reply(Reply::status(200));
    promise(&proxy, &promises, 0, 2);
    proxy.wait_until_drained("crm");
    assert_eq!(proxy.letters(false).len(), 10);
}

/// The operator need not wait for that.
#[test]
fn a_record_buried_by_hand_lets_its_conversation_go_on() {
    let (crm, promises) = (Consumer::replying(refusing(|request| ids(request) == ["wamid.0.1"])), Promises::default());
    let proxy = Proxy::start(&crm.section("crm", "onprem", super::RETRY));
    (1..=2).for_each(|number| promise(&proxy, &promises, 0, number));
    let waiting = eventually("both wait", || Some(proxy.letters(true)).filter(|letters| letters.len() == 2));
    let id = waiting[0]["id"].as_str().expect("an id").to_owned();
    // Not while an attempt is under way.
    eventually("it is buried", || {
        let answer = proxy.order(&format!("/api/dead-letters/{id}/bury"), &json!({}));
        (answer.status == 200).then_some(())
    });
    proxy.wait_until_drained("crm");
    let letters = proxy.letters(false);
    assert_eq!((letters.len(), &letters[0]["reason"]), (1, &json!("by_hand")));
    assert_eq!(ids(crm.requests().last().expect("requests")), ["wamid.0.2"]);
}
