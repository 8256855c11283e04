//! How consumers do: taking, failing, down, back, gone; and what they are owed.

use super::{consumer, consumer_once, named, status};
use crate::support::bodies::text;
use crate::support::consumer::{Consumer, Reply};
use crate::support::proxy::Proxy;
use serde_json::{Value, json};

/// Tried again soon.
const SOON: &str = "[consumer.retry]\nfirst = \"10ms\"\nmax = \"50ms\"\n";
/// Tried again when the test is long over.
const LATER: &str = "[consumer.retry]\nfirst = \"1h\"\nmax = \"1h\"\n";

/// A message of one of many users.
fn post(proxy: &Proxy, user: u32) {
    let from = format!("1555010{user:04}");
    let body = json!({"messages": [text(&from, &format!("id-{user}"), "hi")]}).to_string();
    assert_eq!(proxy.post("/webhooks/onprem", body).status, 200);
}

fn is_up(proxy: &Proxy) -> Option<f64> {
    proxy.metric("cutover_consumer_up{consumer=\"crm\"}")
}

/// Takes it down: five users, all refused.
fn bring_down(proxy: &Proxy, crm: &Consumer) -> Value {
    crm.reply(Reply::status(503));
    (0..5).for_each(|user| post(proxy, user));
    consumer_once(proxy, "crm", "it is down", |crm| crm["health"] == "down")
}

#[test]
fn idle_then_up_then_failing_then_up() {
    let crm = Consumer::start();
    let proxy = Proxy::start(&crm.section("crm", "onprem", LATER));
    let idle = consumer(&proxy, "crm");
    assert_eq!((&idle["health"], &idle["format"]), (&json!("idle"), &json!("onprem")));
    for member in ["since_ms", "last_taken_ms", "last_error", "success_rate"] {
        assert_eq!(idle[member], Value::Null, "{member}");
    }
    assert_eq!(is_up(&proxy), Some(1.0));

    post(&proxy, 1);
    let up = consumer_once(&proxy, "crm", "it took one", |crm| crm["taken"] == 1);
    assert_eq!((&up["health"], &up["failed"], &up["success_rate"]), (&json!("up"), &json!(0), &json!(1.0)));
    assert!(up["since_ms"].as_u64().is_some() && up["since_ms"] == up["last_taken_ms"]);

    crm.reply_next([Reply::status(418)]);
    post(&proxy, 2);
    let failing = consumer_once(&proxy, "crm", "one waits", |crm| crm["parked"] == 1);
    assert_eq!((&failing["health"], &failing["last_taken_ms"]), (&json!("failing"), &up["last_taken_ms"]));
    assert_eq!((&failing["last_error"]["verdict"], &failing["last_error"]["status"]), (&json!("refused"), &json!(418)));
    assert_eq!((&failing["taken"], &failing["failed"]), (&json!(1), &json!(1)));
    assert_eq!((&failing["success_rate"], &failing["since_ms"]), (&json!(0.5), &failing["last_error"]["at_ms"]));
    assert_eq!((&failing["ready"], &failing["in_flight"], &failing["dead"]), (&json!(0), &json!(0), &json!(0)));
    assert!(consumer_once(&proxy, "crm", "it ages", |crm| crm["oldest_seconds"].as_f64() > Some(0.0)).is_object());
    assert_eq!(is_up(&proxy), Some(1.0), "one refusal is no reason to ring");

    post(&proxy, 3);
    let again = consumer_once(&proxy, "crm", "it took another", |crm| crm["taken"] == 2);
    assert_eq!((&again["health"], &again["last_error"]), (&json!("up"), &failing["last_error"]));
}

#[test]
fn one_that_hangs_is_named_so() {
    let crm = Consumer::replying(Reply::Hold);
    let proxy = Proxy::start(&crm.section("crm", "onprem", &format!("timeout = \"50ms\"\n{LATER}")));
    post(&proxy, 1);
    let failing = consumer_once(&proxy, "crm", "it fails", |crm| crm["health"] == "failing");
    assert_eq!(failing["last_error"]["verdict"], "timed_out");
    assert_eq!(failing["last_error"]["status"], Value::Null);
}

#[test]
fn down_and_back() {
    let crm = Consumer::start();
    let proxy = Proxy::start(&crm.section("crm", "onprem", SOON));
    let down = bring_down(&proxy, &crm);
    assert_eq!(
        (&down["taken"], &down["success_rate"], &down["last_error"]["status"]),
        (&json!(0), &json!(0.0), &json!(503))
    );
    assert_eq!(is_up(&proxy), Some(0.0));
    let owed =
        |crm: &Value| ["ready", "in_flight", "parked"].iter().map(|state| crm[*state].as_u64().unwrap()).sum::<u64>();
    assert_eq!(owed(&down), 5);
    crm.reply(Reply::status(200));
    let back = consumer_once(&proxy, "crm", "it took all", |crm| owed(crm) == 0);
    assert_eq!((&back["health"], &back["oldest_seconds"]), (&json!("up"), &json!(0.0)));
    assert!(back["since_ms"].as_u64() > down["since_ms"].as_u64());
    assert_eq!(is_up(&proxy), Some(1.0));
}

