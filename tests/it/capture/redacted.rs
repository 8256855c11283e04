//! `--redact`: nobody is in the file, and it still translates as what arrived does.

use super::{capturing, lines, stop};
use crate::support::bodies::{SUPPORT, cloud, contact, status, text};
use crate::support::command::{Folder, run};
use crate::support::consumer::Consumer;
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use crate::support::signature::turn;
use serde_json::{Value, json};

const PHONE: &str = "15550199777";
const PERSONAL: [&str; 8] =
    [PHONE, "CanaryName", "canary text", "canaryid", "canary-claim", SUPPORT.id, SUPPORT.phone, SUPPORT.account];
const KEY: [(&str, &str); 1] = [("CUTOVER_CAPTURE_KEY", "a key that is long enough")];

fn members() -> Value {
    let mut message = text(PHONE, "wamid.canaryid", "canary text");
    message["type"] = json!("of_tomorrow");
    let failed = json!({"id": "canaryid", "recipient_id": PHONE, "status": "failed", "timestamp": "1764000002", "errors": [{"code": 131_035, "title": "CanaryName"}]});
    json!({"contacts": [contact(PHONE, "CanaryName")], "messages": [message], "statuses": [status(PHONE, "canaryid", "played"), failed]})
}

fn send_all(proxy: &Proxy) {
    let flat = members().to_string();
    let flat = Request::post("/webhooks/15550783881", &flat)
        .header("X-Turn-Hook-Signature", &turn("key", &flat))
        .header("X-Turn-Claim", "canary-claim")
        .header("X-WA-Account-Id", SUPPORT.phone);
    assert_eq!(proxy.send(&flat).status, 200);
    assert_eq!(proxy.post("/webhooks", cloud(SUPPORT, &members())).status, 200);
}

/// Captures the same webhooks once more.
fn capture(folder: &Folder, name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let consumer = Consumer::start();
    let config = format!("{}{}", consumer.section("crm", "cloud", ""), SUPPORT.section("support", "\"crm\""));
    let proxy = capturing(&config, &folder.path(name), arguments, environment);
    send_all(&proxy);
    let log = stop(proxy);
    assert!(!log.contains("phone numbers") || arguments.is_empty(), "{log}");
    folder.path(name).to_str().expect("text").to_owned()
}

/// The losses without what was lost.
fn losses(folder: &Folder, file: &str, to: &str) -> Vec<String> {
    let list = folder.path("losses").to_str().expect("text").to_owned();
    run(&["translate", "--to", to, "--losses", &list, file]).clean();
    let loss = |line: Value| format!("{} {} {}", line["input"], line["path"], line["code"]);
    lines(folder, "losses").into_iter().map(loss).collect()
}

#[test]
fn nobody_is_in_it_and_it_translates_as_before() {
    let folder = Folder::new();
    let plain = capture(&folder, "plain.ndjson", &[], &[]);
    let redacted = capture(&folder, "redacted.ndjson", &["--redact"], &KEY);
    let (before, after) = (folder.read("plain.ndjson"), folder.read("redacted.ndjson"));
    for canary in PERSONAL {
        assert!(before.contains(canary), "{canary} was planted");
        assert!(!after.contains(canary), "{canary} in {after}");
    }
    for to in ["onprem", "cloud", "normalized"] {
        let found = losses(&folder, &redacted, to);
        assert_eq!(found, losses(&folder, &plain, to), "{to}");
        assert!(to == "normalized" || !found.is_empty(), "there is something to lose");
    }
}

#[test]
fn path_header_and_body_name_one_number() {
    let folder = Folder::new();
    capture(&folder, "redacted.ndjson", &["--redact"], &KEY);
    let lines = lines(&folder, "redacted.ndjson");
    let body: Value = serde_json::from_str(lines[1]["body"].as_str().unwrap()).unwrap();
    let number = body.pointer("/entry/0/changes/0/value/metadata/display_phone_number").unwrap();
    assert_eq!(&lines[0]["headers"]["x-wa-account-id"], number);
    assert_eq!(lines[0]["path"], format!("/webhooks/{}", number.as_str().unwrap()));
    let headers: Vec<&String> = lines[0]["headers"].as_object().unwrap().keys().collect();
    assert_eq!(headers, ["x-turn-claim", "x-wa-account-id"]);
}

#[test]
fn captures_agree_by_their_key_alone() {
    let folder = Folder::new();
    let body = |name: &str, environment: &[(&str, &str)]| {
        capture(&folder, name, &["--redact"], environment);
        lines(&folder, name)[0]["body"].clone()
    };
    let (first, second) = (body("1", &KEY), body("2", &KEY));
    assert_eq!(first, second);
    let (third, fourth) = (body("3", &[]), body("4", &[]));
    assert!(third != first && fourth != first && third != fourth);
}
