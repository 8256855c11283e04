//! A capture as input: of `replay`, which sends what was received, and of `translate`.

use super::{capturing, stop};
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::command::{Folder, run};
use crate::support::consumer::Consumer;
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use crate::support::signature::{meta, turn};

const DOORS: &str = "[cloud]\napp_secrets = [\"key\"]\n[onprem]\nturn_secret = \"key\"\n";

fn bodies() -> (String, String) {
    (format!("{}\n ", cloud_text(SUPPORT).replace("hi", "caf\\u00e9 \\/")), format!(" {}", flat_text()))
}

/// Three webhooks of both formats; the path of their capture.
fn captured(folder: &Folder) -> String {
    let consumer = Consumer::start();
    let config = format!("{}{DOORS}", consumer.section("crm", "cloud", ""));
    let config = format!("{config}{}", SUPPORT.section("support", "\"crm\""));
    let proxy = capturing(&config, &folder.path("capture"), &[], &[]);
    let (cloud, flat) = bodies();
    let cloud = Request::post("/webhooks", &cloud).header("X-Hub-Signature-256", &meta("key", &cloud));
    let named = Request::post("/webhooks", &flat)
        .header("X-Turn-Hook-Signature", &turn("key", &flat))
        .header("X-WA-Account-Id", SUPPORT.phone)
        .header("X-Turn-Claim", "c1");
    for request in [&cloud, &named, &cloud] {
        assert_eq!(proxy.send(request).status, 200);
    }
    stop(proxy);
    folder.path("capture").to_str().expect("text").to_owned()
}

#[test]
fn a_consumer_gets_the_bytes_and_headers_that_arrived() {
    let folder = Folder::new();
    let file = captured(&folder);
    let consumer = Consumer::start();
    let outcome = run(&["replay", "--to", &consumer.url(), &file]);
    assert!(outcome.stdout.starts_with("3 sent, 3 accepted"), "{outcome:?}");
    let requests = consumer.wait_for(3);
    let (cloud, flat) = bodies();
    let sent: Vec<&[u8]> = requests.iter().map(|request| request.body.as_slice()).collect();
    assert_eq!(sent, [cloud.as_bytes(), flat.as_bytes(), cloud.as_bytes()]);
    assert_eq!(requests[0].header("X-Hub-Signature-256"), meta("key", &cloud));
    assert_eq!(requests[1].header("X-Turn-Hook-Signature"), turn("key", &flat));
    assert_eq!((requests[1].header("X-WA-Account-Id"), requests[1].header("X-Turn-Claim")), (SUPPORT.phone, "c1"));
    assert_eq!(requests[1].target, "/webhook");
}

#[test]
fn another_proxy_takes_it_as_the_first_did() {
    let folder = Folder::new();
    let file = captured(&folder);
    let consumer = Consumer::start();
    let proxy = Proxy::pass_through(&format!(
        "{}{DOORS}{}",
        consumer.section("crm", "onprem", ""),
        SUPPORT.section("support", "\"crm\"")
    ));
    let to = format!("http://{}/webhooks", proxy.webhooks);
    let outcome = run(&["replay", "--to", &to, &file]);
    assert!(outcome.stdout.starts_with("3 sent, 3 accepted"), "{outcome:?}");
    assert_eq!(consumer.wait_for(3)[1].body, bodies().1.into_bytes());
    // Signed anew: with the wrong key nothing is left that proves it.
    let outcome = run(&["replay", "--to", &to, "--sign-with", "other", &file]);
    assert!(outcome.stdout.starts_with("3 sent, 0 accepted, 3 refused (401)"), "{outcome:?}");
}

#[test]
fn another_format_is_translated_first_and_goes_without_their_headers() {
    let folder = Folder::new();
    let file = captured(&folder);
    let consumer = Consumer::start();
    let outcome = run(&["replay", "--to", &consumer.url(), "--format", "onprem", &file]);
    assert!(outcome.stdout.starts_with("3 sent, 3 accepted"), "{outcome:?}");
    for request in consumer.wait_for(3) {
        assert!(request.json().get("messages").is_some());
        assert_eq!(request.headers.get("X-Hub-Signature-256"), None);
        assert_eq!(request.headers.get("X-Turn-Claim"), None);
    }
}

/// Whoever wrote the file does not choose what else is in a request.
#[test]
fn only_headers_of_a_capture_are_sent() {
    let folder = Folder::new();
    let line = r#"{"cutover_capture":1,"at":"","source":"cloud","path":"/","headers":{"host":"evil","authorization":"x","x-turn-a":"b"},"body":"{}"}"#;
    let file = folder.write("capture", line);
    let consumer = Consumer::start();
    assert_eq!(run(&["replay", "--to", &consumer.url(), &file]).code, Some(0));
    let request = consumer.only();
    assert_eq!(request.headers.get("authorization"), None);
    assert_ne!(request.header("host"), "evil");
    assert_eq!(request.header("x-turn-a"), "b");
}

#[test]
fn it_is_translated_as_its_bodies_are_and_errors_name_its_lines() {
    let folder = Folder::new();
    let capture = captured(&folder);
    let (cloud, flat) = bodies();
    let plain = folder.write("plain.ndjson", [cloud.trim(), flat.trim(), cloud.trim()].join("\n"));
    let outcome = |file: &str| run(&["translate", "--to", "normalized", file]).clean();
    assert_eq!(outcome(&capture).trim_ascii(), outcome(&plain).trim_ascii());
    let lines = folder.read("capture");
    let (first, rest) = lines.split_once('\n').expect("lines");
    let broken = first.replace("\"body\":\"{", "\"body\":\"{ nothing");
    let cut = first.get(..100).expect("a longer line");
    let file = folder.write("mixed", format!("{rest}{broken}\n{}\n{cut}\n{}\n", cloud.trim(), flat.trim()));
    let outcome = run(&["translate", "--to", "normalized", &file]);
    assert_eq!((outcome.code, outcome.lines().len()), (Some(1), 4));
    let errors: Vec<&str> = outcome.stderr.lines().collect();
    assert!(errors[0].starts_with(&format!("error: {file}:3: not JSON")), "{errors:?}");
    assert!(errors[1].starts_with(&format!("error: {file}:5: not JSON")) && errors.len() == 2, "{errors:?}");
}
