//! Where no number is configured, everything that comes in is one number, until a second one shows.

use super::{by_cloud, names, number, said, status};
use crate::support::bodies::{SALES, SUPPORT};
use crate::support::consumer::Consumer;
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use serde_json::{Value, json};

const THEN: u64 = 1_764_000_000;

fn alone() -> (Consumer, Proxy) {
    let crm = Consumer::start();
    let proxy = Proxy::start(&crm.section("crm", "onprem", ""));
    (crm, proxy)
}

/// It arrives from the client of the number that its header names.
fn client_of(proxy: &Proxy, number: &str, members: &Value) {
    let request = Request::post("/webhooks/onprem", members.to_string()).header("X-WA-Account-Id", number);
    assert_eq!(proxy.send(&request).status, 200);
}

/// The platform, how many switches, and whether several numbers come in.
fn shown(proxy: &Proxy) -> (Value, usize, Value) {
    let all = number(proxy, "all");
    (all["platform"].clone(), all["switches"].as_array().map_or(0, Vec::len), all["mixed"].clone())
}

#[test]
fn the_cutover_of_the_only_number_is_seen() {
    let (_crm, proxy) = alone();
    assert_eq!(names(&status(&proxy), "numbers"), ["all"]);
    assert_eq!(proxy.post("/webhooks/onprem", said("a", THEN).to_string()).status, 200);
    by_cloud(&proxy, SUPPORT, &said("b", THEN + 1));
    by_cloud(&proxy, SUPPORT, &said("c", THEN + 2));
    assert_eq!(shown(&proxy), (json!("cloud"), 1, json!(false)));
    assert_eq!(proxy.metric("cutover_switches_total{number=\"all\",to=\"cloud\"}"), Some(1.0));
}

#[test]
fn a_second_number_is_said_and_no_switch_any_more() {
    let (_crm, proxy) = alone();
    client_of(&proxy, SUPPORT.phone, &said("a", THEN));
    by_cloud(&proxy, SALES, &said("b", THEN + 1));
    by_cloud(&proxy, SUPPORT, &said("c", THEN + 2));
    client_of(&proxy, SUPPORT.phone, &said("d", THEN + 3));
    assert_eq!(shown(&proxy), (Value::Null, 0, json!(true)));
    assert_eq!(proxy.metric("cutover_switches_total{number=\"all\",to=\"cloud\"}"), Some(0.0));
    let home = proxy.stop();
    assert_eq!(shown(&home.start()), (Value::Null, 0, json!(true)), "also after a restart");
}

/// A client calls the number by its phone, the Cloud API by an id with the phone beside it.
#[test]
fn one_number_under_two_names_is_one() {
    let (_crm, proxy) = alone();
    client_of(&proxy, "+1 555-078-3881", &said("a", THEN));
    by_cloud(&proxy, SUPPORT, &said("b", THEN + 1));
    assert_eq!(shown(&proxy), (json!("cloud"), 1, json!(false)));
    client_of(&proxy, SUPPORT.id, &said("c", THEN + 2));
    assert_eq!(shown(&proxy), (json!("onprem"), 2, json!(false)));
    client_of(&proxy, SALES.phone, &said("d", THEN + 3));
    assert_eq!(shown(&proxy).2, json!(true), "and another is another");
}

/// Once numbers are configured, what belongs to none of them is nobody's.
#[test]
fn it_ends_with_the_first_number_that_is_configured() {
    let (crm, proxy) = alone();
    by_cloud(&proxy, SUPPORT, &said("a", THEN));
    let gauge = || proxy.metric("cutover_last_event_timestamp_seconds{number=\"all\",source=\"cloud\"}");
    let before = gauge();
    assert!(before > Some(0.0));
    proxy.reload(&[crm.section("crm", "onprem", ""), SUPPORT.section("support", "\"crm\"")].concat());
    assert_eq!(names(&status(&proxy), "numbers"), ["support"]);
    by_cloud(&proxy, SALES, &said("b", THEN + 1));
    by_cloud(&proxy, SUPPORT, &said("c", THEN + 2));
    assert_eq!((gauge(), &number(&proxy, "support")["cloud"]["events"]), (before, &json!(1)));
}
