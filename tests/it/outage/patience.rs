//! How long a consumer is waited for, and for how long it is left alone when it asks for that.

use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::ledger::{Promises, attempts};
use crate::support::load::promise;
use crate::support::proxy::Proxy;
use std::time::Duration;

/// The time between the first attempt and the second, after this reply.
fn pause_after(reply: Reply, retry: &str) -> Duration {
    let (crm, promises) = (Consumer::start(), Promises::default());
    crm.reply_next([reply]);
    let proxy = Proxy::start(&crm.section("crm", "onprem", &format!("[consumer.retry]\n{retry}\n")));
    promise(&proxy, &promises, 0, 1);
    let requests = crm.wait_for(2);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    requests[1].at - requests[0].at
}

#[test]
fn a_retry_after_is_honoured() {
    let pause = pause_after(Reply::with(429, "Retry-After", "1"), "first = \"10ms\"\nmax = \"10s\"");
    // The proxy counts from when it has read the answer.
    assert!(pause >= Duration::from_millis(995) && pause < Duration::from_secs(5), "{pause:?}");
}

#[test]
fn a_retry_after_is_no_longer_than_max() {
    let pause = pause_after(Reply::with(503, "Retry-After", "3600"), "first = \"10ms\"\nmax = \"600ms\"");
    assert!(pause >= Duration::from_millis(595) && pause < Duration::from_secs(5), "{pause:?}");
}

#[test]
fn what_takes_too_long_is_tried_again() {
    let (crm, promises) = (Consumer::start(), Promises::default());
    let cut_head = b"HTTP/1.1 200 OK\r\nContent-";
    crm.reply_next([Reply::Hold, Reply::Stall(cut_head), Reply::Late(Duration::from_secs(10))]);
    let more = "timeout = \"150ms\"\n[consumer.retry]\nfirst = \"10ms\"\nmax = \"50ms\"\n";
    let proxy = Proxy::start(&crm.section("crm", "onprem", more));
    promise(&proxy, &promises, 0, 1);
    promise(&proxy, &promises, 0, 2);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    let numbers: Vec<u32> = attempts(&crm).iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 1]);
    let retried = proxy.metric("cutover_deliveries_total{consumer=\"crm\",outcome=\"retried\"}");
    assert_eq!(retried, Some(3.0));
}

/// Every way of not saying 2xx, one after the other.
#[test]
fn whatever_is_no_success_is_tried_again() {
    let (crm, promises) = (Consumer::start(), Promises::default());
    let refusals = [301, 302, 307, 400, 401, 404, 410, 413, 429, 500, 503].map(Reply::status);
    let broken = [
        Reply::Close,
        Reply::Reset,
        Reply::ResetRead,
        Reply::Bytes(b"HTTP/1.1 20"),
        Reply::Bytes(b"gibberish\r\n\r\n"),
    ];
    let failures = refusals.len() + broken.len();
    crm.reply_next(refusals.into_iter().chain(broken));
    let proxy = Proxy::start(&crm.section("crm", "onprem", "[consumer.retry]\nfirst = \"1ms\"\nmax = \"10ms\"\n"));
    promise(&proxy, &promises, 0, 1);
    eventually("it was taken", || (proxy.owed("crm") == 0).then_some(()));
    promises.assert_kept(&crm);
    let last = attempts(&crm).pop().expect("attempts");
    assert_eq!((last.number as usize, crm.resets()), (failures + 1, 1));
    assert_eq!(proxy.letters(false).len(), 0);
}

/// A success is one, however it is said.
#[test]
fn whatever_is_a_success_settles_it_once() {
    let (crm, promises) = (Consumer::start(), Promises::default());
    crm.reply_next([Reply::Drip, Reply::Oversized, Reply::status(204), Reply::status(299)]);
    crm.reply_next([Reply::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")]);
    let proxy = Proxy::start(&crm.section("crm", "onprem", ""));
    (1..=5).for_each(|number| promise(&proxy, &promises, 0, number));
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    assert_eq!(crm.requests().len(), 5);
}
