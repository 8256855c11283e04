//! The subscription handshake: a GET that names our token is answered with its challenge.

use super::{behind, refused};
use crate::support::bodies::SUPPORT;
use crate::support::http::{Answer, Request};
use crate::support::proxy::Proxy;

const RIGHT: &str = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
const TOKEN: &str = "[cloud]\nverify_token = \"a token+\\u00f6\"\n";
const ENCODED: &str = "a%20token%2B%C3%B6";

fn ask(proxy: &Proxy, path: &str, query: &str) -> Answer {
    proxy.send(&Request::get(&format!("{path}?{query}")))
}

#[test]
fn the_challenge_comes_back_as_text_at_every_address() {
    let (_consumer, proxy) = behind(&format!("{TOKEN}{}", SUPPORT.section("support", "\"crm\"")));
    let by_id = format!("/webhooks/{}", SUPPORT.id);
    let by_phone = format!("/webhooks/{}", SUPPORT.phone);
    for path in ["/webhooks", "/webhooks/cloud", &by_id, &by_phone] {
        let answer = ask(&proxy, path, &format!("{RIGHT}{ENCODED}"));
        assert_eq!((answer.status, answer.text().as_str()), (200, "1158201444"), "{path}");
        assert!(answer.headers.get("content-type").is_some_and(|kind| kind.starts_with("text/plain")), "{path}");
    }
}

#[test]
fn anything_else_is_forbidden() {
    let (_consumer, proxy) = behind(TOKEN);
    let right = format!("{RIGHT}{ENCODED}");
    for query in [
        "",
        "hub.mode=subscribe&hub.challenge=1158201444",
        &format!("{RIGHT}wrong"),
        RIGHT,
        &format!("{right}x"),
        &right.replace("subscribe", "unsubscribe"),
        &right.replace("hub.mode=subscribe&", ""),
        &right.replace("hub.challenge=1158201444&", ""),
        "verify_token=a%20token%2B%C3%B6&mode=subscribe&challenge=1",
    ] {
        let answer = ask(&proxy, "/webhooks", query);
        refused(&answer, 403);
        assert!(!answer.text().contains("token+") && !answer.text().contains("1158201444"), "{query}");
    }
}

#[test]
fn without_a_token_of_ours_no_token_is_right() {
    let (_consumer, proxy) = behind("");
    refused(&ask(&proxy, "/webhooks", RIGHT), 403);
    refused(&ask(&proxy, "/webhooks", &format!("{RIGHT}anything")), 403);
}

#[test]
fn an_unknown_number_has_no_address() {
    let (_consumer, proxy) = behind(&format!("{TOKEN}{}", SUPPORT.section("support", "\"crm\"")));
    refused(&ask(&proxy, "/webhooks/15550000000", &format!("{RIGHT}{ENCODED}")), 404);
}
