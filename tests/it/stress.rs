//! A journal that somebody else wants, whose disk is full, or whose file is damaged: what was answered
//! 200 is kept, what cannot be kept is answered 503, and the reason is said.

mod claim;
mod crowded;
mod damage;
mod failing;
mod full;

use crate::support::bodies::{SUPPORT, cloud, text};
use crate::support::consumer::Consumer;
use crate::support::disk::Disk;
use crate::support::eventually;
use crate::support::http::Answer;
use crate::support::ledger::Promises;
use crate::support::load::user;
use crate::support::proxy::{Home, Proxy};
use serde_json::json;

/// A proxy whose journal is on this disk.
fn on(disk: &Disk, crm: &Consumer) -> Proxy {
    let home = Home::new(&crm.section("crm", "onprem", "[consumer.retry]\nfirst = \"20ms\"\nmax = \"100ms\"\n"));
    home.set("CUTOVER_JOURNAL__PATH", &disk.name("cutover.db"));
    home.start()
}

/// Posts a message of so many KiB; what is answered 200 is promised.
fn post_large(proxy: &Proxy, promises: &Promises, number: usize, kib: usize) -> Answer {
    let conversation = number % 10;
    let message = text(&user(conversation), &format!("wamid.{conversation}.{number}"), &"x".repeat(kib << 10));
    let members = json!({"messages": [message]});
    let answer = proxy.post("/webhooks", cloud(SUPPORT, &members));
    promises.note(&members, &answer);
    answer
}

/// It takes nothing, says when to come again, and why in its readiness.
fn assert_red(proxy: &Proxy, answer: &Answer) {
    assert_red_for(proxy, answer, "the disk is full");
}

fn assert_red_for(proxy: &Proxy, answer: &Answer, reason: &str) {
    assert_eq!(answer.status, 503);
    let seconds = answer.headers.get("retry-after").and_then(|value| value.parse::<u64>().ok());
    assert!(seconds.is_some_and(|seconds| seconds > 0));
    let ready = proxy.ask("/readyz");
    let detail: serde_json::Value = serde_json::from_slice(&ready.body).expect("JSON");
    assert_eq!((ready.status, &detail["reason"]), (503, &json!(reason)));
    assert_eq!(proxy.ask("/livez").status, 200);
    eventually("the log says so", || proxy.log().contains("the journal cannot be written").then_some(()));
}

/// It takes webhooks again, by itself.
fn assert_recovers(proxy: &Proxy, promises: &Promises, number: usize) {
    eventually("it takes webhooks again", || (post_large(proxy, promises, number, 1).status == 200).then_some(()));
    eventually("it is ready", || (proxy.ask("/readyz").status == 200).then_some(()));
    eventually("the log says so", || proxy.log().contains("the journal can be written again").then_some(()));
}
