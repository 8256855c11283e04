//! Rules of translation that a consumer may choose.

use super::to_consumer;
use crate::support::bodies::{SUPPORT, cloud, cloud_change, text};
use serde_json::{Value, json};

/// One message's id in both grammars.
const CLOUD_ID: &str = "wamid.HBgMOTE4ODg0MDc1NTU3FQIAERgSNEFENTkxMkEwMzU2MEEzRUI1AA==";
const FLAT_ID: &str = "gBEGkYiEB1VXAglK1ZEqA1YKPrU";

fn received(format: &str, more: &str, body: &str) -> Value {
    let (consumer, proxy) = to_consumer(format, &format!("{more}{}", SUPPORT.section("support", "\"crm\"")));
    assert_eq!(proxy.post("/webhooks", body).status, 200);
    consumer.only().json()
}

#[test]
fn message_ids_are_converted_on_request() {
    let up = cloud(SUPPORT, &json!({"messages": [text("918884075557", CLOUD_ID, "x")]}));
    assert_eq!(received("onprem", "", &up).pointer("/messages/0/id"), Some(&json!(CLOUD_ID)));
    let rule = "message_ids = \"convert\"\n";
    assert_eq!(received("onprem", rule, &up).pointer("/messages/0/id"), Some(&json!(FLAT_ID)));
    let flat = json!({"messages": [text("918884075557", FLAT_ID, "x")]}).to_string();
    let id = "/entry/0/changes/0/value/messages/0/id";
    assert_eq!(received("cloud", rule, &flat).pointer(id), Some(&json!(CLOUD_ID)));
}

#[test]
fn a_withheld_phone_number_is_the_user_id() {
    let message = json!({"from_user_id": "US.1349", "id": "wamid.a", "timestamp": "1764000001", "type": "text", "text": {"body": "x"}});
    let body = received("onprem", "", &cloud(SUPPORT, &json!({"messages": [message]})));
    assert_eq!(body.pointer("/messages/0/from"), Some(&json!("US.1349")));
}

#[test]
fn a_message_type_the_format_never_had_arrives_as_unknown() {
    let message = json!({"from": "15550102001", "id": "wamid.a", "timestamp": "1764000001", "type": "hologram", "hologram": {"depth": 3}});
    let body = received("onprem", "", &cloud(SUPPORT, &json!({"messages": [message]})));
    assert_eq!(body.pointer("/messages/0/type"), Some(&json!("unknown")));
    assert_eq!(body.pointer("/messages/0/errors/0/code"), Some(&json!(501)));
    assert_eq!(body.pointer("/messages/0/hologram/depth"), Some(&json!(3)));
}

/// What only the Cloud API has is of use to a consumer written for it.
#[test]
fn cloud_fields_without_counterpart_reach_a_cloud_consumer() {
    let body = cloud_change(SUPPORT.account, "telepathy", &json!({"thought": "none"}));
    let (consumer, proxy) = to_consumer("cloud", "");
    assert_eq!(proxy.post("/webhooks", &body).status, 200);
    assert_eq!(consumer.only().body, body.as_bytes());
}
