//! `kinds`: the operator's rule that leaves events out.

use super::to_consumer;
use crate::support::bodies::{SUPPORT, cloud, cloud_text, status, template_event, text};
use crate::support::consumer::Consumer;
use crate::support::proxy::Proxy;
use serde_json::json;

const ADA: &str = "15550102001";

#[test]
fn what_is_not_asked_for_is_dropped_and_counted() {
    let (consumer, proxy) = to_consumer("cloud", "kinds = [\"message\", \"error\"]");
    let statuses = cloud(SUPPORT, &json!({"statuses": [status(ADA, "s1", "read")]}));
    assert_eq!(proxy.post("/webhooks", statuses).status, 200);
    assert_eq!(proxy.post("/webhooks", template_event(SUPPORT.account)).status, 200);
    assert_eq!(consumer.requests().len(), 0);
    let message = cloud_text(SUPPORT);
    assert_eq!(proxy.post("/webhooks", &message).status, 200);
    assert_eq!(consumer.only().body, message.as_bytes());
    let errors = cloud(SUPPORT, &json!({"errors": [{"code": 131_000, "title": "Something went wrong"}]}));
    assert_eq!(proxy.post("/webhooks", errors).status, 200);
    assert_eq!(consumer.requests().len(), 2);
    assert_eq!(proxy.metric("cutover_deliveries_total{consumer=\"crm\",outcome=\"dropped\"}"), Some(2.0));
}

#[test]
fn of_a_mixed_body_only_what_was_asked_for_arrives() {
    let (consumer, proxy) = to_consumer("onprem", "kinds = [\"status\"]");
    let members = json!({"messages": [text(ADA, "a1", "1")], "statuses": [status(ADA, "s1", "read")]});
    for body in [cloud(SUPPORT, &members), members.to_string()] {
        assert_eq!(proxy.post("/webhooks", body).status, 200);
    }
    for request in consumer.wait_for(2) {
        let body = request.json();
        assert_eq!((body.get("messages"), body.pointer("/statuses/0/id")), (None, Some(&json!("s1"))));
    }
}

/// Turn.io's copies of what the business sent itself are no messages.
#[test]
fn outbound_copies_are_of_another_kind() {
    let (consumer, proxy) = to_consumer("onprem", "kinds = [\"message\"]");
    let mut own = text(ADA, "a1", "from us");
    own["_vnd"] = json!({"v1": {"direction": "outbound"}});
    assert_eq!(proxy.post("/webhooks", json!({"messages": [own]}).to_string()).status, 200);
    assert_eq!(consumer.requests().len(), 0);
}

#[test]
fn each_consumer_has_its_own_rule() {
    let (messages, statuses) = (Consumer::start(), Consumer::start());
    let sections = [
        messages.section("messages", "onprem", "kinds = [\"message\"]"),
        statuses.section("statuses", "onprem", "kinds = [\"status\"]"),
    ];
    let proxy = Proxy::pass_through(&sections.concat());
    let members = json!({"messages": [text(ADA, "a1", "1")], "statuses": [status(ADA, "s1", "read")]});
    assert_eq!(proxy.post("/webhooks", cloud(SUPPORT, &members)).status, 200);
    assert_eq!(messages.only().json().pointer("/messages/0/id"), Some(&json!("a1")));
    assert_eq!(statuses.only().json().pointer("/statuses/0/id"), Some(&json!("s1")));
}
