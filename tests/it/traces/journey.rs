//! One trace from the platform's POST to the consumer's answer, whatever lies between.

use super::{PARENT, TRACE, either_way, hex, is_error, named, parent, proxy, said, traced};
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::collector::Collector;
use crate::support::consumer::{Consumer, Reply};
use opentelemetry_proto::tonic::trace::v1::Span;

const WEBHOOK: [&str; 4] = ["http.request.method", "http.response.status_code", "cutover.source", "cutover.outcome"];
const DELIVERY: [&str; 6] = [
    "http.response.status_code",
    "cutover.consumer",
    "cutover.source",
    "cutover.kind",
    "cutover.attempt",
    "cutover.verdict",
];
const SERVER: i32 = 2;
const CLIENT: i32 = 3;

#[track_caller]
fn assert_follows(delivery: &Span, webhook: &Span) {
    assert_eq!((delivery.kind, &delivery.trace_id), (CLIENT, &webhook.trace_id));
    assert_eq!(delivery.parent_span_id, webhook.span_id);
    let links: Vec<_> = delivery.links.iter().map(|link| (&link.trace_id, &link.span_id)).collect();
    assert_eq!(links, [(&webhook.trace_id, &webhook.span_id)]);
}

#[test]
fn a_platforms_trace_goes_on_to_the_consumer() {
    let consumer = Consumer::replying(Reply::status(204));
    let collector = Collector::start();
    for (index, proxy) in either_way(&consumer.section("crm", "onprem", ""), &collector).iter().enumerate() {
        let request = traced(&cloud_text(SUPPORT), &parent("01")).header("tracestate", "vendor=1,other=2");
        assert_eq!(proxy.send(&request).status, 200);
        let spans = collector.wait_for(2 * (index + 1)).split_off(2 * index);
        let (webhook, delivery) = (&named(&spans, "webhook")[0], &named(&spans, "delivery")[0]);
        assert_eq!(
            (webhook.kind, hex(&webhook.trace_id), hex(&webhook.parent_span_id)),
            (SERVER, TRACE.into(), PARENT.into())
        );
        assert_eq!(said(webhook, WEBHOOK), ["POST", "200", "cloud", "accepted"]);
        assert_follows(delivery, webhook);
        assert_eq!(said(delivery, DELIVERY), ["204", "crm", "cloud", "message", "1", "delivered"]);
        assert!(spans.iter().all(|span| !is_error(span) && span.trace_state == "vendor=1,other=2"));
        let received = consumer.wait_for(index + 1).remove(index);
        assert_eq!(received.header("traceparent"), format!("00-{TRACE}-{}-01", hex(&delivery.span_id)));
        assert_eq!(received.header("tracestate"), "vendor=1,other=2");
    }
    assert_eq!(collector.resource("service.name").as_deref(), Some("cutover"));
    assert_eq!(collector.resource("service.version").as_deref(), Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn each_consumer_and_each_attempt_is_a_span_of_it() {
    let (crm, shadow) = (Consumer::start(), Consumer::start());
    crm.reply_next([Reply::status(500)]);
    let collector = Collector::start();
    let retry = "[consumer.retry]\nfirst = \"10ms\"\n";
    let config = format!("{}{}", crm.section("crm", "onprem", retry), shadow.section("shadow", "normalized", retry));
    let proxy = proxy(&config, &collector, &[]).start();
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    let spans = collector.wait_for(4);
    let webhook = &named(&spans, "webhook")[0];
    assert!(webhook.parent_span_id.is_empty() && webhook.flags & 1 == 1);
    let attempts = named(&spans, "delivery");
    attempts.iter().for_each(|attempt| assert_follows(attempt, webhook));
    let mut told: Vec<_> = attempts.iter().map(|attempt| (said(attempt, DELIVERY), is_error(attempt))).collect();
    told.sort();
    let line = |words: [&str; 6], error| (words.map(str::to_owned), error);
    assert_eq!(
        told,
        [
            line(["200", "crm", "onprem", "message", "2", "delivered"], false),
            line(["200", "shadow", "onprem", "message", "1", "delivered"], false),
            line(["500", "crm", "onprem", "message", "1", "refused"], true),
        ]
    );
    let mut parents: Vec<String> = [&crm, &shadow]
        .into_iter()
        .flat_map(Consumer::requests)
        .map(|request| request.header("traceparent").to_owned())
        .collect();
    let mut spans: Vec<String> =
        attempts.iter().map(|span| format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id))).collect();
    parents.sort();
    spans.sort();
    assert_eq!(parents, spans);
}

#[test]
fn a_kill_between_accept_and_delivery_keeps_the_trace() {
    let consumer = Consumer::replying(Reply::Hold);
    let collector = Collector::start();
    let proxy = proxy(&consumer.section("crm", "onprem", ""), &collector, &[]).start();
    assert_eq!(proxy.send(&traced(&flat_text(), &parent("01"))).status, 200);
    let webhook = collector.wait_for(1).remove(0);
    consumer.wait_for(1);
    let home = proxy.kill();
    consumer.reply(Reply::status(200));
    let _proxy = home.start();
    let delivery = collector.wait_for(2).remove(1);
    assert_eq!((delivery.name.as_str(), hex(&delivery.trace_id)), ("delivery", TRACE.to_owned()));
    assert_follows(&delivery, &webhook);
}

#[test]
fn what_was_delivered_and_is_sent_again_is_of_the_same_trace() {
    let consumer = Consumer::start();
    let collector = Collector::start();
    let proxy = proxy(&consumer.section("crm", "onprem", ""), &collector, &[]).start();
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    let webhook = named(&collector.wait_for(2), "webhook").remove(0);
    proxy.wait_until_drained("crm");
    let admin = format!("http://{}", proxy.admin);
    let outcome = proxy.home().command(&["redeliver", "--consumer", "crm", "--since", "1h", "--admin", &admin]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_follows(&collector.wait_for(3)[2], &webhook);
}

/// Who is turned away is seen as well, and where a trace breaks off.
#[test]
fn what_is_not_taken_is_a_span_too() {
    let consumer = Consumer::replying(Reply::Close);
    let collector = Collector::start();
    let [_journal, direct] = either_way(&consumer.section("crm", "onprem", ""), &collector);
    assert_eq!(direct.post("/webhooks", "no json").status, 400);
    let refused = collector.wait_for(1).remove(0);
    assert_eq!(said(&refused, WEBHOOK), ["POST", "400", "unknown", "malformed"]);
    assert!(!is_error(&refused));
    assert_eq!(direct.post("/webhooks", flat_text()).status, 502);
    let spans = collector.wait_for(3);
    let webhook = &named(&spans, "webhook")[1];
    assert_eq!(said(webhook, WEBHOOK), ["POST", "502", "onprem", "unavailable"]);
    let delivery = &named(&spans, "delivery")[0];
    assert_eq!(said(delivery, ["cutover.verdict"]), ["unreachable"]);
    assert_follows(delivery, webhook);
    assert!(is_error(webhook) && is_error(delivery));
}
