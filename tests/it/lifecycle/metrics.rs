//! `/metrics`: the names and labels that dashboards and alerts are written for, and what they count.

use crate::support::bodies::{Business, SUPPORT, cloud, cloud_text, flat_text, status, template_event};
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::http::{self, Request};
use crate::support::proxy::Proxy;
use crate::support::signature::meta;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;

fn signed(body: &str) -> Request {
    Request::post("/webhooks", body).header("X-Hub-Signature-256", &meta("meta", body))
}

/// Some of everything.
fn busy() -> (Consumer, Proxy) {
    let consumer = Consumer::start();
    let proxy = Proxy::pass_through(&format!(
        "{}{}[cloud]\napp_secrets = [\"meta\"]\n[listen]\nmax_body_bytes = 5000\n",
        consumer.section("crm", "onprem", ""),
        SUPPORT.section("support", "\"crm\"")
    ));
    let played = cloud(SUPPORT, &json!({"statuses": [status("15550102001", "s", "played")]}));
    let unknown = cloud_text(Business { id: "306540352242944", phone: "15550784000", account: "999" });
    for (request, status) in [
        (signed(&cloud_text(SUPPORT)), 200),
        (signed(&cloud_text(SUPPORT)), 200),
        (signed(&played), 200),
        (signed(&template_event(SUPPORT.account)), 200),
        (signed(&unknown), 404),
        (signed("{"), 400),
        (Request::post("/webhooks", cloud_text(SUPPORT)), 401),
        (Request::post("/webhooks/cloud", cloud_text(SUPPORT)), 401),
        (Request::post("/webhooks/onprem", flat_text()), 200),
        (Request::post("/webhooks/onprem", "x".repeat(5001)), 413),
    ] {
        assert_eq!(proxy.send(&request).status, status);
    }
    consumer.reply_next([Reply::status(500)]);
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 502);
    (consumer, proxy)
}

