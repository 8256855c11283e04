//! A letter as it is, and without its people.

use super::consumer_once;
use crate::support::bodies::{SUPPORT, contact, text};
use crate::support::consumer::{Consumer, Reply};
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use crate::support::signature::turn;
use serde_json::{Value, json};

const PERSONAL: [&str; 5] = ["15550102001", "Nora", "see you at nine", "ABGGsecret", SUPPORT.phone];

/// A message that waits, of a number that its request's header names.
fn letter() -> (Consumer, Proxy, String) {
    let crm = Consumer::replying(Reply::status(500));
    let retry = "[consumer.retry]\nfirst = \"1h\"\nmax = \"1h\"\n";
    let config = [
        crm.section("crm", "onprem", retry),
        SUPPORT.section("support", "\"crm\""),
        "[onprem]\nturn_secret = \"s3cret\"\n".to_owned(),
    ];
    let proxy = Proxy::start(&config.concat());
    let mut message = text("15550102001", "ABGGsecret", "see you at nine");
    message["vendor"] = json!({"15550102001": "Nora"});
    let body = json!({"contacts": [contact("15550102001", "Nora")], "messages": [message]}).to_string();
    let request = Request::post("/webhooks/onprem", &body)
        .header("X-WA-Account-Id", SUPPORT.phone)
        .header("X-Turn-Hook-Signature", &turn("s3cret", &body));
    assert_eq!(proxy.send(&request).status, 200);
    consumer_once(&proxy, "crm", "it waits", |crm| crm["parked"] == 1);
    let id = proxy.letters(true)[0]["id"].as_str().unwrap().to_owned();
    (crm, proxy, id)
}

fn show(proxy: &Proxy, id: &str, query: &str) -> (String, Value) {
    let answer = proxy.ask(&format!("/api/dead-letters/{id}{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    (answer.text(), serde_json::from_slice(&answer.body).expect("JSON"))
}

#[test]
fn masked_it_keeps_its_structure_and_loses_its_people() {
    let (_crm, proxy, id) = letter();
    let (text, masked) = show(&proxy, &id, "?masked=true");
    for canary in PERSONAL {
        assert!(!text.contains(canary), "{canary} in {text}");
    }
    assert!(!text.to_ascii_lowercase().contains("turn-hook-signature"), "{text}");
    for member in ["id", "consumer", "source", "kind", "bytes", "attempts", "verdict"] {
        assert_eq!(masked[member], show(&proxy, &id, "").1[member], "{member}");
    }
    let body: Value = serde_json::from_str(masked["body"].as_str().unwrap()).expect("JSON");
    assert_eq!(body.pointer("/messages/0/type"), Some(&json!("text")));
    assert_eq!(body.pointer("/messages/0/timestamp"), Some(&json!("1764000001")));
    assert_eq!(body.pointer("/messages/0/from"), body.pointer("/contacts/0/wa_id"), "the same is the same");
    assert!(body.pointer("/contacts/0/profile/name").is_some_and(Value::is_string));
    assert!(masked["number"].as_str().is_some_and(|number| number.len() == SUPPORT.phone.len()));
}

#[test]
fn unmasked_it_is_what_came() {
    let (_crm, proxy, id) = letter();
    for query in ["", "?masked=false"] {
        let (text, _) = show(&proxy, &id, query);
        for canary in PERSONAL {
            assert!(text.contains(canary), "{canary} not in {text}");
        }
    }
}
