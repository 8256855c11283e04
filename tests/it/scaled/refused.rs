//! Reasons not to start, each said in a sentence with what to look at.

use super::{flat, home, journal, journal_with, stream};
use crate::support::broker::Broker;
use crate::support::consumer::Consumer;
use serde_json::json;
use std::time::Duration;

/// What is said instead of serving with this configuration; it has to hold all these words.
fn refused(config: &str, words: &[&str]) -> String {
    let Err(ended) = home(&[flat(&Consumer::start()), config.to_owned()].concat()).try_start() else {
        panic!("served")
    };
    assert_ne!(ended.status.code(), Some(0), "{}", ended.log);
    for word in words {
        assert!(ended.log.contains(word), "nothing of {word:?} in {}", ended.log);
    }
    assert!(!ended.log.contains("panicked"), "{}", ended.log);
    ended.log
}

#[test]
fn nobody_listens_there() {
    refused(&journal("nats://127.0.0.1:9", &stream()), &["127.0.0.1:9", "NATS"]);
}

#[test]
fn what_listens_there_is_no_nats_server() {
    let other = Consumer::start().address().to_string();
    refused(&journal(&format!("nats://{other}"), &stream()), &[&other, "NATS"]);
}

#[test]
fn a_wrong_password_is_said_and_not_repeated() {
    let Some(broker) = Broker::start_with("authorization { user: cutover, password: right }") else { return };
    let journal = journal(&broker.url(), &stream());
    let said = refused(&format!("{journal}user = \"cutover\"\npassword = \"mistaken\"\n"), &["password"]);
    assert!(!said.contains("mistaken"), "{said}");
    refused(&journal, &["journal.jetstream.user"]);
}

#[test]
fn jetstream_is_not_switched_on() {
    let Some(broker) = Broker::start_with("jetstream: disabled") else { return };
    refused(&journal(&broker.url(), &stream()), &["JetStream", "jetstream {"]);
}

#[test]
fn the_server_is_too_old() {
    let Some(broker) = Broker::start_old() else { return };
    let version = broker.ask("/varz")["version"].as_str().expect("a version").to_owned();
    refused(&journal(&broker.url(), &stream()), &[&version]);
}

#[test]
fn a_stream_of_that_name_is_somebody_elses() {
    let Some(broker) = Broker::shared() else { return };
    let stream = stream();
    let theirs = json!({"name": stream, "subjects": [format!("{stream}.orders.>")], "max_msgs": 10});
    let made = broker.request(&format!("$JS.API.STREAM.CREATE.{stream}"), &theirs);
    assert_eq!(made["did_create"], true, "{made}");
    refused(&journal(&broker.url(), &stream), &[&stream]);
    let info = broker.request(&format!("$JS.API.STREAM.INFO.{stream}"), &json!({}));
    assert_eq!(info["config"]["max_msgs"], 10, "it was left alone");
}

/// A stream is cut into its parts once: with another number the same conversation would be in two.
#[test]
fn another_number_of_partitions_than_the_stream_was_made_with() {
    let Some(broker) = Broker::shared() else { return };
    let journal = journal(&broker.url(), &stream());
    let config = [flat(&Consumer::start()), journal.clone()].concat();
    home(&config).start().stop();
    refused(&journal.replace("partitions = 16", "partitions = 8"), &["partitions", "16", "8"]);
}

#[test]
fn more_replicas_than_there_are_servers() {
    let Some(broker) = Broker::shared() else { return };
    let journal = journal_with(&broker.url(), &stream(), 3, Duration::from_secs(2));
    refused(&journal, &["replicas"]);
}
