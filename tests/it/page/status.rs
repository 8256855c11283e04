//! The tab Status: numbers, consumers, losses, and the moment of the move.

use super::{assert_quiet, opened};
use crate::support::bodies::{SALES, SUPPORT, cloud, cloud_text, contact, flat_text};
use crate::support::consumer::{Consumer, Reply};
use crate::support::proxy::Proxy;
use serde_json::json;

const BADGE: &str = "[data-number=support] .badge";

fn support(consumer: &Consumer) -> Proxy {
    let number = SUPPORT.section("support", "\"crm\"");
    Proxy::start(&format!("{number}{}", consumer.section("crm", "onprem", "")))
}

#[test]
fn a_number_that_nobody_has_heard_yet() {
    let consumer = Consumer::start();
    let proxy = support(&consumer);
    let Some(browser) = opened(&proxy) else { return };
    browser.wait_for(BADGE, "nothing yet");
    browser.wait_for(".verdict", "Nothing has come in yet");
    browser.wait_for("#verdict .panel", "/webhooks");
    browser.wait_for("[data-health=idle]", "idle");
    browser.wait_for("#letters", "None.");
    assert_quiet(&browser);
}

#[test]
fn a_cutover_is_seen_as_it_happens() {
    let consumer = Consumer::start();
    let proxy = support(&consumer);
    let Some(browser) = opened(&proxy) else { return };
    browser.wait_for(BADGE, "nothing yet");
    browser.run("window.neverLoadedAgain = true");

    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    browser.wait_for(BADGE, "On-Premises");
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200);
    browser.wait_for(BADGE, "Cloud");
    browser.wait_for(".switched", "On-Premises → Cloud at ");
    browser.wait_for(".verdict", "Number support speaks Cloud");
    browser.wait_for("[data-health=up]", "up");
    let drawing = browser.run("return document.querySelector('.chart').getAttribute('aria-label')");
    assert!(drawing.as_str().is_some_and(|words| words.contains("Switched to Cloud at ")), "{drawing}");
    browser.wait_for("#losses summary", "Comes with every body");
    assert_eq!(browser.run("return window.neverLoadedAgain"), true);
    consumer.wait_for(2);
    assert_quiet(&browser);
}

#[test]
fn what_is_unfolded_and_has_the_focus_stays_so_while_the_page_changes() {
    let consumer = Consumer::start();
    let proxy = support(&consumer);
    let Some(browser) = opened(&proxy) else { return };
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200);
    browser.click("#losses summary");
    browser.run("document.querySelector('#losses summary').id = 'unfolded'");
    assert_eq!(browser.focus(), "unfolded");
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    browser.wait_for(".switched", "Cloud → On-Premises");
    assert_eq!(browser.focus(), "unfolded");
    assert_eq!(browser.run("return document.querySelector('#losses details').open"), true);
}

#[test]
fn a_consumer_that_refuses_is_failing() {
    let consumer = Consumer::replying(Reply::status(503));
    let proxy = support(&consumer);
    let Some(browser) = opened(&proxy) else { return };
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200);
    browser.wait_for("[data-health=failing]", "failing");
    browser.wait_for("#consumers", "refused with 503");
    browser.wait_for(".verdict", "consumer crm is failing");
    browser.wait_for(".answers", "No: crm is failing");
    consumer.reply(Reply::status(200));
    browser.wait_for("[data-health=up]", "up");
    assert_quiet(&browser);
}

#[test]
fn a_type_that_nobody_has_seen_before() {
    let consumer = Consumer::start();
    let proxy = support(&consumer);
    let Some(browser) = opened(&proxy) else { return };
    browser.wait_for("#unknown", "Nothing: every type");
    let hologram = json!({"from": "15550102001", "id": "wamid.h", "timestamp": "1764000001", "type": "hologram",
        "hologram": {"points": 3}});
    let body = cloud(SUPPORT, &json!({"contacts": [contact("15550102001", "Nora")], "messages": [hologram]}));
    assert_eq!(proxy.post("/webhooks", body).status, 200);
    browser.wait_for("#unknown table", "hologram");
    browser.wait_for("#losses table", "message_type");
    browser.wait_for(".answers", "Yes: 1 thing");
    assert!(!browser.source().contains("15550102001"), "the page names no user");
    assert_quiet(&browser);
}

#[test]
fn what_was_refused_at_the_door() {
    let consumer = Consumer::start();
    let proxy = support(&consumer);
    let Some(browser) = opened(&proxy) else { return };
    assert_eq!(proxy.post("/webhooks", "{oops").status, 400);
    browser.wait_for("#door table", "not readable (400)");
}

#[test]
fn a_server_that_is_gone_is_said_to_be_gone() {
    let consumer = Consumer::start();
    let proxy = support(&consumer);
    let Some(browser) = opened(&proxy) else { return };
    drop(proxy.kill());
    browser.wait_for("#live", "connection lost: cutover does not answer");
    browser.wait_for("#live", " s old");
    browser.wait_for(".verdict.act", "Not current: cutover was last heard at ");
    browser.wait_for("#head", "was ready");
    let title = browser.run("return document.title");
    assert!(title.as_str().is_some_and(|title| title.starts_with("(!) Not current")), "{title}");
    assert!(browser.text(BADGE).contains("nothing yet"), "what was known stays");
}

/// As in the README's first command: no number is configured, and two come in.
#[test]
fn several_numbers_under_one_name_are_no_switch_and_not_nothing() {
    let consumer = Consumer::start();
    let proxy = Proxy::start(&consumer.section("crm", "onprem", ""));
    let Some(browser) = opened(&proxy) else { return };
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200);
    assert_eq!(proxy.post("/webhooks", cloud_text(SALES)).status, 200);
    browser.wait_for(".verdict", "Several numbers come in under one name: 1 event from On-Premises, 2 from Cloud");
    browser.wait_for("[data-number=all] .badge", "several numbers");
    browser.wait_for("[data-number=all] .sides", "2 events");
    browser.wait_for(".answers", "Several numbers under one name");
    assert!(!browser.source().contains("On-Premises → Cloud at "), "no switch is told");
    assert_quiet(&browser);
}
