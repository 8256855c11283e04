//! SIGTERM: what runs is finished and answered, what is new is turned away, exit code 0.

use crate::support::bodies::flat_text;
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::http::{self, Request};
use crate::support::proxy::Proxy;
use std::io::{Read, Write};
use std::thread;

#[test]
fn running_attempts_end_and_new_webhooks_are_turned_away() {
    let consumer = Consumer::replying(Reply::Hold);
    let proxy = Proxy::pass_through(&consumer.section("crm", "onprem", ""));
    thread::scope(|scope| {
        let running = scope.spawn(|| proxy.post("/webhooks", flat_text()));
        consumer.wait_for(1);
        assert_eq!(proxy.ask("/readyz").status, 200);
        proxy.signal("TERM");
        eventually("readiness goes red", || (proxy.ask("/readyz").status == 503).then_some(()));
        assert_eq!(proxy.ask("/livez").status, 200);
        for target in ["/webhooks", "/webhooks/cloud", "/webhooks/onprem"] {
            let late = proxy.post(target, flat_text());
            assert_eq!(late.status, 503);
            let seconds = late.headers.get("retry-after").and_then(|value| value.parse::<u64>().ok());
            assert!(seconds.is_some_and(|seconds| seconds > 0));
        }
        assert!(!running.is_finished());
        consumer.release();
        assert_eq!(running.join().unwrap().status, 200);
    });
    assert_eq!(consumer.requests().len(), 1);
    let ended = proxy.end();
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.log.contains("\"draining\"") && ended.log.contains("\"stopped\""), "{}", ended.log);
}

#[test]
fn with_nothing_to_do_it_ends_at_once_on_either_signal() {
    for signal in ["TERM", "INT"] {
        let proxy = Proxy::pass_through(&Consumer::start().section("crm", "onprem", ""));
        proxy.signal(signal);
        assert_eq!(proxy.end().status.code(), Some(0), "{signal}");
    }
}

#[test]
fn idle_connections_are_closed() {
    let proxy = Proxy::pass_through(&Consumer::start().section("crm", "onprem", ""));
    let mut idle = http::connect(proxy.webhooks);
    let body = flat_text();
    let request = format!("POST /webhooks HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    assert_eq!(http::exchange(&mut idle, request.as_bytes()).status, 200);
    proxy.signal("TERM");
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    let ended = proxy.end();
    assert_eq!(ended.status.code(), Some(0));
    assert!(!ended.log.contains("did not finish"), "{}", ended.log);
}

/// A request that was half there when the signal came is not worth waiting for, nor a consumer that hangs.
#[test]
fn the_end_comes_after_drain_whatever_hangs() {
    let consumer = Consumer::replying(Reply::Hold);
    let proxy = Proxy::pass_through(&format!(
        "{}\n[listen]\ndrain = \"100ms\"\n",
        consumer.section("crm", "onprem", "timeout = \"1s\"")
    ));
    let mut half = http::connect(proxy.webhooks);
    half.write_all(b"POST /webhooks HTTP/1.1\r\nContent-Length: 100\r\n\r\n{").unwrap();
    let mut stuck = http::connect(proxy.webhooks);
    stuck.write_all(&Request::post("/webhooks", flat_text()).bytes()).unwrap();
    consumer.wait_for(1);
    proxy.signal("TERM");
    let ended = proxy.end();
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.log.contains("still running at the end of listen.drain"), "{}", ended.log);
}

/// All connections taken by a client that never pauses: the signal is heard all the same.
#[test]
fn busy_clients_do_not_hold_the_end() {
    let consumer = Consumer::start();
    let proxy =
        Proxy::pass_through(&format!("{}\n[listen]\nmax_connections = 1\n", consumer.section("crm", "onprem", "")));
    let mut busy = http::connect(proxy.webhooks);
    thread::scope(|scope| {
        let client = scope.spawn(move || {
            let body = flat_text();
            let head = format!("POST /webhooks HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
            let request = [head, body].concat().into_bytes();
            while busy.write_all(&request).is_ok() && http::read_answer(&mut busy).is_ok() {}
        });
        eventually("it is busy", || (consumer.requests().len() >= 3).then_some(()));
        proxy.signal("TERM");
        assert_eq!(proxy.end().status.code(), Some(0));
        client.join().expect("the client ends with its connection");
    });
}

#[test]
fn a_hang_up_is_no_reason_to_end() {
    let consumer = Consumer::start();
    let proxy = Proxy::pass_through(&consumer.section("crm", "onprem", ""));
    proxy.signal("HUP");
    eventually("the log says so", || proxy.log().contains("configuration reloaded").then_some(()));
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
}
