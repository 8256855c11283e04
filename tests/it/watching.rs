//! What the operator watches, as `/api/status`, its stream, the metrics, the log and `cutover status`
//! say it.

mod consumers;
mod description;
mod fates;
mod letters;
mod losses;
mod mixed;
mod numbers;
mod parity;
mod playground;
mod restarts;
mod stalled;
mod stream;
mod terminal;

use crate::support::bodies::{Business, cloud, text};
use crate::support::eventually;
use crate::support::proxy::Proxy;
use serde_json::{Value, json};

/// The whole status.
fn status(proxy: &Proxy) -> Value {
    let answer = proxy.ask("/api/status");
    assert_eq!((answer.status, answer.headers.get("content-type")), (200, Some("application/json")));
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// One of a list of the status, by its name.
fn named<'s>(status: &'s Value, list: &str, name: &str) -> Option<&'s Value> {
    status[list].as_array().expect("a list").iter().find(|one| one["name"] == name)
}

/// The names in a list of the status.
fn names(status: &Value, list: &str) -> Vec<String> {
    let name = |one: &Value| one["name"].as_str().expect("a name").to_owned();
    status[list].as_array().expect("a list").iter().map(name).collect()
}

pub(crate) fn number(proxy: &Proxy, name: &str) -> Value {
    let status = status(proxy);
    named(&status, "numbers", name).unwrap_or_else(|| panic!("no number {name} in {status}")).clone()
}

fn consumer(proxy: &Proxy, name: &str) -> Value {
    let status = status(proxy);
    named(&status, "consumers", name).unwrap_or_else(|| panic!("no consumer {name} in {status}")).clone()
}

/// Waits until a consumer is as it should be; how it is then.
fn consumer_once(proxy: &Proxy, name: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || Some(consumer(proxy, name)).filter(&is))
}

/// The members of a body with one text message that a user sent at a time, in seconds since 1970.
fn said_by(from: &str, id: &str, at: u64) -> Value {
    let mut message = text(from, id, "hi");
    message["timestamp"] = at.to_string().into();
    json!({"messages": [message]})
}

fn said(id: &str, at: u64) -> Value {
    said_by("15550102001", id, at)
}

/// It arrives from the On-Premises client of a number.
fn onprem(proxy: &Proxy, business: Business, members: &Value) {
    let target = format!("/webhooks/onprem/{}", business.id);
    assert_eq!(proxy.post(&target, members.to_string()).status, 200);
}

/// It arrives from the Cloud API.
fn by_cloud(proxy: &Proxy, business: Business, members: &Value) {
    assert_eq!(proxy.post("/webhooks/cloud", cloud(business, members)).status, 200);
}

/// The lines of the log with a message.
fn log_lines(log: &str, message: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == message).collect()
}
