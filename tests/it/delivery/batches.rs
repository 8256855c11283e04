//! One POST of the platform, several requests to the consumer: cut by conversation and kind, in order.

use super::to_consumer;
use crate::support::bodies::{SALES, SUPPORT, cloud, cloud_of, contact, entry, messages_of, status, text};
use crate::support::bodies::{cloud_text, template_event};
use crate::support::consumer::{Consumer, Reply};
use serde_json::{Value, json};

const ADA: &str = "15550102001";
const BEN: &str = "15550102002";

fn post(format: &str, more: &str, body: &str) -> Vec<Value> {
    let (consumer, proxy) = to_consumer(format, more);
    let answer = proxy.post("/webhooks", body);
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    consumer.requests().iter().map(crate::support::consumer::Recorded::json).collect()
}

fn ids(bodies: &[Value], list: &str) -> Vec<Vec<String>> {
    let id = |item: &Value| item["id"].as_str().unwrap_or_default().to_owned();
    bodies.iter().map(|body| body[list].as_array().into_iter().flatten().map(id).collect()).collect()
}

fn two_conversations() -> Value {
    json!({
        "contacts": [contact(BEN, "Ben"), contact(ADA, "Ada")],
        "messages": [text(ADA, "a1", "1"), text(BEN, "b1", "2"), text(ADA, "a2", "3")],
    })
}

#[test]
fn two_conversations_become_two_requests_in_order() {
    for body in [cloud(SUPPORT, &two_conversations()), two_conversations().to_string()] {
        let bodies = post("onprem", "", &body);
        assert_eq!(ids(&bodies, "messages"), [vec!["a1", "a2"], vec!["b1"]]);
        let names: Vec<_> = bodies.iter().map(|body| body["contacts"].to_string()).collect();
        assert_eq!(names, [json!([contact(ADA, "Ada")]).to_string(), json!([contact(BEN, "Ben")]).to_string()]);
    }
}

#[test]
fn for_a_cloud_consumer_each_piece_is_an_envelope_of_its_own() {
    let bodies = post("cloud", "", &cloud(SUPPORT, &two_conversations()));
    assert_eq!(bodies.len(), 2);
    for (body, from) in bodies.iter().zip([ADA, BEN]) {
        let value = body.pointer("/entry/0/changes/0/value").unwrap();
        assert_eq!(value["metadata"]["phone_number_id"], SUPPORT.id);
        assert_eq!(value.pointer("/messages/0/from"), Some(&json!(from)));
        assert_eq!(body.pointer("/entry/0/id"), Some(&json!(SUPPORT.account)));
    }
}

#[test]
fn messages_and_statuses_never_share_a_request() {
    let members = json!({"messages": [text(ADA, "a1", "1")], "statuses": [status(ADA, "s1", "read")]});
    let bodies = post("onprem", "", &cloud(SUPPORT, &members));
    assert_eq!(ids(&bodies, "messages"), [vec!["a1"], vec![]]);
    assert_eq!(ids(&bodies, "statuses"), [Vec::<&str>::new(), vec!["s1"]]);
}

#[test]
fn changes_and_entries_keep_their_order() {
    let message = |id: &str| json!({"messages": [text(ADA, id, "x")]});
    let body = cloud_of(&[
        entry(SUPPORT.account, &[messages_of(SUPPORT, &message("1")), messages_of(SUPPORT, &message("2"))]),
        entry(SALES.account, &[messages_of(SALES, &message("3"))]),
    ]);
    assert_eq!(ids(&post("onprem", "", &body), "messages"), [["1"], ["2"], ["3"]]);
}

#[test]
fn by_event_each_message_is_a_request_with_its_contact() {
    let bodies = post("onprem", "batch = \"event\"", &cloud(SUPPORT, &two_conversations()));
    assert_eq!(ids(&bodies, "messages"), [["a1"], ["a2"], ["b1"]]);
    for (body, name) in bodies.iter().zip(["Ada", "Ada", "Ben"]) {
        assert_eq!(body.pointer("/contacts/0/profile/name"), Some(&json!(name)), "{body}");
        assert_eq!(body["contacts"].as_array().map(Vec::len), Some(1), "{body}");
    }
}

#[test]
fn by_event_a_body_of_one_event_is_not_touched() {
    let (consumer, proxy) = to_consumer("cloud", "batch = \"event\"");
    let body = cloud_text(SUPPORT);
    assert_eq!(proxy.post("/webhooks", &body).status, 200);
    assert_eq!(consumer.only().body, body.as_bytes());
}

/// The pieces for one consumer are sent one after the other; the first that fails ends it.
#[test]
fn nothing_overtakes_a_piece_that_failed() {
    let consumer = Consumer::start();
    consumer.reply_next([Reply::status(500)]);
    let proxy = crate::support::proxy::Proxy::pass_through(&consumer.section("crm", "onprem", ""));
    let body = cloud(SUPPORT, &two_conversations());
    assert_eq!(proxy.post("/webhooks", &body).status, 502);
    assert_eq!(consumer.requests().len(), 1);
    assert_eq!(proxy.post("/webhooks", &body).status, 200);
    assert_eq!((consumer.requests().len(), consumer.most_at_once()), (3, 1));
}

#[test]
fn what_has_no_counterpart_is_no_request_and_does_not_hold_up_the_rest() {
    assert_eq!(post("onprem", "", &template_event(SUPPORT.account)), Vec::<Value>::new());
    let contacts_only = json!({"contacts": [contact(ADA, "Ada")]}).to_string();
    assert_eq!(post("cloud", &SUPPORT.section("support", "\"crm\""), &contacts_only), Vec::<Value>::new());
    let body = cloud_of(&[entry(
        SUPPORT.account,
        &[
            json!({"field": "calls", "value": {"calls": [{"id": "wacid.1"}]}}),
            messages_of(SUPPORT, &json!({"messages": [text(ADA, "a1", "1")]})),
        ],
    )]);
    assert_eq!(ids(&post("onprem", "", &body), "messages"), [["a1"]]);
}
