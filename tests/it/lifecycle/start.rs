//! Ways to start, and reasons not to.

use crate::support::bodies::{SUPPORT, cloud_text};
use crate::support::command::{cutover, run};
use crate::support::consumer::Consumer;
use crate::support::proxy::Proxy;
use serde_json::{Value, json};

#[test]
fn without_a_configuration_a_url_and_a_format_are_enough() {
    let consumer = Consumer::start();
    let mut command = cutover();
    command.args(["serve", "--forward-to", &consumer.url(), "--format", "onprem", "--listen", "127.0.0.1:0"]);
    command.env("CUTOVER_LISTEN__ADMIN", "127.0.0.1:0");
    let proxy = Proxy::run(command).expect("served");
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200);
    assert_eq!(consumer.wait_for(1)[0].json().pointer("/messages/0/text/body"), Some(&json!("hi")));
}

#[test]
fn the_log_is_json_on_standard_error_and_says_where_and_what() {
    let proxy = Proxy::pass_through(&Consumer::start().section("crm", "onprem", ""));
    let lines: Vec<Value> =
        proxy.log().lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect();
    let serving = lines.iter().find(|line| line["message"] == "serving").unwrap();
    assert_eq!(serving["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(serving["level"], "INFO");
    assert!(serving["timestamp"].is_string());
}

#[test]
fn an_address_that_is_taken_is_named() {
    let config = Consumer::start().section("crm", "onprem", "");
    let first = Proxy::pass_through(&config);
    for (variable, address) in [("CUTOVER_LISTEN__WEBHOOKS", first.webhooks), ("CUTOVER_LISTEN__ADMIN", first.admin)] {
        let Err(ended) = Proxy::try_start(&config, &[(variable, &address.to_string())]) else { panic!("served") };
        assert_eq!(ended.status.code(), Some(2));
        assert!(ended.log.contains(&format!("cannot listen on {address}")), "{}", ended.log);
        assert!(ended.log.contains("in use"), "{}", ended.log);
    }
}

#[test]
fn a_configuration_with_problems_is_not_served() {
    let Err(ended) = Proxy::try_start("[listen]\nwebhoks = \"x\"\n", &[]) else { panic!("served") };
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.log.contains("listen.webhoks: is no key: did you mean webhooks?"), "{}", ended.log);
    assert!(ended.log.contains("consumer: is missing"), "{}", ended.log);
}

#[test]
fn arguments_that_do_not_go_together() {
    for arguments in [
        ["serve", "--config", "a.toml", "--forward-to", "http://x/"].as_slice(),
        &["serve", "--forward-to", "http://x/"],
        &["serve", "--format", "onprem"],
        &["serve", "--forward-to", "http://x/", "--format", "xml"],
        &["serve", "--forward-to", "no url", "--format", "onprem"],
        &["serve", "--config", "/gone/cutover.toml"],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let outcome = run(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
    }
}
