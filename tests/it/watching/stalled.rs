//! A journal that does not answer: whoever watches is told what is known, and does not wait in a line.

use super::{consumer, consumer_once, onprem, said_by, stream::Watcher};
use crate::support::bodies::SUPPORT;
use crate::support::consumer::Consumer;
use crate::support::disk::{Fault, Faults};
use crate::support::eventually;
use crate::support::proxy::Proxy;
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

const THEN: u64 = 1_764_000_000;
const MANY: usize = 12;

#[test]
fn what_was_owed_before_is_said_and_nobody_waits_for_another() {
    let Some(faults) = Faults::new() else { return };
    let crm = Consumer::absent();
    let retry = "[consumer.retry]\nfirst = \"1h\"\nmax = \"1h\"\n";
    let config = [crm.section("crm", "onprem", retry), SUPPORT.section("support", "\"crm\"")].concat();
    let [(preload, library), (switch, folder)] = faults.environment();
    let proxy = Proxy::start_with(&config, &[(preload, &library), (switch, &folder)]);
    onprem(&proxy, SUPPORT, &said_by("15550102001", "a", THEN));
    let before = consumer_once(&proxy, "crm", "one waits", |crm| crm["parked"] == 1);
    faults.begin(Fault::Stalled);
    thread::scope(|scope| {
        let stuck = said_by("15550102002", "b", THEN).to_string();
        let post = scope.spawn(|| proxy.post(&format!("/webhooks/onprem/{}", SUPPORT.id), stuck).status);
        // Until then the journal may still have answered.
        eventually("it does not answer", || {
            let begun = Instant::now();
            consumer(&proxy, "crm");
            (begun.elapsed() >= Duration::from_secs(1)).then_some(())
        });
        let begun = Instant::now();
        let mut watchers: Vec<Watcher> = (0..MANY).map(|_| Watcher::of(&proxy)).collect();
        for watcher in &mut watchers {
            let status = watcher.next().expect("a status");
            assert_eq!((&status["consumers"][0]["parked"], &before["parked"]), (&json!(1), &json!(1)));
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(MANY as u64 / 2), "one after the other: {took:?}");
        faults.end(Fault::Stalled);
        post.join().unwrap();
    });
}
