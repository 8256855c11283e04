//! Format `normalized`: CloudEvents in JSON batches.

use super::to_consumer;
use crate::support::bodies::{
    SUPPORT, cloud, cloud_change, cloud_text, contact, flat_text, status, template_event, text,
};
use crate::support::consumer::Recorded;
use serde_json::{Value, json};

const ADA: &str = "15550102001";

/// The one event of a request.
pub(super) fn only_event(request: &Recorded) -> Value {
    assert_eq!(request.header("Content-Type"), "application/cloudevents-batch+json");
    let body = request.json();
    let events = body.as_array().expect("a batch");
    assert_eq!(events.len(), 1);
    events[0].clone()
}

fn event_of(body: &str) -> Value {
    let (consumer, proxy) = to_consumer("normalized", &SUPPORT.section("support", "\"crm\""));
    assert_eq!(proxy.post("/webhooks", body).status, 200);
    only_event(&consumer.only())
}

#[test]
fn the_attributes_of_an_event() {
    for (body, platform, id) in [(cloud_text(SUPPORT), "cloud", "wamid.a"), (flat_text(), "onprem", "ABGG")] {
        let event = event_of(&body);
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["type"], "whatsapp.message");
        assert_eq!(event["time"], "2025-11-24T16:00:01Z");
        assert!(event["subject"].as_str().is_some_and(|subject| subject.contains(ADA)), "{event}");
        assert!(event["source"].as_str().is_some_and(|source| source.contains(SUPPORT.id)), "{event}");
        assert_eq!(event["data"]["platform"], platform);
        assert_eq!(event.pointer("/data/message/id"), Some(&json!(id)));
        assert_eq!(event.pointer("/data/number/phone_number_id"), Some(&json!(SUPPORT.id)));
        assert_eq!(event.pointer("/data/contact/profile/name"), Some(&json!("Nora")));
        assert_eq!(event["id"], event_of(&body)["id"], "the id is stable");
    }
}

#[test]
fn the_type_says_what_it_is_about() {
    let echo = cloud_change(SUPPORT.account, "smb_message_echoes", &json!({"message_echoes": [text(ADA, "e", "x")]}));
    for (body, kind) in [
        (cloud(SUPPORT, &json!({"statuses": [status(ADA, "s", "read")]})), "whatsapp.status"),
        (cloud(SUPPORT, &json!({"errors": [{"code": 131_000}]})), "whatsapp.error"),
        (template_event(SUPPORT.account), "whatsapp.account"),
        (cloud_change(SUPPORT.account, "calls", &json!({"calls": []})), "whatsapp.call"),
        (cloud_change(SUPPORT.account, "group_lifecycle_update", &json!({})), "whatsapp.group"),
        (cloud_change(SUPPORT.account, "history", &json!({"history": []})), "whatsapp.history"),
        (cloud_change(SUPPORT.account, "tomorrow", &json!({})), "whatsapp.other"),
        (echo, "whatsapp.other"),
    ] {
        assert_eq!(event_of(&body)["type"], kind);
    }
}

/// So that no bot answers itself.
#[test]
fn copies_of_what_the_business_sent_say_their_direction() {
    let mut own = text(ADA, "a1", "from us");
    own["_vnd"] = json!({"v1": {"direction": "outbound"}});
    let event = event_of(&json!({"messages": [own]}).to_string());
    assert_eq!((&event["type"], &event["data"]["direction"]), (&json!("whatsapp.other"), &json!("outbound")));
    assert_eq!(event_of(&cloud_text(SUPPORT))["data"]["direction"], "inbound");
}

#[test]
fn a_conversation_is_a_batch_and_by_event_each_is_one() {
    let members = json!({
        "contacts": [contact(ADA, "Ada")],
        "messages": [text(ADA, "a1", "1"), text(ADA, "a2", "2")],
    });
    let (consumer, proxy) = to_consumer("normalized", "");
    assert_eq!(proxy.post("/webhooks", cloud(SUPPORT, &members)).status, 200);
    let batch = consumer.only().json();
    let ids: Vec<_> =
        batch.as_array().unwrap().iter().map(|event| event.pointer("/data/message/id").cloned()).collect();
    assert_eq!(ids, [Some(json!("a1")), Some(json!("a2"))]);

    let (consumer, proxy) = to_consumer("normalized", "batch = \"event\"");
    assert_eq!(proxy.post("/webhooks", cloud(SUPPORT, &members)).status, 200);
    let events: Vec<_> = consumer.wait_for(2).iter().map(only_event).collect();
    assert_ne!(events[0]["id"], events[1]["id"]);
}

#[test]
fn push_to_talk_is_audio_with_voice() {
    let voice = json!({"from": ADA, "id": "v", "timestamp": "1764000001", "type": "voice", "voice": {"id": "9"}});
    let event = event_of(&json!({"messages": [voice]}).to_string());
    assert_eq!(event.pointer("/data/message/type"), Some(&json!("audio")));
    assert_eq!(event.pointer("/data/message/audio/voice"), Some(&json!(true)));
}
