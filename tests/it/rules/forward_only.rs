//! `statuses = "forward_only"`: a status behind one that was delivered is left out, also after a restart.

use super::{counted, post, seen};
use crate::support::bodies::{SUPPORT, status};
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::proxy::Proxy;
use serde_json::json;
use std::collections::BTreeSet;

const ADA: &str = "15550102001";
const RULE: &str = "statuses = \"forward_only\"\n[consumer.retry]\nfirst = \"20ms\"\nmax = \"50ms\"\n";

fn say(proxy: &Proxy, id: &str, word: &str) {
    post(proxy, SUPPORT, &json!({"statuses": [status(ADA, id, word)]}));
    proxy.wait_until_drained("crm");
}

fn behind(proxy: &Proxy) -> Option<f64> {
    counted(proxy, "cutover_dropped_total", "crm", "rule", "forward_only")
}

#[test]
fn what_is_behind_is_dropped_and_counted_also_after_a_kill() {
    let (crm, all) = (Consumer::start(), Consumer::start());
    let proxy = Proxy::start(&[crm.section("crm", "onprem", RULE), all.section("all", "onprem", "")].concat());
    say(&proxy, "m1", "sent");
    say(&proxy, "m1", "read");
    say(&proxy, "m1", "delivered");
    say(&proxy, "m2", "delivered");
    assert_eq!(behind(&proxy), Some(1.0));
    assert_eq!(counted(&proxy, "cutover_deliveries_total", "crm", "outcome", "dropped"), Some(1.0));
    let proxy = proxy.stop().start();
    say(&proxy, "m2", "sent");
    assert_eq!(behind(&proxy), Some(1.0));
    let proxy = proxy.kill().start();
    proxy.wait_until_drained("crm");
    // What was dropped right before the kill may be dropped once more.
    let before = behind(&proxy);
    // Known by now: collapsed, neither dropped nor delivered.
    say(&proxy, "m1", "sent");
    assert_eq!(behind(&proxy), before);
    say(&proxy, "m1", "failed");
    say(&proxy, "m1", "played");
    say(&proxy, "m3", "sent");
    proxy.wait_until_drained("all");
    assert_eq!(
        seen(&crm),
        ["m1 sent", "m1 read", "m2 delivered", "m1 failed", "m1 played", "m3 sent"]
            .map(|id| id.replace("played", "read"))
    );
    // Another consumer has rules of its own. A kill may have repeated one of them.
    let all = seen(&all).into_iter().collect::<BTreeSet<_>>();
    assert!(["m1 delivered", "m2 sent"].iter().all(|id| all.contains(*id)), "{all:?}");
    assert_eq!(proxy.letters(false).len(), 0);
}

#[test]
fn within_one_webhook_too() {
    let crm = Consumer::start();
    let proxy = Proxy::start(&crm.section("crm", "onprem", RULE));
    let words = ["read", "sent", "delivered", "failed"];
    post(&proxy, SUPPORT, &json!({"statuses": words.map(|word| status(ADA, "m1", word))}));
    proxy.wait_until_drained("crm");
    assert_eq!(seen(&crm), ["m1 read", "m1 failed"]);
    assert_eq!(behind(&proxy), Some(2.0));
}

/// What was refused was not said: only what is delivered counts.
#[test]
fn only_what_was_delivered_holds_others_back() {
    let crm = Consumer::replying(Reply::status(500));
    let retry =
        "statuses = \"forward_only\"\n[consumer.retry]\nfirst = \"20ms\"\nmax = \"50ms\"\ngive_up_after = \"300ms\"\n";
    let proxy = Proxy::start(&crm.section("crm", "onprem", retry));
    say(&proxy, "m1", "read");
    eventually("it is given up", || (proxy.letters(false).len() == 1).then_some(()));
    crm.reply(Reply::status(200));
    say(&proxy, "m1", "delivered");
    assert_eq!(seen(&crm).last().map(String::as_str), Some("m1 delivered"));
    assert_eq!(behind(&proxy), Some(0.0));
    // What the operator asks for is said, whatever came before it.
    assert_eq!(proxy.order("/api/redeliver", &json!({"all": true})).status, 200);
    proxy.wait_until_drained("crm");
    assert_eq!(seen(&crm).last().map(String::as_str), Some("m1 read"));
}
