//! Several consumers of one event: 200 only when all of them took it.

use crate::support::bodies::{SUPPORT, cloud_text, flat_text, template_event};
use crate::support::consumer::{Consumer, Reply};
use crate::support::proxy::Proxy;

fn two() -> (Consumer, Consumer, Proxy) {
    let (crm, shadow) = (Consumer::start(), Consumer::start());
    let sections = [crm.section("crm", "onprem", ""), shadow.section("shadow", "cloud", "timeout = \"300ms\"")];
    let proxy = Proxy::pass_through(&sections.concat());
    (crm, shadow, proxy)
}

#[test]
fn each_gets_everything_in_its_own_format() {
    let (crm, shadow, proxy) = two();
    let body = cloud_text(SUPPORT);
    assert_eq!(proxy.post("/webhooks", &body).status, 200);
    assert_eq!(shadow.only().body, body.as_bytes());
    assert_eq!(crm.only().json().pointer("/messages/0/text/body"), Some(&"hi".into()));
    assert_ne!(crm.only().header("X-Cutover-Delivery"), shadow.only().header("X-Cutover-Delivery"));
}

#[test]
fn one_that_fails_fails_it_for_all_and_the_retry_goes_to_all() {
    for failure in [Reply::status(500), Reply::Close, Reply::Hold] {
        let (crm, shadow, proxy) = two();
        shadow.reply_next([failure]);
        let body = cloud_text(SUPPORT);
        assert_eq!(proxy.post("/webhooks", &body).status, 502);
        assert_eq!(crm.requests().len(), 1, "the other one was asked all the same");
        assert_eq!(proxy.post("/webhooks", &body).status, 200);
        let ids: Vec<String> =
            crm.requests().iter().map(|request| request.header("X-Cutover-Delivery").to_owned()).collect();
        assert_eq!(ids[0], ids[1], "so that it can tell the repetition");
        assert_eq!((crm.requests().len(), shadow.requests().len()), (2, 2));
    }
}

#[test]
fn a_consumer_that_is_busy_says_when() {
    let (_crm, shadow, proxy) = two();
    shadow.reply(Reply::with(503, "Retry-After", "9"));
    let answer = proxy.post("/webhooks", cloud_text(SUPPORT));
    assert_eq!((answer.status, answer.headers.get("retry-after")), (503, Some("9")));
}

/// They are asked at the same time: one that waits for the other to be asked is not waited for in vain.
#[test]
fn they_are_asked_at_the_same_time() {
    let (crm, shadow) = (Consumer::replying(Reply::Hold), Consumer::replying(Reply::Hold));
    let proxy =
        Proxy::pass_through(&[crm.section("crm", "onprem", ""), shadow.section("shadow", "cloud", "")].concat());
    std::thread::scope(|scope| {
        let post = scope.spawn(|| proxy.post("/webhooks", cloud_text(SUPPORT)).status);
        crm.wait_for(1);
        shadow.wait_for(1);
        crm.release();
        shadow.release();
        assert_eq!(post.join().unwrap(), 200);
    });
}

#[test]
fn what_has_no_counterpart_for_one_goes_to_the_other() {
    let (crm, shadow, proxy) = two();
    assert_eq!(proxy.post("/webhooks", template_event(SUPPORT.account)).status, 200);
    assert_eq!((crm.requests().len(), shadow.requests().len()), (0, 1));
}

#[test]
fn a_number_may_deliver_to_several() {
    let (crm, shadow, other) = (Consumer::start(), Consumer::start(), Consumer::start());
    let sections = [
        crm.section("crm", "onprem", ""),
        shadow.section("shadow", "cloud", ""),
        other.section("other", "cloud", ""),
        SUPPORT.section("support", "\"crm\", \"shadow\""),
    ];
    let proxy = Proxy::pass_through(&sections.concat());
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200);
    assert_eq!([&crm, &shadow, &other].map(|consumer| consumer.requests().len()), [1, 1, 0]);
}

/// A flat body names no number, and a Cloud body has to: nobody is asked before that is known.
#[test]
fn what_cannot_be_said_to_one_goes_to_none() {
    let (crm, shadow, proxy) = two();
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 404);
    assert_eq!((crm.requests().len(), shadow.requests().len()), (0, 0));
}

#[test]
fn an_empty_envelope_goes_to_those_who_take_envelopes() {
    let (crm, shadow, proxy) = two();
    let body = r#"{"object":"whatsapp_business_account","entry":[]}"#;
    assert_eq!(proxy.post("/webhooks", body).status, 200);
    assert_eq!(shadow.only().body, body.as_bytes());
    assert_eq!(crm.requests().len(), 0);
}
