//! What is set aside: too old, without a phone number, of an unknown type; and what is not wanted.

use super::{counted, letters, post, seen};
use crate::support::bodies::{SUPPORT, contact, status, text};
use crate::support::consumer::Consumer;
use crate::support::proxy::Proxy;
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

const ADA: &str = "15550102001";

fn served(crm: &Consumer, before: &str, rule: &str) -> Proxy {
    Proxy::start(&format!("{before}{}", crm.section("crm", "onprem", rule)))
}

fn redeliver_all(proxy: &Proxy) {
    let answer = proxy.order("/api/redeliver", &json!({"all": true}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    proxy.wait_until_drained("crm");
}

fn dead(proxy: &Proxy, reason: &str) -> Option<f64> {
    counted(proxy, "cutover_dead_lettered_total", "crm", "reason", reason)
}

fn aged(id: &str, age: Duration) -> Value {
    let then = UNIX_EPOCH.elapsed().expect("a clock after 1970").saturating_sub(age);
    let mut message = text(ADA, id, "hello");
    message["timestamp"] = json!(then.as_secs().to_string());
    message
}

#[test]
fn what_is_too_old_is_set_aside_and_the_rest_of_its_batch_delivered() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let crm = Consumer::start();
    let proxy = served(&crm, "[cloud]\nmax_event_age = \"8d\"\n", "");
    let messages = [aged("new", DAY), aged("old", 9 * DAY), aged("newer", Duration::ZERO)];
    post(&proxy, SUPPORT, &json!({"contacts": [contact(ADA, "Ada")], "messages": messages}));
    proxy.wait_until_drained("crm");
    // The On-Premises client keeps what it cannot deliver for as long as it likes.
    let flat = json!({"messages": [aged("flat", 30 * DAY)]}).to_string();
    assert_eq!(proxy.post("/webhooks", flat).status, 200);
    proxy.wait_until_drained("crm");
    assert_eq!(letters(&proxy), [("too_old".to_owned(), "crm".to_owned())]);
    assert_eq!((dead(&proxy, "too_old"), dead(&proxy, "gave_up")), (Some(1.0), Some(0.0)));
    assert_eq!(seen(&crm), ["new", "newer", "flat"]);
    redeliver_all(&proxy);
    assert_eq!(seen(&crm), ["new", "newer", "flat", "old"]);
    assert_eq!(letters(&proxy), []);
}

#[test]
fn who_has_no_phone_number_is_set_aside() {
    let crm = Consumer::start();
    let proxy = served(&crm, "", "without_phone = \"dead_letter\"\n");
    let mut hidden = text(ADA, "hidden", "hello");
    let members = hidden.as_object_mut().expect("an object");
    members.remove("from");
    members.insert("from_user_id".to_owned(), json!("US.1349"));
    post(&proxy, SUPPORT, &json!({"messages": [text(ADA, "a1", "1"), hidden, text(ADA, "a2", "2")]}));
    proxy.wait_until_drained("crm");
    assert_eq!(letters(&proxy), [("without_phone".to_owned(), "crm".to_owned())]);
    assert_eq!(dead(&proxy, "without_phone"), Some(1.0));
    assert_eq!(seen(&crm), ["a1", "a2"]);
    // Another decision of the operator, and it goes.
    proxy.reload(&crm.section("crm", "onprem", ""));
    redeliver_all(&proxy);
    assert_eq!(seen(&crm), ["a1", "a2", "hidden"]);
}

#[test]
fn a_type_the_format_never_had_is_set_aside() {
    let crm = Consumer::start();
    let proxy = served(&crm, "", "unknown = \"dead_letter\"\n");
    let mut hologram = text(ADA, "holo", "hello");
    hologram["type"] = json!("hologram");
    post(&proxy, SUPPORT, &json!({"messages": [text(ADA, "a1", "1"), hologram, text(ADA, "a2", "2")]}));
    post(&proxy, SUPPORT, &json!({"statuses": [status(ADA, "s1", "pondered"), status(ADA, "s1", "read")]}));
    proxy.wait_until_drained("crm");
    let expected = ("unknown".to_owned(), "crm".to_owned());
    assert_eq!(letters(&proxy), [expected.clone(), expected]);
    assert_eq!(dead(&proxy, "unknown"), Some(2.0));
    assert_eq!(seen(&crm), ["a1", "a2", "s1 read"]);
    // They are there after a kill, as they came. Whatever ended before a webhook was answered is written
    // by then.
    post(&proxy, SUPPORT, &json!({"messages": [text(ADA, "a3", "3")]}));
    let proxy = proxy.kill().start();
    let id = proxy.letters(false)[0]["id"].as_str().expect("an id").to_owned();
    let shown = proxy.ask(&format!("/api/dead-letters/{id}"));
    assert!(shown.text().contains("hologram"), "{}", shown.text());
    // With the rule as it is they come back where they were.
    redeliver_all(&proxy);
    assert_eq!((letters(&proxy).len(), seen(&crm).contains(&"holo".to_owned())), (2, false));
}

#[test]
fn kinds_that_are_not_wanted_are_dropped_and_counted() {
    let crm = Consumer::start();
    let proxy = served(&crm, "", "kinds = [\"message\"]\n");
    post(&proxy, SUPPORT, &json!({"statuses": [status(ADA, "s1", "sent"), status(ADA, "s1", "read")]}));
    post(&proxy, SUPPORT, &json!({"messages": [text(ADA, "a1", "1")], "statuses": [status(ADA, "s2", "read")]}));
    proxy.wait_until_drained("crm");
    assert_eq!(seen(&crm), ["a1"]);
    assert_eq!(counted(&proxy, "cutover_dropped_total", "crm", "rule", "kinds"), Some(3.0));
    assert_eq!(letters(&proxy), []);
}
