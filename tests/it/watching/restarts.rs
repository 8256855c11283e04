//! What is kept of numbers and of the unknown across restarts, and what a reload changes.

use super::{by_cloud, names, number, onprem, said, status};
use crate::support::bodies::{SALES, SUPPORT};
use crate::support::consumer::Consumer;
use crate::support::eventually;
use crate::support::proxy::{Home, Proxy};
use serde_json::{Value, json};

const THEN: u64 = 1_764_000_000;

fn config(crm: &Consumer, name: &str) -> String {
    [crm.section("crm", "normalized", ""), SUPPORT.section(name, "\"crm\"")].concat()
}

/// A number that has switched, and a message of a type that nobody knows.
fn switched() -> (Consumer, Proxy) {
    let crm = Consumer::start();
    let proxy = Proxy::start(&config(&crm, "support"));
    onprem(&proxy, SUPPORT, &said("a", THEN));
    by_cloud(&proxy, SUPPORT, &said("b", THEN + 1));
    let mut strange = said("c", THEN + 2);
    strange["messages"][0]["type"] = json!("hologram");
    by_cloud(&proxy, SUPPORT, &strange);
    (crm, proxy)
}

/// What is to survive.
fn lasting(proxy: &Proxy) -> (Value, Value) {
    let mut number = number(proxy, "support");
    number.as_object_mut().unwrap().remove("quiet_seconds");
    (number, status(proxy)["unknown"].clone())
}

/// Whether the journal's files hold a text. They are only read.
fn holds(home: &Home, text: &str) -> bool {
    let files = ["", "-wal"].map(|suffix| format!("{}{suffix}", home.journal().display()));
    let read = |path: &String| std::fs::read(path).unwrap_or_default();
    files.iter().map(read).any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn the_record_survives_an_orderly_end() {
    let (_crm, proxy) = switched();
    let before = lasting(&proxy);
    assert_eq!((&before.0["platform"], &before.1[0]["word"]), (&json!("cloud"), &json!("hologram")));
    let proxy = proxy.stop().start();
    assert_eq!(lasting(&proxy), before);
    // It goes on with it, and counters begin anew.
    by_cloud(&proxy, SUPPORT, &said("d", THEN + 3));
    assert_eq!(number(&proxy, "support")["cloud"]["events"], 3);
    let seconds = proxy.metric("cutover_last_event_timestamp_seconds{number=\"support\",source=\"onprem\"}");
    assert_eq!(seconds, before.0["onprem"]["last_ms"].as_u64().map(|ms| ms as f64 / 1000.0));
    assert_eq!(proxy.metric("cutover_switches_total{number=\"support\",to=\"cloud\"}"), Some(0.0));
}

#[test]
fn the_record_survives_a_kill_once_it_is_kept() {
    let (_crm, proxy) = switched();
    let before = lasting(&proxy);
    eventually("it is kept", || holds(proxy.home(), "\"word\":\"hologram\"").then_some(()));
    let proxy = proxy.kill().start();
    assert_eq!(lasting(&proxy), before);
}

#[test]
fn a_number_under_another_name_begins_anew() {
    let (crm, proxy) = switched();
    let before = lasting(&proxy);
    let home = proxy.stop();
    home.configure(&config(&crm, "helpdesk"));
    let proxy = home.start();
    assert_eq!(names(&status(&proxy), "numbers"), ["helpdesk"]);
    assert_eq!((&number(&proxy, "helpdesk")["platform"], &status(&proxy)["unknown"]), (&Value::Null, &before.1));
    // Its record waits under the old name.
    proxy.reload(&config(&crm, "support"));
    assert_eq!(lasting(&proxy), before);
}

#[test]
fn a_reload_adds_and_removes_numbers_and_consumers() {
    let (crm, proxy) = switched();
    let before = lasting(&proxy);
    let audit = Consumer::start();
    let more =
        [config(&crm, "support"), audit.section("audit", "cloud", ""), SALES.section("sales", "\"audit\"")].concat();
    proxy.reload(&more);
    let both = status(&proxy);
    assert_eq!(
        (names(&both, "numbers"), names(&both, "consumers")),
        (strings(["support", "sales"]), strings(["crm", "audit"]))
    );
    assert_eq!(lasting(&proxy), before);
    by_cloud(&proxy, SALES, &said("x", THEN));
    assert_eq!(number(&proxy, "sales")["platform"], "cloud");

    // The other way round.
    let others = [audit.section("audit", "cloud", ""), SALES.section("sales", "\"audit\"")].concat();
    proxy.wait_until_drained("crm");
    proxy.reload(&others);
    let one = status(&proxy);
    assert_eq!((names(&one, "numbers"), names(&one, "consumers")), (strings(["sales"]), strings(["audit"])));
    assert_eq!(number(&proxy, "sales")["cloud"]["events"], 1);
    proxy.reload(&more);
    assert_eq!(lasting(&proxy), before, "it is remembered while nobody asks for it");
}

fn strings<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}
