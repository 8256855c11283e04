//! `replay`: captured payloads against a consumer or a proxy.

use crate::support::bodies::{SUPPORT, cloud, cloud_text, flat_text, template_event, text};
use crate::support::command::{Folder, Outcome, run, run_with};
use crate::support::consumer::{Consumer, Reply};
use crate::support::proxy::Proxy;
use crate::support::signature::{meta, standard, turn};
use serde_json::json;
use std::time::{Duration, Instant};

fn capture(folder: &Folder) -> String {
    folder.write("capture.ndjson", format!("{}\n{}\n{}\n", cloud_text(SUPPORT), flat_text(), template_event("1")))
}

fn replay(to: &str, arguments: &[&str]) -> Outcome {
    let arguments: Vec<&str> = ["replay", "--to", to].iter().chain(arguments).copied().collect();
    run(&arguments)
}

/// The summary without its time.
fn summary(outcome: &Outcome) -> &str {
    let line = outcome.stdout.strip_suffix(" s\n").expect("seconds");
    let (summary, seconds) = line.rsplit_once(" in ").expect("a time");
    assert!(seconds.parse::<f64>().is_ok(), "{line}");
    summary
}

#[test]
fn payloads_are_sent_as_they_are_and_in_order() {
    let (consumer, folder) = (Consumer::start(), Folder::new());
    let outcome = replay(&consumer.url(), &[&capture(&folder)]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(summary(&outcome), "3 sent, 3 accepted");
    let requests = consumer.requests();
    let bodies: Vec<&[u8]> = requests.iter().map(|request| request.body.as_slice()).collect();
    assert_eq!(bodies, [cloud_text(SUPPORT).as_bytes(), flat_text().as_bytes(), template_event("1").as_bytes()]);
    for request in requests {
        assert_eq!((request.method.as_str(), request.header("Content-Type")), ("POST", "application/json"));
    }
    assert_eq!(consumer.most_at_once(), 1);
}

#[test]
fn they_can_be_translated_first() {
    let folder = Folder::new();
    let file = capture(&folder);
    let consumer = Consumer::start();
    let outcome = replay(&consumer.url(), &["--format", "onprem", &file]);
    assert_eq!((outcome.code, summary(&outcome)), (Some(0), "2 sent, 2 accepted, 1 without a counterpart"));
    for request in consumer.wait_for(2) {
        assert_eq!(request.json().pointer("/messages/0/text/body"), Some(&json!("hi")));
    }
    let consumer = Consumer::start();
    let outcome = replay(&consumer.url(), &["--format", "normalized", &file]);
    assert_eq!(summary(&outcome), "3 sent, 3 accepted");
    for request in consumer.wait_for(3) {
        assert_eq!(request.header("Content-Type"), "application/cloudevents-batch+json");
        assert_eq!(request.json().pointer("/0/specversion"), Some(&json!("1.0")));
    }
}

#[test]
fn each_is_signed_as_its_format_is() {
    let folder = Folder::new();
    let file = capture(&folder);
    let consumer = Consumer::start();
    let arguments = ["replay", "--to", &consumer.url(), &file];
    let by_variable = run_with(&arguments, &[("CUTOVER_REPLAY_SECRET", "key")], "");
    assert_eq!(by_variable.code, Some(0));
    assert_eq!(replay(&consumer.url(), &["--sign-with", "key", &file]).code, Some(0));
    let requests = consumer.wait_for(6);
    for three in requests.chunks(3) {
        assert_eq!(three[0].header("X-Hub-Signature-256"), meta("key", &three[0].body));
        assert_eq!(three[1].header("X-Turn-Hook-Signature"), turn("key", &three[1].body));
        assert_eq!(three[1].headers.get("X-Hub-Signature-256"), None);
    }
    let consumer = Consumer::start();
    assert_eq!(replay(&consumer.url(), &["--format", "normalized", "--sign-with", "key", &file]).code, Some(0));
    for request in consumer.wait_for(3) {
        let (id, timestamp) = (request.header("webhook-id"), request.header("webhook-timestamp"));
        assert_eq!(request.header("webhook-signature"), standard(b"key", id, timestamp, &request.body));
    }
}

/// Two bodies made from one document are two messages to a receiver that drops what it has seen.
#[test]
fn each_normalized_event_has_an_id_of_its_own() {
    let folder = Folder::new();
    let members = json!({"messages": [text("15550102001", "a", "1"), text("15550102001", "b", "2")]});
    let file = folder.write("two.json", cloud(SUPPORT, &members));
    let consumer = Consumer::start();
    assert_eq!(replay(&consumer.url(), &["--format", "normalized", "--sign-with", "key", &file]).code, Some(0));
    let requests = consumer.wait_for(2);
    assert_ne!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
}

#[test]
fn a_rate_is_kept() {
    let folder = Folder::new();
    let file = folder.write("capture.ndjson", format!("{}\n", flat_text()).repeat(6));
    let consumer = Consumer::start();
    let begun = Instant::now();
    assert_eq!(summary(&replay(&consumer.url(), &["--rate", "50/s", &file])), "6 sent, 6 accepted");
    assert!(begun.elapsed() >= Duration::from_millis(100), "five pauses of 20 ms");
}

#[test]
fn what_is_refused_is_named_and_summed_up() {
    let folder = Folder::new();
    let file = capture(&folder);
    let consumer = Consumer::start();
    consumer.reply_next([Reply::status(500), Reply::status(204), Reply::with(302, "Location", "/elsewhere")]);
    let outcome = replay(&consumer.url(), &[&file]);
    assert_eq!((outcome.code, summary(&outcome)), (Some(1), "3 sent, 1 accepted, 1 refused (302), 1 refused (500)"));
    assert_eq!(outcome.stderr, format!("error: {file}:1: 500\nerror: {file}:3: 302\n"));
    assert_eq!(consumer.requests().len(), 3);

    consumer.reply(Reply::Close);
    let outcome = replay(&consumer.url(), &[&file]);
    assert_eq!((outcome.code, summary(&outcome)), (Some(1), "3 sent, 0 accepted, 3 refused (connection broke)"));
    let outcome = replay("http://127.0.0.1:1/", &[&file]);
    assert_eq!((outcome.code, summary(&outcome)), (Some(1), "3 sent, 0 accepted, 3 refused (no connection)"));
}

#[test]
fn what_cannot_be_translated_is_not_sent() {
    let folder = Folder::new();
    let file = folder.write("capture.ndjson", format!("nothing\n{}\n", flat_text()));
    let consumer = Consumer::start();
    let outcome = replay(&consumer.url(), &["--format", "cloud", &file]);
    assert_eq!((outcome.code, summary(&outcome)), (Some(1), "1 sent, 1 accepted, 1 unreadable"));
    assert!(outcome.stderr.starts_with(&format!("error: {file}:1: not JSON")), "{}", outcome.stderr);
}

/// The way it is meant: yesterday's capture, through a proxy, to a consumer.
#[test]
fn through_a_proxy() {
    let (consumer, folder) = (Consumer::start(), Folder::new());
    let proxy =
        Proxy::pass_through(&format!("{}[cloud]\napp_secrets = [\"key\"]\n", consumer.section("crm", "onprem", "")));
    let to = format!("http://{}/webhooks", proxy.webhooks);
    let file = capture(&folder);
    assert_eq!(summary(&replay(&to, &["--sign-with", "key", &file])), "3 sent, 3 accepted");
    assert_eq!(consumer.requests().len(), 2);
    assert_eq!(summary(&replay(&to, &["--sign-with", "other", &file])), "3 sent, 1 accepted, 2 refused (401)");
}

#[test]
fn usage() {
    let folder = Folder::new();
    let file = capture(&folder);
    for arguments in [
        ["replay", "--to", "http://127.0.0.1:1/"].as_slice(),
        &["replay", &file],
        &["replay", "--to", "127.0.0.1:1", &file],
        &["replay", "--to", "ftp://127.0.0.1/", &file],
        &["replay", "--to", "http://127.0.0.1:1/", "--rate", "0", &file],
        &["replay", "--to", "http://127.0.0.1:1/", "--rate", "fast", &file],
        &["replay", "--to", "http://127.0.0.1:1/", "--format", "xml", &file],
        &["replay", "--to", "http://127.0.0.1:1/", "/nowhere/capture.ndjson"],
    ] {
        let outcome = run(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}");
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
    }
}
