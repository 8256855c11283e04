//! Which platform a number speaks, and what is told of the way from one to the other.

use super::{by_cloud, log_lines, named, names, number, onprem, said, status};
use crate::support::bodies::{Business, SALES, SUPPORT, cloud_text, status as status_of, template_event};
use crate::support::consumer::Consumer;
use crate::support::proxy::Proxy;
use serde_json::{Value, json};

/// In seconds since 1970.
const THEN: u64 = 1_764_000_000;

/// `support` and `sales`, and a consumer that takes everything.
fn house() -> (Consumer, Proxy) {
    let crm = Consumer::start();
    let numbers = [SUPPORT.section("support", "\"crm\""), SALES.section("sales", "\"crm\"")].concat();
    let proxy = Proxy::start(&[crm.section("crm", "normalized", ""), numbers].concat());
    (crm, proxy)
}

fn switches(proxy: &Proxy, to: &str) -> Option<f64> {
    proxy.metric(&format!("cutover_switches_total{{number=\"support\",to=\"{to}\"}}"))
}

fn last_event(proxy: &Proxy, source: &str) -> Option<f64> {
    proxy.metric(&format!("cutover_last_event_timestamp_seconds{{number=\"support\",source=\"{source}\"}}"))
}

fn ms(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no time: {value}"))
}

#[test]
fn at_the_start_nothing_is_said_of_any_number() {
    let (_crm, proxy) = house();
    let status = status(&proxy);
    assert_eq!(names(&status, "numbers"), ["support", "sales"]);
    for name in ["support", "sales"] {
        let number = named(&status, "numbers", name).unwrap();
        let nothing = json!({"first_ms": null, "last_ms": null, "events": 0});
        assert_eq!((&number["onprem"], &number["cloud"]), (&nothing, &nothing));
        for member in ["platform", "since_ms", "quiet_seconds", "usual_pause_seconds", "parity"] {
            assert_eq!(number[member], Value::Null, "{member}");
        }
        assert_eq!((&number["silent"], &number["mixed"]), (&json!(false), &json!(false)));
        assert_eq!((&number["switches"], &number["minutes"]), (&json!([]), &json!([])));
    }
    for list in ["losses", "unknown", "webhooks"] {
        assert_eq!(status[list], json!([]), "{list}");
    }
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["readiness"], json!({"status": "ready", "journal": "embedded"}));
    assert!(ms(&status["started_ms"]) <= ms(&status["now_ms"]));
    assert_eq!((switches(&proxy, "cloud"), switches(&proxy, "onprem")), (Some(0.0), Some(0.0)));
    assert_eq!((last_event(&proxy, "cloud"), last_event(&proxy, "onprem")), (Some(0.0), Some(0.0)));
}

#[test]
fn a_cutover_is_told_by_status_metrics_and_one_line() {
    let (_crm, proxy) = house();
    onprem(&proxy, SUPPORT, &said("a", THEN));
    onprem(&proxy, SUPPORT, &said("b", THEN + 1));
    let before = number(&proxy, "support");
    assert_eq!((&before["platform"], &before["onprem"]["events"]), (&json!("onprem"), &json!(2)));
    assert_eq!(before["since_ms"], before["onprem"]["first_ms"]);
    assert_eq!((&before["cloud"]["events"], &before["switches"]), (&json!(0), &json!([])));

    by_cloud(&proxy, SUPPORT, &said("c", THEN + 9));
    let after = number(&proxy, "support");
    assert_eq!((&after["platform"], &after["cloud"]["events"]), (&json!("cloud"), &json!(1)));
    assert_eq!(after["onprem"], before["onprem"]);
    let [switch] = after["switches"].as_array().unwrap().as_slice() else { panic!("one switch: {after}") };
    assert_eq!((&switch["from"], &switch["to"]), (&json!("onprem"), &json!("cloud")));
    assert_eq!((&switch["out_of_order"], &switch["twice"]), (&json!(0), &json!(0)));
    assert_eq!(switch["last_before_ms"], before["onprem"]["last_ms"]);
    assert_eq!((&switch["at_ms"], &after["since_ms"]), (&after["cloud"]["first_ms"], &after["cloud"]["first_ms"]));
    let gap = (ms(&switch["at_ms"]) - ms(&switch["last_before_ms"])) as f64 / 1000.0;
    assert_eq!(switch["gap_seconds"].as_f64(), Some(gap));
    let minutes = after["minutes"].as_array().unwrap();
    let sum = |side: &str| minutes.iter().map(|minute| minute[side].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("onprem"), sum("cloud")), (2, 1));

    assert_eq!((switches(&proxy, "cloud"), switches(&proxy, "onprem")), (Some(1.0), Some(0.0)));
    for source in ["cloud", "onprem"] {
        assert_eq!(last_event(&proxy, source), Some(ms(&after[source]["last_ms"]) as f64 / 1000.0));
    }
    let speaks = |source: &str| {
        let name = format!("cutover_speaks_since_timestamp_seconds{{number=\"support\",source=\"{source}\"}}");
        proxy.metric(&name)
    };
    assert_eq!((speaks("cloud"), speaks("onprem")), (Some(ms(&after["since_ms"]) as f64 / 1000.0), Some(0.0)));
    assert_eq!(proxy.metric("cutover_switch_gap_seconds{number=\"support\"}"), Some(gap));
    let log = proxy.log();
    let [line] = log_lines(&log, "the number has switched").try_into().expect("one line");
    let said = ["number", "from", "to"].map(|member| line[member].as_str().unwrap().to_owned());
    assert_eq!((said, line["gap_seconds"].as_f64()), (["support", "onprem", "cloud"].map(String::from), Some(gap)));
    assert_eq!(number(&proxy, "sales")["platform"], Value::Null, "the other number has nothing to do with it");
}

