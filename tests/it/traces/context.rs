//! Which trace a webhook belongs to, and what the consumer is told of it when nothing is recorded.

use super::{PARENT, TRACE, either_way, hex, named, parent, proxy, traced};
use crate::support::bodies::flat_text;
use crate::support::collector::Collector;
use crate::support::consumer::Consumer;
use crate::support::proxy::{Home, Proxy};

/// The `traceparent` of a consumer's only request, sorted out.
fn told(consumer: &Consumer) -> (String, String) {
    let received = consumer.wait_for(1).remove(0);
    let mut parts = received.header("traceparent").split('-').skip(1).map(str::to_owned);
    let (trace, _span, flags) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    (trace, flags)
}

#[test]
fn a_malformed_parent_is_not_gone_on_with() {
    let malformed = [
        format!("00-{TRACE}-{PARENT}"),
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{TRACE}-{PARENT}-01-more"),
        "canary".to_owned(),
    ];
    for text in malformed {
        let consumer = Consumer::start();
        let collector = Collector::start();
        let proxy = proxy(&consumer.section("crm", "onprem", ""), &collector, &[]).start();
        let request = traced(&flat_text(), &text).header("tracestate", "vendor=1");
        assert_eq!(proxy.send(&request).status, 200);
        let spans = collector.wait_for(2);
        let webhook = &named(&spans, "webhook")[0];
        assert!(webhook.parent_span_id.is_empty() && hex(&webhook.trace_id) != TRACE, "{text}");
        assert!(spans.iter().all(|span| span.trace_state.is_empty()), "{text}");
        assert_eq!(told(&consumer), (hex(&webhook.trace_id), "01".to_owned()));
        assert_eq!(consumer.only().headers.get("tracestate"), None);
    }
}

#[test]
fn what_the_platform_does_not_sample_is_not_recorded_and_goes_through() {
    let collector = Collector::start();
    let consumer = Consumer::start();
    for (index, proxy) in either_way(&consumer.section("crm", "onprem", ""), &collector).iter().enumerate() {
        let request = traced(&flat_text(), &parent("00")).header("tracestate", "vendor=1");
        assert_eq!(proxy.send(&request).status, 200);
        let received = consumer.wait_for(2 * index + 1).remove(2 * index);
        assert_eq!(received.header("traceparent"), parent("00"));
        assert_eq!(received.header("tracestate"), "vendor=1");
        // What is exported after it shows that nothing was before.
        let sampled = traced(&flat_text().replace("ABGG", "ABGH"), &parent("01"));
        assert_eq!(proxy.send(&sampled).status, 200);
        collector.wait_for(2 * index + 2);
        consumer.wait_for(2 * index + 2);
    }
}

#[test]
fn the_environment_says_what_is_sampled_and_who_speaks() {
    let (collector, consumer) = (Collector::start(), Consumer::start());
    let config = consumer.section("crm", "onprem", "");
    let silent = proxy(&config, &collector, &[("OTEL_TRACES_SAMPLER", "always_off")]).start();
    assert_eq!(silent.post("/webhooks", flat_text()).status, 200);
    assert_eq!(told(&consumer).1, "00");
    let named = [("OTEL_SERVICE_NAME", "edge"), ("OTEL_RESOURCE_ATTRIBUTES", "service.version=9,site=north")];
    let loud = proxy(&config, &collector, &named).start();
    assert_eq!(loud.post("/webhooks", flat_text()).status, 200);
    collector.wait_for(2);
    for (key, value) in [("service.name", "edge"), ("service.version", "9"), ("site", "north")] {
        assert_eq!(collector.resource(key).as_deref(), Some(value), "{key}");
    }
}

/// Without a collector the platform's trace goes along as it is, and its state within bounds.
#[test]
fn without_a_collector_the_platforms_context_goes_through() {
    let start: [fn(&str) -> Proxy; 2] = [|config| Home::new(config).start(), Proxy::pass_through];
    for start in start {
        let consumer = Consumer::start();
        let proxy = start(&consumer.section("crm", "onprem", ""));
        let long = format!("long={}", "x".repeat(512));
        let request = traced(&flat_text(), &parent("01")).header("tracestate", "vendor=1").header("tracestate", &long);
        assert_eq!(proxy.send(&request).status, 200);
        let received = consumer.wait_for(1).remove(0);
        assert_eq!(received.header("traceparent"), parent("01"));
        assert_eq!(received.header("tracestate"), "vendor=1");
    }
}
