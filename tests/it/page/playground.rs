//! The tab Playground: what would become of a payload.

use super::{assert_quiet, opened};
use crate::support::browser::Browser;
use crate::support::consumer::Consumer;
use crate::support::proxy::Proxy;
use serde_json::json;

fn open() -> Option<(Browser, Proxy)> {
    let proxy = Proxy::start(&Consumer::start().section("crm", "onprem", ""));
    let browser = opened(&proxy)?;
    browser.click("#tab-playground");
    Some((browser, proxy))
}

#[test]
fn what_is_lost_is_marked_in_its_place() {
    let Some((browser, proxy)) = open() else { return };
    browser.press("A type nobody knows");
    browser.wait_for("#playground mark.look", "hologram");
    browser.wait_for("#playground mark.expected", "whatsapp_business_account");
    browser.wait_for(".losses", "message_type");
    browser.wait_for("[data-target=onprem] pre", "Unknown message type");
    browser.wait_for("[data-target=normalized] pre", "whatsapp.message");

    browser.click(".losses a");
    let mark = browser.focus();
    assert!(mark.starts_with("mark-"), "{mark:?}");
    browser.click(&format!("#{mark}"));
    assert_eq!(browser.focus(), mark.replace("mark", "loss"));

    browser.press("On-Premises voice note");
    browser.wait_for("[data-target=cloud] pre", "whatsapp_business_account");
    assert_quiet(&browser);
    assert!(proxy.letters(true).is_empty() && proxy.letters(false).is_empty(), "nothing of it is kept");
}

#[test]
fn numbers_stay_as_they_were_written() {
    let Some((browser, _proxy)) = open() else { return };
    let written = "12345678901234567890.10";
    let body = format!(
        "{{\"messages\":[{{\"from\":\"15550102001\",\"id\":\"a\",\"timestamp\":\"1764000001\",\"type\":\"text\",\
         \"text\":{{\"body\":\"hi\"}},\"later\":{written}}}]}}"
    );
    browser.run(&format!("document.getElementById('payload').value = {}", json!(body)));
    browser.press("Translate");
    browser.wait_for("[data-target=cloud] pre", written);
    browser.wait_for(".columns pre", written);
}

#[test]
fn what_cannot_be_read_is_said_in_words() {
    let Some((browser, _proxy)) = open() else { return };
    browser.press("Translate");
    browser.wait_for("#playground [role=alert]", "nothing to translate");
    browser.run("document.getElementById('payload').value = '{oops'");
    browser.press("Translate");
    browser.wait_for("#playground [role=alert]", "JSON");
}
