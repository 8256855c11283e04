//! Flat bodies name no number; a consumer in Cloud format is told the configured one, never a made-up one.

use super::to_consumer;
use crate::support::bodies::{SALES, SUPPORT, flat_text};
use crate::support::consumer::Consumer;
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use serde_json::json;

#[test]
fn with_a_configured_number_the_envelope_names_it() {
    let (consumer, proxy) = to_consumer("cloud", &SUPPORT.section("support", "\"crm\""));
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    let body = consumer.only().json();
    assert_eq!(body["object"], "whatsapp_business_account");
    assert_eq!(body.pointer("/entry/0/id"), Some(&json!(SUPPORT.account)));
    assert_eq!(body.pointer("/entry/0/changes/0/field"), Some(&json!("messages")));
    let value = body.pointer("/entry/0/changes/0/value").unwrap();
    assert_eq!(value["messaging_product"], "whatsapp");
    assert_eq!(value["metadata"], json!({"display_phone_number": SUPPORT.phone, "phone_number_id": SUPPORT.id}));
    assert_eq!(value.pointer("/messages/0/text/body"), Some(&json!("hi")));
    assert_eq!(value.pointer("/contacts/0/profile/name"), Some(&json!("Nora")));
}

#[test]
fn each_number_by_its_address() {
    let consumer = Consumer::start();
    let sections = [
        consumer.section("crm", "cloud", ""),
        SUPPORT.section("support", "\"crm\""),
        SALES.section("sales", "\"crm\""),
    ];
    let proxy = Proxy::pass_through(&sections.concat());
    for business in [SALES, SUPPORT] {
        let target = format!("/webhooks/onprem/{}", business.phone);
        assert_eq!(proxy.send(&Request::post(&target, flat_text())).status, 200);
    }
    let ids: Vec<_> = consumer
        .requests()
        .iter()
        .map(|request| request.json().pointer("/entry/0/changes/0/value/metadata/phone_number_id").cloned())
        .collect();
    assert_eq!(ids, [Some(json!(SALES.id)), Some(json!(SUPPORT.id))]);
}

#[test]
fn without_one_the_body_is_refused_and_the_start_says_so() {
    let (consumer, proxy) = to_consumer("cloud", "");
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 404);
    let named = Request::post("/webhooks", flat_text()).header("X-WA-Account-Id", SUPPORT.phone);
    assert_eq!(proxy.send(&named).status, 404);
    assert_eq!(consumer.requests().len(), 0);
    assert!(proxy.log().contains("no [[number]]: On-Premises bodies cannot be said to consumer"), "{}", proxy.log());
}
