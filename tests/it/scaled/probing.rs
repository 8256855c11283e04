//! `check --probe`: what the servers' own settings make of a 200.

use super::{flat, journal, stream};
use crate::support::broker::Broker;
use crate::support::command::cutover;
use crate::support::consumer::Consumer;
use std::fs;

/// What it says of a configuration, and whether it ends well.
fn probed(config: &str) -> (String, bool) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("cutover.toml");
    fs::write(&file, config).unwrap();
    let output = cutover().args(["check", "--probe", "--config"]).arg(&file).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.success())
}

#[test]
fn it_warns_of_what_is_acknowledged_before_it_is_synced_and_makes_nothing() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, stream) = (Consumer::start(), stream());
    let journal = journal(&broker.url(), &stream);
    let (said, good) = probed(&[flat(&crm), format!("{journal}monitor = \"{}\"\n", broker.monitor())].concat());
    assert!(good, "{said}");
    for word in ["syncs its files every 2m", "replicas is 1", &format!("{stream} reached")] {
        assert!(said.contains(word), "nothing of {word:?} in {said}");
    }
    let info = broker.request(&format!("$JS.API.STREAM.INFO.{stream}"), &serde_json::json!({}));
    assert_eq!(info["error"]["code"], 404, "{info}");
}

#[test]
fn of_one_that_always_syncs_it_says_nothing() {
    let Some(broker) = Broker::start_with("jetstream { sync_interval: always }") else { return };
    let crm = Consumer::start();
    let journal = journal(&broker.url(), &stream());
    let (said, good) = probed(&[flat(&crm), format!("{journal}monitor = \"{}\"\n", broker.monitor())].concat());
    assert!(good && !said.contains("syncs its files"), "{said}");
}

#[test]
fn where_nobody_is_there_it_fails_with_a_sentence() {
    let crm = Consumer::start();
    let (said, good) = probed(&[flat(&crm), journal("nats://127.0.0.1:9", &stream())].concat());
    assert!(!good && said.contains("cannot connect to NATS at nats://127.0.0.1:9"), "{said}");
}