#[test]
fn what_happened_is_counted() {
    let (_consumer, proxy) = busy();
    for (sample, value) in [
        ("cutover_webhooks_total{source=\"cloud\",outcome=\"accepted\"}", 4.0),
        ("cutover_webhooks_total{source=\"cloud\",outcome=\"not_found\"}", 1.0),
        ("cutover_webhooks_total{source=\"cloud\",outcome=\"unauthorized\"}", 1.0),
        ("cutover_webhooks_total{source=\"onprem\",outcome=\"accepted\"}", 1.0),
        ("cutover_webhooks_total{source=\"onprem\",outcome=\"too_large\"}", 1.0),
        ("cutover_webhooks_total{source=\"onprem\",outcome=\"unavailable\"}", 1.0),
        // Nobody knows what these were to be.
        ("cutover_webhooks_total{source=\"unknown\",outcome=\"unauthorized\"}", 1.0),
        ("cutover_webhooks_total{source=\"unknown\",outcome=\"malformed\"}", 1.0),
        ("cutover_events_total{source=\"cloud\",kind=\"message\"}", 2.0),
        ("cutover_events_total{source=\"cloud\",kind=\"status\"}", 1.0),
        ("cutover_events_total{source=\"cloud\",kind=\"account\"}", 1.0),
        ("cutover_deliveries_total{consumer=\"crm\",outcome=\"delivered\"}", 4.0),
        ("cutover_deliveries_total{consumer=\"crm\",outcome=\"no_counterpart\"}", 1.0),
        ("cutover_deliveries_total{consumer=\"crm\",outcome=\"retried\"}", 1.0),
        ("cutover_losses_total{from=\"cloud\",to=\"onprem\",code=\"status_played\"}", 1.0),
        ("cutover_losses_total{from=\"cloud\",to=\"onprem\",code=\"no_counterpart\"}", 1.0),
        ("cutover_delivery_duration_seconds_count{consumer=\"crm\"}", 5.0),
        ("cutover_accept_duration_seconds_count{source=\"onprem\"}", 3.0),
        (&format!("cutover_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0),
    ] {
        assert_eq!(proxy.metric(sample), Some(value), "{sample}");
    }
    let envelope = "cutover_losses_total{from=\"cloud\",to=\"onprem\",code=\"envelope\"}";
    assert!(proxy.metric(envelope).is_some_and(|count| count >= 3.0));
}

#[test]
fn names_and_labels_are_those_of_the_contract() {
    let (_consumer, proxy) = busy();
    let answer = proxy.ask("/metrics");
    assert!(answer.headers.get("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    let text = answer.text();
    let expected = [
        ("cutover_accept_duration_seconds", "source"),
        ("cutover_build_info", "version"),
        ("cutover_config_reloads_total", "outcome"),
        ("cutover_consumer_up", "consumer"),
        ("cutover_dead_lettered_total", "consumer,reason"),
        ("cutover_consumer_up", "consumer"),
        ("cutover_deliveries_total", "consumer,outcome"),
        ("cutover_delivery_duration_seconds", "consumer"),
        ("cutover_delivery_lag_seconds", "consumer"),
        ("cutover_dropped_total", "consumer,rule"),
        ("cutover_duplicates_total", "source"),
        ("cutover_events_total", "source,kind"),
        ("cutover_last_event_timestamp_seconds", "number,source"),
        ("cutover_losses_total", "from,to,code"),
        ("cutover_parity_total", "number,outcome"),
        ("cutover_ready", ""),
        ("cutover_speaks_since_timestamp_seconds", "number,source"),
        ("cutover_switch_gap_seconds", "number"),
        ("cutover_switches_total", "number,to"),
        ("cutover_unknown_total", "source,what"),
        ("cutover_webhooks_total", "source,outcome"),
        ("process_start_time_seconds", ""),
    ];
    let found: BTreeSet<(String, String)> =
        text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(name_and_labels).collect();
    let expected: BTreeSet<(String, String)> =
        expected.iter().map(|(name, labels)| ((*name).to_owned(), (*labels).to_owned())).collect();
    assert_eq!(found, expected);
    for (name, _) in &expected {
        assert!(text.contains(&format!("# HELP {name} ")) && text.contains(&format!("# TYPE {name} ")), "{name}");
    }
}

/// A sample's metric, and its labels without their values and without `le`.
fn name_and_labels(line: &str) -> (String, String) {
    let (name, labels) = line.split_once(['{', ' ']).unwrap_or((line, ""));
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    let labels = labels.split_once('}').map_or("", |(labels, _)| labels);
    let keys = labels.split(',').filter_map(|label| label.split_once('=')).map(|(key, _)| key);
    (base.to_owned(), keys.filter(|key| *key != "le").collect::<Vec<_>>().join(","))
}

/// What strangers send does not make new series.
#[test]
fn label_values_come_from_closed_lists() {
    let (_consumer, proxy) = busy();
    let lines = |proxy: &Proxy| proxy.ask("/metrics").text().lines().count();
    let send = |round: u32| {
        for (target, body) in [
            (format!("/webhooks/1555{round}"), flat_text()),
            (format!("/webhooks/onprem?secret={round}"), format!("{{\"messages\":[{{\"type\":\"t{round}\"}}]}}")),
            ("/webhooks".to_owned(), format!("not JSON {round}")),
        ] {
            proxy.post(&target, body);
        }
    };
    send(0);
    let before = lines(&proxy);
    (1..5).for_each(send);
    assert_eq!(lines(&proxy), before);
}

/// The platform gives up after a while: that it did is counted, and the attempt ends with it.
#[test]
fn a_sender_that_hangs_up_is_counted() {
    let consumer = Consumer::replying(Reply::Hold);
    let proxy = Proxy::pass_through(&consumer.section("crm", "onprem", ""));
    let mut sender = http::connect(proxy.webhooks);
    sender.write_all(&Request::post("/webhooks", flat_text()).bytes()).expect("the proxy listens");
    consumer.wait_for(1);
    drop(sender);
    let sample = "cutover_webhooks_total{source=\"onprem\",outcome=\"unavailable\"}";
    eventually("it is counted", || (proxy.metric(sample) == Some(1.0)).then_some(()));
}
