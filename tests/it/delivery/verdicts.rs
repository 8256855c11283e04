//! Without a journal the platform is answered with the consumer's verdict.

use super::to_consumer;
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::consumer::{Consumer, Reply};
use crate::support::http::Answer;
use crate::support::proxy::Proxy;
use std::thread;
use std::time::Duration;

fn verdict(reply: Reply) -> Answer {
    let (consumer, proxy) = to_consumer("onprem", "timeout = \"2s\"");
    consumer.reply(reply);
    proxy.post("/webhooks", cloud_text(SUPPORT))
}

fn assert_not_delivered(answer: &Answer) {
    assert_eq!((answer.status, answer.headers.get("retry-after")), (502, None));
}

#[test]
fn any_2xx_settles_it() {
    for status in [200, 201, 202, 204, 299] {
        let answer = verdict(Reply::status(status));
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"".as_slice()), "{status}");
    }
}

#[test]
fn any_other_status_does_not() {
    for status in [304, 400, 401, 404, 410, 413, 418, 429, 500, 502, 503, 504, 599] {
        assert_not_delivered(&verdict(Reply::status(status)));
    }
}

#[test]
fn redirects_are_not_followed() {
    let elsewhere = Consumer::start();
    for status in [301, 302, 303, 307, 308] {
        assert_not_delivered(&verdict(Reply::with(status, "Location", &elsewhere.url())));
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

#[test]
fn a_retry_after_is_handed_on() {
    for (status, seconds) in [(429, "7"), (503, "120"), (500, "0"), (413, "3600")] {
        let answer = verdict(Reply::with(status, "Retry-After", seconds));
        assert_eq!((answer.status, answer.headers.get("retry-after")), (503, Some(seconds)));
    }
}

/// A success is one, whatever else it says; a `Retry-After` that is no number is none.
#[test]
fn a_retry_after_that_means_nothing() {
    assert_eq!(verdict(Reply::with(200, "Retry-After", "7")).status, 200);
    assert_not_delivered(&verdict(Reply::with(503, "Retry-After", "soon")));
    assert_not_delivered(&verdict(Reply::with(503, "Retry-After", "-1")));
}

#[test]
fn a_connection_that_breaks_does_not() {
    for reply in [Reply::Close, Reply::Reset, Reply::Bytes(b"HTTP/1.1 20"), Reply::Bytes(b"200 OK\r\n\r\n")] {
        assert_not_delivered(&verdict(reply));
    }
}

/// The head is the answer; its body is nobody's business.
#[test]
fn a_2xx_whose_body_breaks_off_settles_it() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly a little";
    assert_eq!(verdict(Reply::Bytes(cut)).status, 200);
    assert_eq!(verdict(Reply::Stall(cut)).status, 200);
}

#[test]
fn a_consumer_that_is_not_there_does_not() {
    // Nothing listens on the port of tcpmux.
    let config = "[[consumer]]\nname = \"crm\"\nurl = \"http://127.0.0.1:1/\"\nformat = \"onprem\"\n";
    assert_not_delivered(&Proxy::pass_through(config).post("/webhooks", flat_text()));
    let unknown = config.replace("127.0.0.1:1", "nowhere.invalid");
    assert_not_delivered(&Proxy::pass_through(&unknown).post("/webhooks", flat_text()));
}

#[test]
fn a_consumer_that_takes_too_long_does_not() {
    for reply in [Reply::Hold, Reply::Stall(b"HTTP/1.1 200 OK\r\nContent-"), Reply::Late(Duration::from_secs(5))] {
        let (consumer, proxy) = to_consumer("onprem", "timeout = \"200ms\"");
        consumer.reply(reply);
        assert_not_delivered(&proxy.post("/webhooks", flat_text()));
        assert_eq!(consumer.requests().len(), 1);
    }
}

/// Nothing is tried twice: the platform's retry is the second attempt.
#[test]
fn the_platforms_retry_is_the_next_attempt() {
    let (consumer, proxy) = to_consumer("onprem", "");
    consumer.reply_next([Reply::status(500), Reply::Close, Reply::Reset]);
    let answers: Vec<u16> = (0..4).map(|_| proxy.post("/webhooks", flat_text()).status).collect();
    assert_eq!(answers, [502, 502, 502, 200]);
    // The reset one was not read.
    assert_eq!(consumer.requests().len(), 3);
}

#[test]
fn no_more_attempts_run_at_once_than_configured() {
    let (consumer, proxy) = to_consumer("onprem", "concurrency = 2");
    consumer.reply(Reply::Late(Duration::from_millis(20)));
    thread::scope(|scope| {
        let posts: Vec<_> = (0..8).map(|_| scope.spawn(|| proxy.post("/webhooks", flat_text()).status)).collect();
        posts.into_iter().for_each(|post| assert_eq!(post.join().unwrap(), 200));
    });
    assert_eq!((consumer.requests().len(), consumer.most_at_once()), (8, 2));
}

/// A consumer that hangs holds up nobody but itself.
#[test]
fn a_stuck_consumer_does_not_stop_another() {
    let (stuck, brisk) = (Consumer::replying(Reply::Hold), Consumer::start());
    let numbers =
        [SUPPORT.section("support", "\"stuck\""), crate::support::bodies::SALES.section("sales", "\"brisk\"")];
    let consumers = [stuck.section("stuck", "onprem", "concurrency = 1"), brisk.section("brisk", "onprem", "")];
    let proxy = Proxy::pass_through(&[consumers.concat(), numbers.concat()].concat());
    thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..3).map(|_| scope.spawn(|| proxy.post("/webhooks", cloud_text(SUPPORT)).status)).collect();
        stuck.wait_for(1);
        assert_eq!(proxy.post("/webhooks", cloud_text(crate::support::bodies::SALES)).status, 200);
        assert_eq!((stuck.requests().len(), brisk.requests().len()), (1, 1));
        stuck.release();
        waiting.into_iter().for_each(|post| assert_eq!(post.join().unwrap(), 200));
    });
}