#[test]
fn stragglers_of_the_old_platform_are_no_way_back_and_what_happened_later_is() {
    let (_crm, proxy) = house();
    onprem(&proxy, SUPPORT, &said("a", THEN));
    by_cloud(&proxy, SUPPORT, &said("b", THEN + 60));
    for (id, at) in [("late-1", THEN + 10), ("late-2", THEN + 59)] {
        onprem(&proxy, SUPPORT, &said(id, at));
    }
    let late = number(&proxy, "support");
    assert_eq!((&late["platform"], &late["onprem"]["events"]), (&json!("cloud"), &json!(3)));
    assert_eq!(late["switches"].as_array().map(Vec::len), Some(1));
    assert_eq!(late["switches"][0]["out_of_order"], 2);

    onprem(&proxy, SUPPORT, &said("back", THEN + 61));
    let back = number(&proxy, "support");
    assert_eq!(back["platform"], "onprem");
    let ways: Vec<&Value> = back["switches"].as_array().unwrap().iter().map(|switch| &switch["to"]).collect();
    assert_eq!(ways, ["onprem", "cloud"], "newest first");
    assert_eq!(
        (&back["switches"][0]["at_ms"], &back["since_ms"]),
        (&back["onprem"]["last_ms"], &back["onprem"]["last_ms"])
    );
    assert_eq!((switches(&proxy, "cloud"), switches(&proxy, "onprem")), (Some(1.0), Some(1.0)));
    assert_eq!(log_lines(&proxy.log(), "the number has switched").len(), 2);
}

/// The ids differ, the key in them does not.
#[test]
fn what_both_platforms_send_counts_as_twice() {
    let (_crm, proxy) = house();
    let (old, new) = ("gBEGkYiEB1VXAglK1ZEqA1YKPrU", "wamid.HBgMOTE4ODg0MDc1NTU3FQIAERgSNEFENTkxMkEwMzU2MEEzRUI1AA==");
    onprem(&proxy, SUPPORT, &said(old, THEN));
    by_cloud(&proxy, SUPPORT, &said(new, THEN));
    by_cloud(&proxy, SUPPORT, &said("wamid.another", THEN + 1));
    let number = number(&proxy, "support");
    assert_eq!((&number["platform"], &number["switches"][0]["twice"]), (&json!("cloud"), &json!(1)));
}

#[test]
fn the_test_button_duplicates_and_what_names_no_number_change_nothing() {
    let (_crm, proxy) = house();
    onprem(&proxy, SUPPORT, &said("a", THEN));
    let before = number(&proxy, "support");
    let button = Business { account: "0", ..SUPPORT };
    for body in [cloud_text(button), template_event(SUPPORT.account)] {
        assert_eq!(proxy.post("/webhooks/cloud", body).status, 200);
    }
    onprem(&proxy, SUPPORT, &said("a", THEN));
    by_cloud(&proxy, Business { id: "306540352242944", phone: "15550784000", account: "999" }, &said("x", THEN + 5));
    let after = number(&proxy, "support");
    for member in ["platform", "since_ms", "onprem", "cloud", "switches", "minutes"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    assert_eq!(last_event(&proxy, "cloud"), Some(0.0));
    let outcomes = |status: &Value| -> Vec<(String, u64)> {
        let webhooks = status["webhooks"].as_array().unwrap().iter();
        let one = |webhook: &Value| format!("{} {}", webhook["source"], webhook["outcome"]).replace('"', "");
        webhooks.map(|webhook| (one(webhook), webhook["count"].as_u64().unwrap())).collect()
    };
    let expected = [("cloud accepted", 3), ("onprem accepted", 1), ("onprem duplicate", 1)];
    assert_eq!(outcomes(&status(&proxy)), expected.map(|(outcome, count)| (outcome.to_owned(), count)));
}

#[test]
fn statuses_count_like_messages() {
    let (_crm, proxy) = house();
    onprem(&proxy, SUPPORT, &json!({"statuses": [status_of("15550102001", "a", "sent")]}));
    let statuses = [status_of("15550102001", "b", "delivered"), status_of("15550102001", "b", "read")];
    by_cloud(&proxy, SUPPORT, &json!({"statuses": statuses}));
    let number = number(&proxy, "support");
    assert_eq!((&number["onprem"]["events"], &number["cloud"]["events"]), (&json!(1), &json!(2)));
    assert_eq!((&number["platform"], number["switches"].as_array().map(Vec::len)), (&json!("cloud"), Some(1)));
}
