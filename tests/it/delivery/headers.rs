//! Which headers a consumer sees: ours, the operator's, and few of the platform's.

use super::to_consumer;
use crate::support::bodies::{Business, SUPPORT, cloud_text, flat_text};
use crate::support::http::Request;
use crate::support::proxy::Proxy;

/// What every request has.
const OWN: [&str; 7] = [
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "x-cutover-attempt",
    "x-cutover-delivery",
    "x-cutover-source",
];

fn from_a_busy_platform(body: &str) -> Request {
    let headers = [
        ("Cookie", "session=1"),
        ("Authorization", "Bearer platform"),
        ("Proxy-Authorization", "Basic platform"),
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Real-IP", "203.0.113.7"),
        ("Forwarded", "for=203.0.113.7"),
        ("User-Agent", "facebookexternalua"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "deflate, gzip"),
        ("X-Cutover-Delivery", "forged"),
        ("X-Cutover-Attempt", "99"),
        ("X-Cutover-Source", "forged"),
        ("X-Hub-Signature-256", "sha256=00"),
        ("X-Hub-Signature", "sha1=00"),
        ("X-Turn-Hook-Signature", "AAAA"),
        ("X-Turn-Claim", "claim"),
        ("X-Turn-Event", "event"),
        ("X-WA-Account-Id", "15550783881"),
        ("X-Anything-Else", "else"),
    ];
    headers.iter().fold(Request::post("/webhooks", body), |request, (name, value)| request.header(name, value))
}

fn names(more: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = OWN.iter().chain(more).map(|name| (*name).to_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn of_the_platforms_headers_only_signatures_turns_and_the_account_go_along() {
    let (consumer, proxy) = to_consumer("onprem", "");
    assert_eq!(proxy.send(&from_a_busy_platform(&flat_text())).status, 200);
    let received = consumer.only();
    let theirs = [
        "x-hub-signature",
        "x-hub-signature-256",
        "x-turn-claim",
        "x-turn-event",
        "x-turn-hook-signature",
        "x-wa-account-id",
    ];
    assert_eq!(received.headers.names(), names(&theirs));
    assert_eq!(received.header("X-Turn-Claim"), "claim");
    assert_eq!(received.header("X-WA-Account-Id"), "15550783881");
    assert_eq!(received.header("X-Cutover-Attempt"), "1");
    assert_eq!(received.header("X-Cutover-Source"), "onprem");
    assert_ne!(received.header("X-Cutover-Delivery"), "forged");
}

#[test]
fn a_translated_body_has_no_signature_of_the_platform() {
    let sections = SUPPORT.section("support", "\"crm\"");
    for (format, body, source) in [
        ("onprem", cloud_text(SUPPORT), "cloud"),
        ("cloud", flat_text(), "onprem"),
        ("normalized", flat_text(), "onprem"),
        ("normalized", cloud_text(SUPPORT), "cloud"),
    ] {
        let (consumer, proxy) = to_consumer(format, &sections);
        assert_eq!(proxy.send(&from_a_busy_platform(&body)).status, 200);
        let received = consumer.only();
        assert_eq!(received.headers.names(), names(&["x-turn-claim", "x-turn-event", "x-wa-account-id"]), "{format}");
        assert_eq!(received.header("X-Cutover-Source"), source);
    }
}

#[test]
fn the_delivery_is_called_the_same_for_the_same_body() {
    let (consumer, proxy) = to_consumer("onprem", "");
    let once = cloud_text(SUPPORT);
    for body in [once.clone(), once.replace("hi", "ho"), once] {
        assert_eq!(proxy.post("/webhooks", body).status, 200);
    }
    let requests = consumer.requests();
    let ids: Vec<&str> = requests.iter().map(|request| request.header("X-Cutover-Delivery")).collect();
    assert!(ids[0] == ids[2] && ids[0] != ids[1] && !ids[0].is_empty(), "{ids:?}");
}

#[test]
fn a_trace_is_continued_or_begun() {
    let (consumer, proxy) = to_consumer("onprem", "");
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(proxy.send(&Request::post("/webhooks", flat_text()).header("traceparent", parent)).status, 200);
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    let requests = consumer.requests();
    let parents: Vec<&str> = requests.iter().map(|request| request.header("traceparent")).collect();
    assert_eq!(parents[0], parent);
    assert_ne!(parents[1], parents[2]);
    for made in &parents[1..] {
        let parts: Vec<&str> = made.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 32, 16, 2], "{made}");
        assert!(made.chars().all(|digit| digit == '-' || matches!(digit, '0'..='9' | 'a'..='f')), "{made}");
    }
}

#[test]
fn the_operators_headers_are_added() {
    let headers = "[consumer.headers]\nAuthorization = { env = \"CRM_AUTH\" }\nX-Tenant = \"seven\"\n";
    let consumer = crate::support::consumer::Consumer::start();
    let proxy =
        Proxy::pass_through_with(&consumer.section("crm", "onprem", headers), &[("CRM_AUTH", "Bearer consumer")]);
    assert_eq!(proxy.send(&from_a_busy_platform(&flat_text())).status, 200);
    let received = consumer.only();
    assert_eq!(received.header("Authorization"), "Bearer consumer");
    assert_eq!(received.header("X-Tenant"), "seven");
}

/// As the On-Premises client named it: digits only.
#[test]
fn the_account_header_is_made_from_the_metadata_of_a_cloud_body() {
    let (consumer, proxy) = to_consumer("onprem", "");
    let spelled = Business { phone: "+1 (555) 078-3881", ..SUPPORT };
    assert_eq!(proxy.post("/webhooks", cloud_text(spelled)).status, 200);
    assert_eq!(consumer.only().header("X-WA-Account-Id"), "15550783881");
}

#[test]
fn the_account_header_comes_from_the_configuration_where_metadata_lacks_it() {
    let (consumer, proxy) = to_consumer("onprem", &SUPPORT.section("support", "\"crm\""));
    let body = cloud_text(SUPPORT).replace(&format!("\"display_phone_number\":\"{}\",", SUPPORT.phone), "");
    assert!(!body.contains("display_phone_number"));
    assert_eq!(proxy.post("/webhooks", body).status, 200);
    assert_eq!(consumer.only().header("X-WA-Account-Id"), SUPPORT.phone);
}
