//! The description of the API, held against answers of a server: it says what is answered, and all of it.

use super::consumer_once;
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::consumer::{Consumer, Reply};
use crate::support::http::{Answer, Request};
use crate::support::proxy::Proxy;
use serde_json::{Value, json};

/// A server with everything in it: both platforms, two consumers of which one refuses, a loss, something
/// unknown, a dead letter.
fn full() -> (Proxy, [Consumer; 2]) {
    let consumers = [Consumer::start(), Consumer::replying(Reply::status(500))];
    let [crm, shadow] = &consumers;
    let retry = "[consumer.retry]\nfirst = \"1h\"\nmax = \"1h\"\n";
    let config = [
        crm.section("crm", "onprem", ""),
        shadow.section("shadow", "cloud", retry),
        SUPPORT.section("support", "\"crm\", \"shadow\""),
    ];
    let proxy = Proxy::start(&config.concat());
    let unknown =
        cloud_text(SUPPORT).replace("\"type\":\"text\"", "\"type\":\"hologram\"").replace("wamid.a", "wamid.b");
    for body in [flat_text(), cloud_text(SUPPORT), unknown] {
        assert_eq!(proxy.post("/webhooks", body).status, 200);
    }
    assert_eq!(proxy.post("/webhooks", "{}").status, 400);
    consumer_once(&proxy, "crm", "all is taken", |crm| crm["taken"] == 3);
    consumer_once(&proxy, "shadow", "one waits", |shadow| shadow["parked"] == 1);
    let id = proxy.letters(true)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(proxy.order(&format!("/api/dead-letters/{id}/bury"), &json!({})).status, 200);
    (proxy, consumers)
}

fn description(proxy: &Proxy) -> Value {
    let answer = proxy.ask("/api/openapi.json");
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// Complains where an answer is not what the description says of it.
fn assert_described(description: &Value, method: &str, path: &str, answer: &Answer) {
    let status = answer.status.to_string();
    let content = &description["paths"][path][method]["responses"][&status]["content"];
    let schema = &content["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} {status} is not described");
    let mut root = schema.clone();
    root["components"] = description["components"].clone();
    let validator = jsonschema::draft202012::new(&root).expect("a schema");
    let said: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let errors: Vec<String> =
        validator.iter_errors(&said).map(|error| format!("{} {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{method} {path}: {errors:#?}\n{said:#}");
}

#[test]
fn answers_are_as_they_are_described() {
    let (proxy, _consumers) = full();
    let description = description(&proxy);
    let id = proxy.letters(false)[0]["id"].as_str().unwrap().to_owned();
    let letter = format!("/api/dead-letters/{id}");
    for (path, target) in [
        ("/api/status", "/api/status"),
        ("/api/dead-letters", "/api/dead-letters"),
        ("/api/dead-letters/{id}", &letter),
        ("/api/dead-letters/{id}", &format!("{letter}?masked=true")),
        ("/api/openapi.json", "/api/openapi.json"),
        ("/livez", "/livez"),
        ("/readyz", "/readyz"),
    ] {
        assert_described(&description, "get", path, &proxy.ask(target));
    }
    let translated = Request::post("/api/translate", cloud_text(SUPPORT)).by_address(proxy.admin).send(proxy.admin);
    assert_described(&description, "post", "/api/translate", &translated);
    let receipt = proxy.order("/api/redeliver", &json!({"ids": [id, "7-7"]}));
    assert_described(&description, "post", "/api/redeliver", &receipt);
}

/// A path that is described and not served is answered 404 without a word.
#[test]
fn what_is_described_is_served() {
    let (proxy, _consumers) = full();
    let description = description(&proxy);
    let paths = description["paths"].as_object().expect("paths");
    assert!(paths.len() > 9, "{}", paths.len());
    // The stream does not end by itself; it has tests of its own.
    for (path, methods) in paths.iter().filter(|(path, _)| *path != "/api/status/stream") {
        for method in methods.as_object().expect("methods").keys().filter(|method| *method != "parameters") {
            let target = path.replace("{id}", "7-7");
            let request = Request::new(&method.to_uppercase(), &target).by_address(proxy.admin);
            let answer = request.send(proxy.admin);
            let is_absent = answer.status == 405 || (answer.status == 404 && answer.body.is_empty());
            assert!(!is_absent, "{method} {path}: {}", answer.status);
        }
    }
}
