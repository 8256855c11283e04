//! Where nothing has to change, the consumer gets the platform's own bytes.

use super::to_consumer;
use crate::support::bodies::SUPPORT;
use crate::support::http::Request;
use crate::support::signature::{meta, turn};

/// Spelled as no printer of JSON would: escapes, blanks, numbers, a member that stands twice.
const CLOUD: &str = "\r\n{ \"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"102290129340398\",\"changes\":[{\
    \"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":\"15550783881\",\
    \"phone_number_id\":\"106540352242922\"},\"messages\":[{\"from\":\"15550102001\",\"id\":\"wamid.a\",\"timestamp\":\"1764000001\",\
    \"type\":\"text\",\"text\":{\"body\":\"caf\\u00e9 \\/ \\ud83d\\ude00\"},\"x\":1.0e+00,\"x\":-0.0}]}}]}]}\n\n";
const FLAT: &str = "{\"messages\" : [ {\"from\":\"15550102001\",\"id\":\"gBEGkYiEB1VXAglK1ZEqA1YKPrU\",\"timestamp\":\"1764000001\",\
    \"type\":\"text\",\"text\":{\"body\":\"caf\\u00e9 \\/\"}} ] , \"_vnd\":{\"v1\":{\"n\":1E5}} }\t";

#[test]
fn the_bytes_and_the_signature_of_the_cloud_api_go_along() {
    let (consumer, proxy) = to_consumer("cloud", "[cloud]\napp_secrets = [\"meta\"]\n");
    let signature = meta("meta", CLOUD);
    let request = Request::post("/webhooks", CLOUD)
        .header("X-Hub-Signature-256", &signature)
        .header("X-Hub-Signature", "sha1=0000");
    assert_eq!(proxy.send(&request).status, 200);
    let received = consumer.only();
    assert_eq!(received.body, CLOUD.as_bytes());
    assert_eq!(received.header("X-Hub-Signature-256"), signature);
    assert_eq!(received.header("X-Hub-Signature"), "sha1=0000");
    assert_eq!(received.header("Content-Type"), "application/json");
}

#[test]
fn the_bytes_and_the_signature_of_turn_go_along() {
    let (consumer, proxy) = to_consumer("onprem", "[onprem]\nturn_secret = \"turn\"\n");
    let signature = turn("turn", FLAT);
    let request = Request::post("/webhooks", FLAT).header("X-Turn-Hook-Signature", &signature);
    assert_eq!(proxy.send(&request).status, 200);
    let received = consumer.only();
    assert_eq!(received.body, FLAT.as_bytes());
    assert_eq!(received.header("X-Turn-Hook-Signature"), signature);
}

/// The consumer is asked with a POST at the path and query of its URL.
#[test]
fn the_consumers_url_is_used_as_it_stands() {
    let consumer = crate::support::consumer::Consumer::start();
    let section = consumer.section("crm", "onprem", "").replace("/webhook\"", "/hooks/wa%20in?tenant=7&x=\"");
    let proxy = crate::support::proxy::Proxy::pass_through(&section);
    assert_eq!(proxy.post("/webhooks?secret=not-passed-on", FLAT).status, 200);
    let received = consumer.only();
    assert_eq!((received.method.as_str(), received.target.as_str()), ("POST", "/hooks/wa%20in?tenant=7&x="));
    assert_eq!(received.header("Host"), consumer.address().to_string());
}

/// Numbers that are configured, a filter that lets everything through: still nothing to change.
#[test]
fn rules_that_do_not_bite_change_nothing() {
    let rules = "kinds = [\"message\"]\nmessage_ids = \"convert\"\nwithout_phone = \"user_id\"\nbatch = \"event\"\n";
    let (consumer, proxy) = to_consumer("cloud", &format!("{rules}{}", SUPPORT.section("support", "\"crm\"")));
    assert_eq!(proxy.post("/webhooks", CLOUD).status, 200);
    assert_eq!(consumer.only().body, CLOUD.as_bytes());
}

#[test]
fn connections_to_the_consumer_are_used_again() {
    let (consumer, proxy) = to_consumer("onprem", "");
    for _ in 0..5 {
        assert_eq!(proxy.post("/webhooks", FLAT).status, 200);
    }
    assert_eq!((consumer.requests().len(), consumer.connections()), (5, 1));
}