#[test]
fn one_that_is_owed_something_and_not_configured_is_gone() {
    let (crm, other) = (Consumer::absent(), Consumer::start());
    let (old, new) = (crm.section("crm", "onprem", LATER), other.section("other", "onprem", ""));
    let proxy = Proxy::start(&[old.clone(), new.clone()].concat());
    post(&proxy, 1);
    consumer_once(&proxy, "crm", "it was tried", |crm| crm["last_error"]["verdict"] == "unreachable");
    proxy.reload(&new);
    let gone = consumer_once(&proxy, "crm", "it waits", |crm| crm["parked"] == 1);
    assert_eq!((&gone["health"], &gone["format"]), (&json!("gone"), &json!("-")));
    assert!(named(&status(&proxy), "consumers", "other").is_some_and(|other| other["health"] == "up"));
    proxy.reload(&[old, new].concat());
    assert_eq!(consumer(&proxy, "crm")["format"], "onprem");
}

/// Whoever is configured anew is asked anew: what was found out about it before holds no more.
#[test]
fn one_that_was_down_is_failing_after_a_reload_and_up_when_it_takes_something() {
    for gone_in_between in [false, true] {
        let (crm, other) = (Consumer::start(), Consumer::start());
        let without = other.section("other", "onprem", "");
        let with = [crm.section("crm", "onprem", LATER), without.clone()].concat();
        let proxy = Proxy::start(&with);
        bring_down(&proxy, &crm);
        if gone_in_between {
            proxy.reload(&without);
        }
        proxy.reload(&with);
        let asked_anew = consumer_once(&proxy, "crm", "it is not down", |crm| crm["health"] != "down");
        assert_eq!((&asked_anew["health"], is_up(&proxy)), (&json!("failing"), Some(1.0)));
        crm.reply(Reply::status(200));
        post(&proxy, 100);
        let up = consumer_once(&proxy, "crm", "it took one", |crm| crm["taken"] == 1);
        assert_eq!(up["health"], "up");
    }
}

/// What is not configured is not asked, and rings nobody.
#[test]
fn one_that_was_down_and_is_gone_is_not_said_to_be_down() {
    let (crm, other) = (Consumer::start(), Consumer::start());
    let without = other.section("other", "onprem", "");
    let proxy = Proxy::start(&[crm.section("crm", "onprem", LATER), without.clone()].concat());
    bring_down(&proxy, &crm);
    proxy.reload(&without);
    consumer_once(&proxy, "crm", "it is gone", |crm| crm["health"] == "gone");
    crate::support::eventually("the gauge says so", || (is_up(&proxy) == Some(1.0)).then_some(()));
}

/// A configuration that is refused changes nothing of what is seen.
#[test]
fn one_that_is_down_stays_down_when_a_reload_is_refused() {
    let crm = Consumer::start();
    let config = crm.section("crm", "onprem", LATER);
    let proxy = Proxy::start(&config);
    let down = bring_down(&proxy, &crm);
    let bad = Consumer::start().section("bad", "onprem", "tls_ca = \"no-such-file.pem\"");
    let log = proxy.reload(&[crm.section("crm", "cloud", ""), bad].concat());
    assert!(log.contains("not reloaded"), "{log}");
    let still = consumer(&proxy, "crm");
    assert_eq!((&still["health"], &still["format"], is_up(&proxy)), (&down["health"], &json!("onprem"), Some(0.0)));
}

#[test]
fn dead_letters_are_counted_with_those_of_nobody() {
    let crm = Consumer::replying(Reply::status(500));
    let config = format!(
        "{}{}",
        crm.section("crm", "onprem", LATER),
        crate::support::bodies::SUPPORT.section("support", "\"crm\"")
    );
    let proxy = Proxy::start(&config);
    super::by_cloud(&proxy, crate::support::bodies::SALES, &super::said("lost", 1_764_000_000));
    assert_eq!((&status(&proxy)["dead_letters"], consumer(&proxy, "crm")["dead"].as_u64()), (&json!(1), Some(0)));
    post(&proxy, 1);
    consumer_once(&proxy, "crm", "one waits", |crm| crm["parked"] == 1);
    let waiting = proxy.letters(true);
    let id = waiting[0]["id"].as_str().unwrap();
    assert_eq!(proxy.order(&format!("/api/dead-letters/{id}/bury"), &json!({})).status, 200);
    assert_eq!((&status(&proxy)["dead_letters"], consumer(&proxy, "crm")["dead"].as_u64()), (&json!(2), Some(1)));
}
