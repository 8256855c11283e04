//! What an operator does with letters, at whichever proxy is asked: each speaks for all.

use super::fleet::Fleet;
use super::{journal, stream};
use crate::support::bodies::{SALES, SUPPORT, cloud, cloud_text};
use crate::support::broker::Broker;
use crate::support::command::{Outcome, run};
use crate::support::consumer::{Consumer, Reply};
use crate::support::ledger::{Promises, attempts};
use crate::support::load::{message, user};
use crate::support::proxy::Proxy;
use crate::support::{PATIENCE, eventually, within};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// So many that each proxy has some.
const CONVERSATIONS: usize = 24;

/// The command with the address of a proxy.
fn at(proxy: &Proxy, arguments: &[&str]) -> Outcome {
    let admin = format!("http://{}/", proxy.admin);
    run(&[arguments, &["--admin", &admin]].concat())
}

fn ids(outcome: Outcome) -> BTreeSet<String> {
    let output = outcome.clean();
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    output.lines().map(id).collect()
}

/// The ids of all dead letters, or of all that wait, once a proxy knows of so many.
fn listed(proxy: &Proxy, more: &[&str], count: usize) -> BTreeSet<String> {
    let arguments = [&["dead-letters", "list", "--json"], more].concat();
    eventually("so many letters", || Some(ids(at(proxy, &arguments))).filter(|ids| ids.len() == count))
}

/// A consumer that has refused everything once and is left alone for an hour.
fn refused(broker: &Broker) -> (Consumer, Fleet) {
    let crm = Consumer::replying(Reply::status(500));
    let retry = "[consumer.retry]\nfirst = \"1h\"\nmax = \"1h\"\n";
    let config = [crm.section("crm", "onprem", retry), journal(&broker.url(), &stream())].concat();
    (crm, Fleet::start(2, &config))
}

#[test]
fn what_waits_is_listed_shown_and_buried_at_any_proxy() {
    let Some(broker) = Broker::shared() else { return };
    let (_crm, fleet) = refused(broker);
    fleet.promise_a_round(&Promises::default(), CONVERSATIONS, 1);
    let all = listed(&fleet[0], &["--waiting"], CONVERSATIONS);
    assert_eq!(listed(&fleet[1], &["--waiting"], CONVERSATIONS), all);
    for (place, id) in all.iter().enumerate() {
        let (one, other) = (&fleet[place % 2], &fleet[(place + 1) % 2]);
        // Not while an attempt is under way.
        eventually("it is buried", || (at(one, &["dead-letters", "bury", id]).code == Some(0)).then_some(()));
        let shown = eventually("the other shows it", || {
            let shown = at(other, &["dead-letters", "show", id]);
            let shown: Value = serde_json::from_str(&shown.stdout).ok()?;
            (shown["reason"] == "by_hand").then_some(shown)
        });
        assert_eq!(shown["consumer"], "crm");
        assert!(shown["body"].as_str().expect("a body").contains("wamid."), "{shown}");
    }
    assert_eq!(listed(&fleet[0], &[], CONVERSATIONS), all);
    assert_eq!(listed(&fleet[1], &[], CONVERSATIONS), all);
    listed(&fleet[0], &["--waiting"], 0);
}

#[test]
fn dead_letters_are_put_back_and_dropped_at_any_proxy() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, fleet) = refused(broker);
    fleet.promise_a_round(&Promises::default(), CONVERSATIONS, 1);
    let all = listed(&fleet[0], &["--waiting"], CONVERSATIONS);
    for id in &all {
        eventually("it is buried", || (at(&fleet[0], &["dead-letters", "bury", id]).code == Some(0)).then_some(()));
    }
    listed(&fleet[1], &[], CONVERSATIONS);
    let tried = attempts(&crm);
    crm.reply(Reply::status(200));
    let all: Vec<&String> = all.iter().collect();
    let (dropped, put_back) = all.split_at(CONVERSATIONS / 3);
    for (place, id) in dropped.iter().enumerate() {
        let outcome = at(&fleet[place % 2], &["dead-letters", "drop", id]);
        assert_eq!(outcome.clean(), format!("{id} dropped\n"));
    }
    let (single, rest) = put_back.split_at(4);
    for (place, id) in single.iter().enumerate() {
        assert_eq!(at(&fleet[place % 2], &["dead-letters", "redeliver", id]).clean(), "1 put back\n");
    }
    let outcome = at(&fleet[1], &["dead-letters", "redeliver", "--all"]);
    assert_eq!(outcome.clean(), format!("{} put back\n", rest.len()));
    fleet.up().for_each(|proxy| drop(listed(proxy, &[], 0)));
    // A consumer that was down is asked again within half a minute.
    let again = within(PATIENCE * 3, "they are delivered", || {
        let again = attempts(&crm).split_off(tried.len());
        (again.len() >= put_back.len()).then_some(again)
    });
    assert_eq!(again.len(), put_back.len());
    for attempt in again {
        assert_eq!(attempt.number, 1);
        // Not all were tried: after some refusals the consumer was left alone.
        let before = tried.iter().find(|before| before.events == attempt.events);
        assert!(before.is_none_or(|before| before.delivery == attempt.delivery), "{attempt:?}");
    }
    let gone = at(&fleet[0], &["dead-letters", "show", dropped[0]]);
    assert_eq!((gone.code, gone.stdout.as_str()), (Some(1), ""));
    assert!(gone.stderr.contains(dropped[0].as_str()), "{}", gone.stderr);
}

