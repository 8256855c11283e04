//! Rules that need a memory, and numbers that nobody knows. What a rule leaves out is counted; what is
//! set aside is a dead letter with its reason; the rest of its webhook is delivered.

mod aside;
mod forward_only;
mod unknown_number;

use crate::support::bodies::{Business, cloud};
use crate::support::consumer::{Consumer, Recorded};
use crate::support::ledger::events;
use crate::support::proxy::Proxy;
use serde_json::Value;

/// Posts a Cloud body that has to be answered 200.
fn post(proxy: &Proxy, business: Business, members: &Value) {
    assert_eq!(proxy.post("/webhooks", cloud(business, members)).status, 200);
}

/// The ids of everything the consumer was given, in order.
fn seen(consumer: &Consumer) -> Vec<String> {
    let ids = |request: &Recorded| events(&request.json()).into_iter().map(|event| event.id).collect::<Vec<_>>();
    consumer.requests().iter().flat_map(ids).collect()
}

/// Reason and consumer of each dead letter.
fn letters(proxy: &Proxy) -> Vec<(String, String)> {
    let text = |letter: &Value, key: &str| letter[key].as_str().expect("text").to_owned();
    proxy.letters(false).iter().map(|letter| (text(letter, "reason"), text(letter, "consumer"))).collect()
}

/// How often something was counted.
fn counted(proxy: &Proxy, metric: &str, consumer: &str, label: &str, value: &str) -> Option<f64> {
    proxy.metric(&format!("{metric}{{consumer=\"{consumer}\",{label}=\"{value}\"}}"))
}
