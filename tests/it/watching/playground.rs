//! `/api/translate`: what a payload becomes in the other formats, and nothing of it anywhere else.

use super::status;
use crate::support::bodies::{SUPPORT, cloud, contact, flat_text, status as status_of, text};
use crate::support::command::{Folder, run_on};
use crate::support::consumer::Consumer;
use crate::support::http::{Answer, Request};
use crate::support::proxy::Proxy;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn proxy() -> (Consumer, Proxy) {
    let crm = Consumer::start();
    let proxy = Proxy::start(&crm.section("crm", "onprem", ""));
    (crm, proxy)
}

fn ask(proxy: &Proxy, body: impl AsRef<[u8]>) -> Answer {
    Request::post("/api/translate", body).by_address(proxy.admin).send(proxy.admin)
}

fn translated(proxy: &Proxy, body: &str) -> Value {
    let answer = ask(proxy, body);
    assert_eq!(
        (answer.status, answer.headers.get("content-type")),
        (200, Some("application/json")),
        "{}",
        answer.text()
    );
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// What the command makes of it: bodies and losses.
fn by_command(to: &str, body: &str) -> (Vec<Value>, Vec<Value>) {
    let folder = Folder::new();
    let file = folder.path("losses.ndjson");
    let bodies = run_on(&["translate", "--to", to, "--losses", file.to_str().unwrap()], body).clean();
    let lines = |text: &str| text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut losses: Vec<Value> = lines(&folder.read("losses.ndjson"));
    losses.iter_mut().for_each(|loss| drop(loss.as_object_mut().unwrap().remove("input")));
    (lines(&bodies), losses)
}

/// Each target's bodies and losses, as the command has them.
fn target(answer: &Value, to: &str) -> (Vec<Value>, Vec<Value>) {
    let targets = answer["targets"].as_array().unwrap();
    let target = targets.iter().find(|target| target["to"] == to).unwrap_or_else(|| panic!("no {to} in {answer}"));
    let read = |text: &Value| -> Value { serde_json::from_str(text.as_str().expect("JSON as text")).expect("JSON") };
    let loss = |loss: &Value| json!({"path": loss["path"], "code": loss["code"], "value": read(&loss["value"])});
    let bodies = target["bodies"].as_array().unwrap().iter().map(read).collect();
    (bodies, target["losses"].as_array().unwrap().iter().map(loss).collect())
}

#[test]
fn it_says_what_the_command_says() {
    let (_crm, proxy) = proxy();
    let members = json!({
        "contacts": [contact("15550102001", "Nora")],
        "messages": [text("15550102001", "wamid.a", "hi")],
        "statuses": [status_of("15550102001", "s", "played")],
        "errors": [{"code": 9, "a/b~c \"d\"": 1}],
    });
    let cloud = cloud(SUPPORT, &members);
    let answer = translated(&proxy, &cloud);
    let targets: Vec<&Value> = answer["targets"].as_array().unwrap().iter().map(|target| &target["to"]).collect();
    assert_eq!((&answer["source"], targets), (&json!("cloud"), vec![&json!("onprem"), &json!("normalized")]));
    assert_eq!(target(&answer, "onprem"), by_command("onprem", &cloud));
    let is_expected = |code: &str| {
        let losses = answer["targets"][0]["losses"].as_array().unwrap();
        losses.iter().find(|loss| loss["code"] == code).map(|loss| loss["expected"].clone())
    };
    assert_eq!((is_expected("envelope"), is_expected("status_played")), (Some(json!(true)), Some(json!(false))));

    let answer = translated(&proxy, &flat_text());
    let targets: Vec<&Value> = answer["targets"].as_array().unwrap().iter().map(|target| &target["to"]).collect();
    assert_eq!((&answer["source"], targets), (&json!("onprem"), vec![&json!("cloud"), &json!("normalized")]));
    assert_eq!(target(&answer, "cloud"), by_command("cloud", &flat_text()));
}

#[test]
fn numbers_stay_as_they_were_written() {
    let (_crm, proxy) = proxy();
    let odd = r#"{"a":1.0,"b":1e3,"c":12345678901234567890,"d":-0.0}"#;
    let body = flat_text().replacen('{', &format!("{{\"odd\":{odd},"), 1);
    let answer = translated(&proxy, &body);
    let cloud = answer["targets"][0]["bodies"][0].as_str().unwrap();
    assert!(cloud.contains(odd), "{cloud}");
}

#[test]
fn what_cannot_be_read_is_refused_in_a_sentence() {
    let (_crm, proxy) = proxy();
    for body in ["", "{", "[]", "\"canary-text\"", "{\"canary-text\": 1}"] {
        let answer = ask(&proxy, body);
        let text = answer.text();
        assert_eq!(answer.status, 400, "{body}: {text}");
        assert!(text.starts_with("this cannot be translated: ") && !text.contains("canary-text"), "{text}");
    }
    assert_eq!(ask(&proxy, "x".repeat((4 << 20) + 1)).status, 413);
    let foreign = Request::post("/api/translate", flat_text()).by_address(proxy.admin);
    assert_eq!(foreign.header("Origin", "http://evil.example").send(proxy.admin).status, 403);
}

#[test]
fn nothing_of_it_is_kept_said_or_counted() {
    let (crm, proxy) = proxy();
    let scrape = || {
        let text = proxy.ask("/metrics").text();
        let ours = |line: &&str| line.starts_with("cutover_") && !line.contains("age_seconds");
        text.lines().filter(ours).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let before = scrape();
    let canary = "hologramcanary";
    let members = json!({"messages": [text("15550199777", canary, canary)], canary: 1});
    let mut strange = members.clone();
    strange["messages"][0]["type"] = json!(canary);
    for body in [cloud(SUPPORT, &strange), strange.to_string()] {
        translated(&proxy, &body);
    }
    assert_eq!(ask(&proxy, format!("{{\"{canary}\": ")).status, 400);
    assert_eq!(scrape(), before);
    let status = status(&proxy);
    for list in ["losses", "unknown", "webhooks"] {
        assert_eq!(status[list], json!([]), "{list}");
    }
    assert_eq!((proxy.letters(true).len(), crm.requests().len()), (0, 0));
    proxy.signal("TERM");
    let mut files = Vec::new();
    let journal = proxy.home().journal();
    crate::support::eventually("the end", || proxy.log().contains("\"stopped\"").then_some(()));
    for file in std::fs::read_dir(journal.parent().unwrap()).unwrap() {
        files.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    assert!(!files.is_empty());
    for word in [canary, "15550199777"] {
        assert!(!files.windows(word.len()).any(|window| window == word.as_bytes()), "{word} in a file");
        assert!(!proxy.log().contains(word), "{word} in the log");
    }
}
