//! Several proxies that share a stream of a NATS server: whoever took a webhook, it is delivered once and
//! in its order, by whichever of them is alive.
//!
//! Each test has a stream of its own; those that kill the server have a server of their own.

mod away;
mod cluster;
mod credentials;
mod fleet;
mod frozen;
mod full;
mod killed;
mod letters;
mod probing;
mod refused;
mod remade;
mod shadow;
mod shared;
mod stopped;
mod store;
mod stuck;
mod subjects;

use crate::recovery::judge::TIMEOUT;
use crate::support::bodies::SUPPORT;
use crate::support::consumer::Consumer;
use crate::support::http::Answer;
use crate::support::proxy::{Home, Proxy};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// After so long what a dead proxy owned is another's.
const CLAIM: Duration = Duration::from_secs(2);

/// Retries that tests can wait for, and the timeout that the judge goes by.
fn settings() -> String {
    let timeout = TIMEOUT.as_millis();
    format!("timeout = \"{timeout}ms\"\n[consumer.retry]\nfirst = \"20ms\"\nmax = \"200ms\"\n")
}

/// A consumer of flat bodies with these, and the number it is for: a conversation is one, in either format.
fn flat(crm: &Consumer) -> String {
    [crm.section("crm", "onprem", &settings()), SUPPORT.section("support", "\"crm\"")].concat()
}

/// The name of a stream that no other test has.
fn stream() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("IT{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// `[journal]` in this stream of the servers at these addresses. Its last table is `journal.jetstream`, so
/// that further keys of that can come after it.
fn journal(urls: &str, stream: &str) -> String {
    journal_with(urls, stream, 1, CLAIM)
}

fn journal_with(urls: &str, stream: &str, replicas: usize, claim: Duration) -> String {
    format!(
        "[journal]\nbackend = \"jetstream\"\nretain_max_bytes = 16777216\n[journal.jetstream]\nurl = \"{urls}\"\nstream = \"{stream}\"\n\
         replicas = {replicas}\npartitions = 16\nclaim = \"{}ms\"\nduplicate_window = \"2m\"\n",
        claim.as_millis()
    )
}

/// Where a proxy lives that has no file.
fn home(config: &str) -> Home {
    let home = Home::new(config);
    home.unset("CUTOVER_JOURNAL__PATH");
    home
}

/// It was turned away, and told when to come again.
fn assert_turned_away(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let seconds = answer.headers.get("retry-after").and_then(|value| value.parse::<u64>().ok());
    assert!(seconds.is_some_and(|seconds| seconds > 0));
}

/// It is alive and not ready, and says why: the reason.
fn red(proxy: &Proxy) -> Option<String> {
    let ready = proxy.ask("/readyz");
    assert_eq!(proxy.ask("/livez").status, 200);
    let detail: serde_json::Value = serde_json::from_slice(&ready.body).expect("JSON");
    (ready.status == 503).then(|| detail["reason"].as_str().expect("a reason").to_owned())
}
