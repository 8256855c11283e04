//! Dead letters in the page: looked at without showing a person, and put back.

use super::{assert_quiet, opened};
use crate::support::bodies::{SALES, SUPPORT, cloud, contact, text};
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::proxy::Proxy;
use fantoccini::key::Key;
use serde_json::{Value, json};

const PHONE: &str = "15550102077";
const NAME: &str = "Wilhelmina Planted";
const SAID: &str = "a planted secret";

/// A server with dead letters of a consumer that refuses: one for each of these message ids.
fn with_letters(consumer: &Consumer, ids: &[&str]) -> Proxy {
    let retry = "[consumer.retry]\nfirst = \"1h\"\nmax = \"1h\"\n";
    let proxy = Proxy::start(&format!("{}\n{retry}", consumer.section("crm", "onprem", "")));
    for (index, id) in ids.iter().enumerate() {
        let from = format!("{PHONE}{index}");
        let body = json!({"contacts": [contact(&from, NAME)], "messages": [text(&from, id, SAID)]});
        assert_eq!(proxy.post("/webhooks", body.to_string()).status, 200);
    }
    let tried = |letter: &&Value| letter["verdict"] == "refused 500";
    eventually("every one was tried", || (proxy.letters(true).iter().filter(tried).count() == ids.len()).then_some(()));
    for letter in proxy.letters(true) {
        let id = letter["id"].as_str().expect("an id").to_owned();
        let buried = proxy.order(&format!("/api/dead-letters/{id}/bury"), &Value::Null);
        assert_eq!(buried.status, 200, "{}", buried.text());
    }
    proxy
}

#[test]
fn one_is_looked_at_and_put_back() {
    let consumer = Consumer::replying(Reply::status(500));
    let proxy = with_letters(&consumer, &["ABGGplanted"]);
    let Some(browser) = opened(&proxy) else { return };
    browser.wait_for("#letters summary", "by_hand 1 for crm");
    browser.wait_for("#letters table", "refused with 500");
    browser.wait_for(".verdict", "1 dead letter");

    browser.press("Look");
    browser.wait_for("dialog[open] pre", "\"messages\"");
    let source = browser.source();
    for planted in [PHONE, NAME, SAID, "ABGGplanted"] {
        assert!(!source.contains(planted), "{planted} is in the page");
    }
    assert!(browser.text("dialog pre").contains("\"type\": \"text\""), "words of the platform stay");
    browser.press("Close");

    consumer.reply(Reply::status(200));
    browser.press("Redeliver");
    browser.wait_for("#letters-said", "1 letter put back");
    browser.wait_for("#letters", "None.");
    let requests = consumer.wait_for(2);
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(browser.focus(), "letters-said");
    assert_quiet(&browser);
}

#[test]
fn all_are_put_back_after_a_question() {
    let consumer = Consumer::replying(Reply::status(500));
    let proxy = with_letters(&consumer, &["ABGGa", "ABGGb", "ABGGc"]);
    let Some(browser) = opened(&proxy) else { return };
    browser.press("Redeliver all …");
    browser.wait_for("dialog[open] h2", "Redeliver all 3 dead letters?");
    assert_eq!(consumer.requests().len(), 3, "nothing before the answer");
    consumer.reply(Reply::status(200));
    browser.press("Redeliver all");
    browser.wait_for("#letters-said", "3 letters put back");
    consumer.wait_for(6);
    browser.wait_for("#letters", "None.");
    assert_quiet(&browser);
}

#[test]
fn one_is_dropped_after_a_question() {
    let consumer = Consumer::replying(Reply::status(500));
    let proxy = with_letters(&consumer, &["ABGGa"]);
    let Some(browser) = opened(&proxy) else { return };
    browser.press("Look");
    browser.press("Drop …");
    browser.press("Drop for good");
    browser.wait_for("#letters-said", "gone for good");
    browser.wait_for("#letters", "None.");
    assert_eq!(proxy.letters(false).len(), 0);
}

/// After an incident there are hundreds, and not all of them are to be put back.
#[test]
fn those_that_are_alike_are_put_back_together() {
    let crm = Consumer::replying(Reply::status(500));
    let retry = "[consumer.retry]\nfirst = \"1h\"\nmax = \"1h\"\n";
    let number = SUPPORT.section("support", "\"crm\"");
    let proxy = Proxy::start(&format!("{number}{}\n{retry}", crm.section("crm", "onprem", "")));
    let strangers = 60;
    for number in 0..strangers {
        let members = json!({"messages": [text("15550102001", &format!("wamid.s{number}"), "hello")]});
        assert_eq!(proxy.post("/webhooks", cloud(SALES, &members)).status, 200);
    }
    for number in 0..2 {
        let members = json!({"messages": [text(&format!("1555010200{number}"), &format!("wamid.{number}"), "hello")]});
        assert_eq!(proxy.post("/webhooks", cloud(SUPPORT, &members)).status, 200);
    }
    crm.wait_for(2);
    for letter in eventually("both wait", || Some(proxy.letters(true)).filter(|letters| letters.len() == 2)) {
        let id = letter["id"].as_str().expect("an id").to_owned();
        eventually("it is buried", || {
            (proxy.order(&format!("/api/dead-letters/{id}/bury"), &Value::Null).status == 200).then_some(())
        });
    }
    let Some(browser) = opened(&proxy) else { return };
    browser.wait_for("#letters", "by_hand 2 for crm");
    browser.wait_for("#letters", &format!("unknown_number {strangers} for nobody"));
    let open = browser.run("return document.querySelectorAll('#letters details[open]').length");
    assert_eq!(open, 0, "so many are folded");
    crm.reply(Reply::status(200));
    browser.click("#letters .group summary");
    browser.press("Redeliver these 2 …");
    browser.wait_for("dialog[open] h2", "Redeliver 2 for crm?");
    browser.press("Redeliver these");
    browser.wait_for("#letters-said", "2 letters put back");
    crm.wait_for(4);

    // What cannot be put back is said once, however often.
    browser.press("Redeliver all …");
    browser.press("Redeliver all");
    browser.wait_for("#letters-said", &format!("{strangers} not done: its number is none of those configured"));
    assert!(browser.text("#letters-said").len() < 200);
    assert_quiet(&browser);
}

/// The key that opens a letter may be held down.
#[test]
fn a_look_puts_nothing_back() {
    let consumer = Consumer::replying(Reply::status(500));
    let proxy = with_letters(&consumer, &["ABGGa"]);
    let Some(browser) = opened(&proxy) else { return };
    browser.press("Look");
    browser.wait_for("dialog[open] pre", "\"messages\"");
    assert_eq!(browser.focus(), "dialog-title");
    browser.keys(&Key::Enter);
    browser.keys(&Key::Enter);
    assert_eq!(browser.text("dialog h2"), format!("Dead letter {}", proxy.letters(false)[0]["id"].as_str().unwrap()));
    browser.press("Close");
    assert_eq!(browser.text("#letters-said"), "");
    assert_eq!(proxy.letters(false).len(), 1);
}
