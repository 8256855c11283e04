//! A collector that is away or hangs costs traces, and nothing else.

use super::proxy;
use crate::support::bodies::flat_text;
use crate::support::collector::Collector;
use crate::support::consumer::Consumer;
use crate::support::eventually;
use crate::support::proxy::Proxy;
use std::time::{Duration, Instant};

/// Longer than the end waits for a collector, and shorter than an export may take.
const SOON: Duration = Duration::from_secs(8);
const REFUSED: &str = "the collector does not take traces";

fn post(proxy: &Proxy, count: usize) {
    for index in 0..count {
        assert_eq!(proxy.post("/webhooks", flat_text().replace("ABGG", &format!("ABGG{index}"))).status, 200);
    }
}

#[track_caller]
fn assert_ends_soon(proxy: Proxy) -> String {
    let begun = Instant::now();
    proxy.signal("TERM");
    let ended = proxy.end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    ended.log
}

#[test]
fn one_that_is_away_is_told_of_once_and_costs_nothing_but_traces() {
    let (collector, consumer) = (Collector::absent(), Consumer::start());
    let proxy = proxy(&consumer.section("crm", "onprem", ""), &collector, &[]).start();
    post(&proxy, 20);
    consumer.wait_for(20);
    eventually("a word in the log", || proxy.log().contains(REFUSED).then_some(()));
    post(&proxy, 5);
    let log = assert_ends_soon(proxy);
    assert_eq!(log.matches(REFUSED).count(), 1, "{log}");
}

#[test]
fn one_that_comes_back_is_sent_what_comes_after() {
    let (collector, consumer) = (Collector::absent(), Consumer::start());
    let proxy = proxy(&consumer.section("crm", "onprem", ""), &collector, &[]).start();
    post(&proxy, 1);
    eventually("a word in the log", || proxy.log().contains(REFUSED).then_some(()));
    collector.arrive();
    let mut index = 0;
    eventually("spans at the collector", || {
        index += 1;
        assert_eq!(proxy.post("/webhooks", flat_text().replace("ABGG", &format!("ABGH{index}"))).status, 200);
        (!collector.spans().is_empty()).then_some(())
    });
    eventually("a word in the log", || proxy.log().contains("the collector takes traces again").then_some(()));
}

/// Whom nobody vouches for is not told anything.
#[test]
fn one_without_a_certificate_is_not_sent_anything() {
    let (collector, consumer) = (Collector::start(), Consumer::start());
    let home = proxy(&consumer.section("crm", "onprem", ""), &collector, &[]);
    home.set("CUTOVER_TELEMETRY__OTLP_ENDPOINT", &collector.url().replace("http:", "https:"));
    let proxy = home.start();
    post(&proxy, 3);
    consumer.wait_for(3);
    eventually("a word in the log", || proxy.log().contains(REFUSED).then_some(()));
    assert!(collector.spans().is_empty());
    assert_ends_soon(proxy);
}

/// The queue is bounded: what does not fit is dropped and said, and no webhook waits for it.
#[test]
fn one_that_hangs_delays_neither_webhooks_nor_the_end() {
    let small = [("OTEL_BSP_MAX_QUEUE_SIZE", "8"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")];
    for without_journal in [false, true] {
        let (collector, consumer) = (Collector::hanging(), Consumer::start());
        let home = proxy(&consumer.section("crm", "onprem", ""), &collector, &small);
        if without_journal {
            home.without_journal();
        }
        let proxy = home.start();
        let begun = Instant::now();
        post(&proxy, 50);
        consumer.wait_for(50);
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        let log = assert_ends_soon(proxy);
        for told in ["BatchSpanProcessor.SpanDroppingStarted", "BatchSpanProcessor.Shutdown.Timeout"] {
            assert_eq!(log.matches(told).count(), 1, "{told} in {log}");
        }
        assert!(log.trim_end().lines().last().is_some_and(|line| line.contains("\"stopped\"")), "{log}");
    }
}

/// What was not exported yet is, before the process ends.
#[test]
fn the_end_exports_what_waits() {
    let (collector, consumer) = (Collector::start(), Consumer::start());
    let proxy = proxy(&consumer.section("crm", "onprem", ""), &collector, &[("OTEL_BSP_SCHEDULE_DELAY", "600000")]);
    let proxy = proxy.start();
    post(&proxy, 3);
    consumer.wait_for(3);
    proxy.wait_until_drained("crm");
    assert!(collector.spans().is_empty());
    assert_ends_soon(proxy);
    assert_eq!(collector.spans().len(), 6);
}
