//! What is no webhook body, and what is one although nobody has seen the like.

use super::{accepted, behind};
use crate::support::bodies::{SUPPORT, cloud, cloud_change, text};
use serde_json::json;

#[test]
fn what_is_neither_format_is_a_bad_request_with_its_reason() {
    let (consumer, proxy) = behind("");
    let deep = format!("{{\"entry\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let objects = format!("{}1{}", "{\"entry\":".repeat(50_000), "}".repeat(50_000));
    let cases: [(&[u8], &str); 15] = [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"this is no JSON", "not JSON"),
        (b"{\"object\":\"whatsapp_business_account\",\"entry\":[", "not JSON"),
        (b"{\"messages\":[]} {\"messages\":[]}", "not JSON"),
        (b"{\"messages\":[{\"text\":{\"body\":\"caf\xe9\"}}]}", "not UTF-8"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b"[]", "no object"),
        (b"[{\"messages\":[]}]", "no object"),
        (b"\"messages\"", "no object"),
        (b"{}", "none of"),
        (b"{\"messages\":{}}", "none of"),
        (b"{\"object\":\"instagram\",\"entry\":[]}", "another Meta product"),
        (deep.as_bytes(), "nested deeper"),
        (objects.as_bytes(), "nested deeper"),
    ];
    for (body, reason) in cases {
        let answer = proxy.post("/webhooks", body);
        let shown = String::from_utf8_lossy(body).chars().take(60).collect::<String>();
        assert_eq!(answer.status, 400, "{shown}");
        assert!(answer.text().contains(reason), "{shown}: {}", answer.text());
    }
    assert_eq!(consumer.requests().len(), 0);
}

#[test]
fn the_unknown_is_accepted() {
    let (consumer, proxy) = behind("");
    let mut message = text("15550102001", "wamid.a", "hi");
    message["type"] = json!("hologram");
    message["hologram"] = json!({"depth": 3, "frames": [1, null, {"x": true}]});
    let bodies = [
        cloud(SUPPORT, &json!({"messages": [message], "mood": "good"})),
        cloud_change(SUPPORT.account, "telepathy", &json!({"thought": "none"})),
        cloud_change(SUPPORT.account, "messages", &json!("not even an object")),
        cloud(SUPPORT, &json!({"messages": ["no object", 7, null]})),
        cloud(SUPPORT, &json!({"messages": [{}]})),
        cloud(SUPPORT, &json!({"statuses": [{"id": 5, "status": {"a": 1}, "timestamp": "tomorrow"}]})),
        json!({"entry": [{"changes": []}, "stray", {"id": 4}]}).to_string(),
        json!({"object": "whatsapp_business_account", "entry": []}).to_string(),
        json!({"messages": [{"from": 15_550_102_001_u64, "type": null}], "contacts": "nobody"}).to_string(),
        json!({"statuses": [], "extra": {"_vnd": 1}}).to_string(),
        json!({"contacts": [{"wa_id": "15550102001", "status": "valid"}]}).to_string(),
    ];
    for body in &bodies {
        accepted(&proxy.post("/webhooks", body));
    }
    let first = consumer.requests().first().unwrap().json();
    assert_eq!(first.pointer("/0/data/message/hologram/frames/2/x"), Some(&json!(true)), "{first}");
}
