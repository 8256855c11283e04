//! `sign_with`: our signature instead of the platform's, computed here a second time.

use super::to_consumer;
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::consumer::Recorded;
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use crate::support::signature::{meta, standard, turn};

const SIGNED: &str = "sign_with = \"ours\"\n";
/// The key of the Standard Webhooks example.
const ENCODED: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn webhook(body: &str) -> Request {
    Request::post("/webhooks", body)
        .header("X-Hub-Signature-256", "sha256=theirs")
        .header("X-Hub-Signature", "sha1=theirs")
        .header("X-Turn-Hook-Signature", "theirs")
}

fn delivered(format: &str, more: &str, body: &str) -> Recorded {
    let sections = format!("{more}{}", SUPPORT.section("support", "\"crm\""));
    let (consumer, proxy) = to_consumer(format, &sections);
    assert_eq!(proxy.send(&webhook(body)).status, 200);
    consumer.only()
}

#[test]
fn cloud_bodies_are_signed_as_meta_does() {
    for body in [cloud_text(SUPPORT), flat_text()] {
        let received = delivered("cloud", SIGNED, &body);
        assert_eq!(received.header("X-Hub-Signature-256"), meta("ours", &received.body));
        assert_eq!(received.headers.get("X-Turn-Hook-Signature"), None);
        assert_eq!(received.headers.get("X-Hub-Signature"), None);
    }
}

#[test]
fn flat_bodies_are_signed_as_turn_does() {
    for body in [cloud_text(SUPPORT), flat_text()] {
        let received = delivered("onprem", SIGNED, &body);
        assert_eq!(received.header("X-Turn-Hook-Signature"), turn("ours", &received.body));
        assert_eq!(received.headers.get("X-Hub-Signature-256"), None);
    }
}

#[test]
fn normalized_events_are_signed_by_standard_webhooks() {
    let decoded = data_encoding::BASE64.decode(ENCODED.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    for (secret, key) in [("ours", b"ours".as_slice()), (ENCODED, &decoded)] {
        let received = delivered("normalized", &format!("sign_with = \"{secret}\"\n"), &cloud_text(SUPPORT));
        let (id, timestamp) = (received.header("webhook-id"), received.header("webhook-timestamp"));
        assert_eq!(received.header("webhook-signature"), standard(key, id, timestamp, &received.body));
        assert_eq!(id, received.header("X-Cutover-Delivery"));
        // 2025 and later, in seconds.
        assert!(matches!(timestamp.parse::<u64>(), Ok(1_735_689_600..=99_999_999_999)), "{timestamp}");
    }
}

/// A consumer that verified Meta's signature goes on doing so when what it gets was cut from a batch.
#[test]
fn pieces_are_signed_each() {
    let members = serde_json::json!({"messages": [
        crate::support::bodies::text("15550102001", "wamid.a", "a"),
        crate::support::bodies::text("15550102002", "wamid.b", "b"),
    ]});
    let (consumer, proxy) = to_consumer("cloud", SIGNED);
    assert_eq!(proxy.send(&webhook(&crate::support::bodies::cloud(SUPPORT, &members))).status, 200);
    for received in consumer.wait_for(2) {
        assert_eq!(received.header("X-Hub-Signature-256"), meta("ours", &received.body));
    }
}

#[test]
fn the_secret_may_come_from_the_environment() {
    let consumer = crate::support::consumer::Consumer::start();
    let config = consumer.section("crm", "cloud", "sign_with = { env = \"SIGNING\" }");
    let proxy = Proxy::pass_through_with(&config, &[("SIGNING", "ours")]);
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200);
    let received = consumer.only();
    assert_eq!(received.header("X-Hub-Signature-256"), meta("ours", &received.body));
}
