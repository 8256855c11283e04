//! Who may look, by what means, and on how small a screen.

use super::{address, assert_quiet, opened};
use crate::support::bodies::{SALES, SUPPORT, cloud_text, flat_text};
use crate::support::browser::Browser;
use crate::support::consumer::Consumer;
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use fantoccini::key::Key;

const TOKEN: &str = "a-token-of-the-test";

#[test]
fn where_there_is_a_token_the_page_asks_for_it() {
    let consumer = Consumer::start().section("crm", "onprem", "");
    let proxy = Proxy::start(&format!("[listen]\nadmin_token = \"{TOKEN}\"\n{consumer}"));
    let Some(browser) = Browser::open(&address(&proxy)) else { return };
    browser.wait_for("#gate", "asks for its token");
    assert_eq!(browser.focus(), "token");
    browser.keys(&format!("wrong{}", Key::Enter));
    browser.wait_for("#gate", "That was not the token");
    browser.keys(&format!("{TOKEN}{}", Key::Enter));
    browser.wait_for("#live", "live");
    browser.wait_for(".verdict", "Nothing has come in yet");
    let others: Vec<String> = browser.complaints().into_iter().filter(|line| !line.contains("401")).collect();
    assert_eq!(others, Vec::<String>::new());

    browser.go(&address(&proxy));
    browser.wait_for("#live", "live");
    assert_eq!(browser.run("return document.getElementById('gate').hidden"), true);
    assert!(!browser.source().contains(TOKEN), "the token does not stand in the page");
}

#[test]
fn tabs_are_reached_by_arrow_keys() {
    let proxy = Proxy::start(&Consumer::start().section("crm", "onprem", ""));
    let Some(browser) = opened(&proxy) else { return };
    let shown = || {
        browser.run("return [...document.querySelectorAll('[role=tabpanel]')].filter((panel) => !panel.hidden).map(({ id }) => id).join()")
    };
    browser.run("document.getElementById('tab-status').focus()");
    for (key, tab, panel) in [
        (Key::Right, "tab-playground", "playground"),
        (Key::Right, "tab-status", "status"),
        (Key::Left, "tab-playground", "playground"),
        (Key::Home, "tab-status", "status"),
        (Key::End, "tab-playground", "playground"),
    ] {
        browser.keys(&key);
        assert_eq!((browser.focus().as_str(), shown().as_str()), (tab, Some(panel)));
    }
    browser.keys(&Key::Tab);
    let label = browser.run("return document.activeElement.textContent");
    assert_eq!(label, "On-Premises voice note", "the next stop is inside the panel");
}

#[test]
fn a_telephone_needs_no_scrolling_sideways() {
    let consumer = Consumer::start();
    let number = SUPPORT.section("a-number-with-quite-a-long-name", "\"crm\"");
    let proxy = Proxy::start(&format!("{number}{}", consumer.section("crm", "onprem", "")));
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200);
    assert_eq!(proxy.post("/webhooks", cloud_text(SALES)).status, 200);
    assert_eq!(proxy.post("/webhooks", "{oops").status, 400);
    let Some(browser) = Browser::open_narrow(&address(&proxy), 360) else { return };
    browser.wait_for(".switched", "On-Premises → Cloud");
    let too_wide = || browser.run("return document.documentElement.scrollWidth - innerWidth");
    assert_eq!((browser.run("return innerWidth"), too_wide()), (360.into(), 0.into()));
    browser.wait_for("#letters summary", "unknown_number");
    browser.wait_for("#door table", "not readable");
    browser.click("#losses summary");
    assert_eq!(too_wide(), 0);
    browser.press("Look");
    browser.wait_for("dialog[open] pre", "\"messages\"");
    assert_eq!(too_wide(), 0);
    browser.press("Close");
    browser.click("#tab-playground");
    browser.press("A type nobody knows");
    browser.wait_for(".losses", "message_type");
    assert_eq!(too_wide(), 0);
    assert_quiet(&browser);
}

#[test]
fn the_files_are_sent_once_and_nothing_else_may_be_loaded() {
    let proxy = Proxy::start(&Consumer::start().section("crm", "onprem", ""));
    let page = proxy.ask("/");
    let policy = page.headers.get("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("cache-control", "no-cache")]
    {
        assert_eq!(page.headers.get(name), Some(value));
    }
    let tag = page.headers.get("etag").expect("a tag");
    let again = Request::get("/").header("If-None-Match", tag).by_address(proxy.admin).send(proxy.admin);
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(proxy.ask("/assets/page.js").headers.get("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(proxy.ask("/assets/../Cargo.toml").status, 404);
    let described: serde_json::Value = serde_json::from_slice(&proxy.ask("/api/openapi.json").body).expect("JSON");
    assert_eq!(described["openapi"], "3.1.0");
}