#[test]
fn what_was_delivered_can_be_sent_again_from_any_proxy() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let config = [crm.section("crm", "onprem", ""), journal(&broker.url(), &stream())].concat();
    let fleet = Fleet::start(2, &config);
    (1..=2).for_each(|round| fleet.promise_a_round(&promises, CONVERSATIONS, round));
    fleet.wait_until_kept(&promises, &crm);
    let count = promises.count();
    let before = crm.wait_for(count);
    let outcome = at(&fleet[1], &["redeliver", "--consumer", "crm", "--since", "1h"]);
    assert_eq!(outcome.clean(), format!("{count} put back\n"));
    let all = crm.wait_for(2 * count);
    let deliveries = |requests: &[crate::support::consumer::Recorded]| -> BTreeSet<String> {
        requests.iter().map(|request| request.header("X-Cutover-Delivery").to_owned()).collect()
    };
    assert_eq!(deliveries(&before), deliveries(&all[count..]));
    for conversation in 0..CONVERSATIONS {
        let again = attempts(&crm).split_off(count).into_iter().flat_map(|attempt| attempt.events);
        let again: Vec<String> =
            again.filter(|event| event.conversation == user(conversation)).map(|event| event.id).collect();
        assert_eq!(again, [format!("wamid.{conversation}.1"), format!("wamid.{conversation}.2")], "in their order");
    }
    let none = at(&fleet[0], &["redeliver", "--consumer", "nobody", "--since", "1h"]);
    assert_eq!(none.code, Some(1));
    assert!(none.stderr.contains("no consumer is called \"nobody\""), "{}", none.stderr);
}

/// Given up by the proxy that had it, not by somebody's hand.
#[test]
fn what_is_given_up_is_a_dead_letter_at_all_of_them_and_outlives_them() {
    let Some(broker) = Broker::shared() else { return };
    let crm = Consumer::replying(Reply::status(500));
    let retry = "[consumer.retry]\nfirst = \"20ms\"\nmax = \"50ms\"\ngive_up_after = \"500ms\"\n";
    let config = [crm.section("crm", "onprem", retry), journal(&broker.url(), &stream())].concat();
    let mut fleet = Fleet::start(2, &config);
    fleet.promise_a_round(&Promises::default(), CONVERSATIONS, 1);
    let all = listed(&fleet[0], &[], CONVERSATIONS);
    assert_eq!(listed(&fleet[1], &[], CONVERSATIONS), all);
    assert!(fleet[1].letters(false).iter().all(|letter| letter["reason"] == "gave_up"));
    fleet.kill_all();
    fleet.again(1);
    assert_eq!(listed(&fleet[1], &[], CONVERSATIONS), all);
}

#[test]
fn a_webhook_of_an_unknown_number_is_a_dead_letter_at_all_of_them() {
    let Some(broker) = Broker::shared() else { return };
    let crm = Consumer::start();
    let numbers = SALES.section("sales", "\"crm\"");
    let config = [crm.section("crm", "onprem", ""), numbers, journal(&broker.url(), &stream())].concat();
    let fleet = Fleet::start(2, &config);
    assert_eq!(fleet[0].post("/webhooks", cloud_text(SUPPORT)).status, 200);
    fleet.up().for_each(|proxy| drop(listed(proxy, &[], 1)));
    let letters = fleet[1].letters(false);
    assert_eq!(letters[0]["reason"], "unknown_number");
    let count = || fleet.metrics("cutover_dead_letters{consumer=\"unrouted\"}");
    eventually("both count it", || (count() == [1.0, 1.0]).then_some(()));
    let id = letters[0]["id"].as_str().expect("an id");
    assert_eq!(at(&fleet[0], &["dead-letters", "drop", id]).clean(), format!("{id} dropped\n"));
    eventually("and that it is gone", || (count() == [0.0, 0.0]).then_some(()));
    let known = json!({"messages": [message(0, 1)]});
    assert_eq!(fleet[1].post("/webhooks", cloud(SALES, &known)).status, 200);
    crm.wait_for(1);
}

/// The command finds no server at its own address, and others at the journal.
#[test]
fn the_journal_alone_says_that_others_deliver() {
    let Some(broker) = Broker::shared() else { return };
    let (_crm, fleet) = refused(broker);
    fleet.promise_a_round(&Promises::default(), CONVERSATIONS, 1);
    listed(&fleet[0], &["--waiting"], CONVERSATIONS);
    let said = eventually("some are parked", || {
        let said: Value = serde_json::from_str(&fleet[0].home().command(&["status", "--json"]).stdout).ok()?;
        let count = |what: &str| said["consumers"][0][what].as_u64().expect("a count");
        (count("parked") > 0 && count("parked") + count("ready") == CONVERSATIONS as u64).then_some(said)
    });
    assert_eq!(
        (&said["readiness"]["status"], &said["consumers"][0]["health"]),
        (&json!("elsewhere"), &json!("elsewhere"))
    );
    assert!(said["readiness"]["reason"].as_str().is_some_and(|reason| reason.starts_with("2 ")), "{said}");
}
