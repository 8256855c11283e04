//! What a consumer's format could not say, and what nobody has seen before: named, and never by what
//! could be somebody's.

use super::{by_cloud, said, status};
use crate::support::bodies::{SUPPORT, status as status_of};
use crate::support::consumer::Consumer;
use crate::support::proxy::Proxy;
use serde_json::{Value, json};

const THEN: u64 = 1_764_000_000;
const PHONE: &str = "15550199777";

fn house() -> (Consumer, Proxy) {
    let crm = Consumer::start();
    let proxy = Proxy::start(&[crm.section("crm", "onprem", ""), SUPPORT.section("support", "\"crm\"")].concat());
    (crm, proxy)
}

fn loss(proxy: &Proxy, code: &str) -> Value {
    let status = status(proxy);
    let losses = status["losses"].as_array().unwrap();
    losses.iter().find(|loss| loss["code"] == code).unwrap_or_else(|| panic!("no {code} in {losses:?}")).clone()
}

#[test]
fn losses_are_counted_with_the_place_of_the_first() {
    let (_crm, proxy) = house();
    for id in ["a", "b"] {
        by_cloud(&proxy, SUPPORT, &json!({"statuses": [status_of("15550102001", id, "played")]}));
    }
    proxy.wait_until_drained("crm");
    let played = json!({
        "consumer": "crm", "from": "cloud", "to": "onprem", "code": "status_played", "count": 2, "expected": false,
        "example_path": "/entry/0/changes/0/value/statuses/0/status",
    });
    assert_eq!(loss(&proxy, "status_played"), played);
    let envelope = loss(&proxy, "envelope");
    assert_eq!((&envelope["expected"], &envelope["example_path"]), (&json!(true), &json!("/object")));
    assert!(status(&proxy)["losses"].as_array().unwrap().iter().all(|loss| loss["from"] == "cloud"));
}

/// Anything may be a key, a phone number too.
#[test]
fn a_place_is_shown_without_the_keys_that_could_be_personal() {
    let (_crm, proxy) = house();
    let body = format!(
        "{{\"entry\":[{{\"{PHONE}\":{{\"b\":2}},\"id\":\"{}\",\"changes\":[{}]}}]}}",
        SUPPORT.account,
        crate::support::bodies::messages_of(SUPPORT, &said("a", THEN))
    );
    assert_eq!(proxy.post("/webhooks/cloud", body).status, 200);
    proxy.wait_until_drained("crm");
    assert_eq!(loss(&proxy, "envelope")["example_path"], "/entry/0/…");
}

/// What is unknown, as it is shown: what, word, path.
fn unknown(proxy: &Proxy) -> Vec<(String, Value, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let status = status(proxy);
    let mut all: Vec<_> = status["unknown"].as_array().unwrap().iter().collect();
    all.sort_by_key(|one| text(&one["path"]));
    all.into_iter().map(|one| (text(&one["what"]), one["word"].clone(), text(&one["path"]))).collect()
}

#[test]
fn the_unknown_is_named_by_its_word_unless_that_could_be_personal() {
    let (_crm, proxy) = house();
    let mut members = json!({
        "messages": [said("a", THEN)["messages"][0], said("b", THEN)["messages"][0]],
        "statuses": [status_of("15550102001", "c", "seen"), status_of("15550102001", "d", PHONE)],
    });
    members["messages"][0]["type"] = json!("hologram");
    members["messages"][0]["newMember"] = json!(PHONE);
    members["messages"][1]["type"] = json!("Maria Muster");
    members["messages"][1][PHONE] = json!({"Maria": 1});
    by_cloud(&proxy, SUPPORT, &members);
    let (value, messages, statuses) = ("/entry/0/changes/0/value", "/messages", "/statuses");
    let expected: Vec<(String, Value, String)> = [
        ("member", json!("newMember"), format!("{value}{messages}/0/newMember")),
        ("message_type", json!("hologram"), format!("{value}{messages}/0/type")),
        ("message_type", Value::Null, format!("{value}{messages}/1/type")),
        ("member", Value::Null, format!("{value}{messages}/1/…")),
        ("status", json!("seen"), format!("{value}{statuses}/0/status")),
        ("status", Value::Null, format!("{value}{statuses}/1/status")),
    ]
    .map(|(what, word, path)| (what.to_owned(), word, path))
    .to_vec();
    assert_eq!(unknown(&proxy), expected);
    for (what, count) in [("message_type", 2.0), ("status", 2.0), ("member", 2.0), ("field", 0.0)] {
        let sample = format!("cutover_unknown_total{{source=\"cloud\",what=\"{what}\"}}");
        assert_eq!(proxy.metric(&sample), Some(count), "{what}");
    }
    let text = status(&proxy).to_string();
    assert!(!text.contains(PHONE) && !text.contains("Maria"), "{text}");

    // The same once more is a duplicate and nothing new; another with the same word counts on.
    by_cloud(&proxy, SUPPORT, &members);
    let mut more = said("e", THEN);
    more["messages"][0]["type"] = json!("hologram");
    by_cloud(&proxy, SUPPORT, &more);
    let status = status(&proxy);
    let latest = &status["unknown"][0];
    assert_eq!((&latest["word"], &latest["count"]), (&json!("hologram"), &json!(2)), "the latest stands first");
    assert!(latest["first_ms"].as_u64() < latest["last_ms"].as_u64());
}
