//! Routes, methods, sizes, and the oddities of HTTP.

use super::{accepted, behind, refused};
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::consumer::Consumer;
use crate::support::eventually;
use crate::support::http::{self, Request};
use crate::support::proxy::Proxy;
use crate::support::signature::{meta, turn};
use std::io::Write;

#[test]
fn addresses_that_are_none() {
    let (_consumer, proxy) = behind("");
    for target in ["/", "/webhook", "/webhooks/", "/webhooks/onprem/", "/webhooks/1/2", "/livez", "/metrics"] {
        refused(&proxy.post(target, flat_text()), 404);
    }
    refused(&proxy.post("/webhooks/15550783881", flat_text()), 404);
    refused(&proxy.post("/webhooks/onprem/15550783881", flat_text()), 404);
}

#[test]
fn methods_that_are_not_allowed() {
    let (_consumer, proxy) = behind("");
    for (method, target) in [
        ("PUT", "/webhooks"),
        ("DELETE", "/webhooks/cloud"),
        ("PATCH", "/webhooks/onprem"),
        ("GET", "/webhooks/onprem"),
    ] {
        let answer = proxy.send(&Request::new(method, target));
        refused(&answer, 405);
        assert!(answer.headers.get("allow").is_some_and(|allowed| allowed.contains("POST")), "{method} {target}");
    }
}

#[test]
fn a_body_may_be_as_large_as_configured_and_no_larger() {
    let body = cloud_text(SUPPORT);
    let (consumer, proxy) = behind(&format!("[listen]\nmax_body_bytes = {}\n", body.len()));
    accepted(&proxy.post("/webhooks", &body));
    refused(&proxy.post("/webhooks", format!("{body} ")), 413);
    assert_eq!(consumer.requests().len(), 1);
}

#[test]
fn an_announced_length_is_refused_before_the_body_is_there() {
    let (_consumer, proxy) = behind("[listen]\nmax_body_bytes = 1000\n");
    let head = "POST /webhooks HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n";
    let answer = http::exchange(&mut http::connect(proxy.webhooks), head.as_bytes());
    refused(&answer, 413);
    assert_eq!(answer.headers.get("connection"), Some("close"));
}

#[test]
fn a_stream_of_chunks_is_refused_as_soon_as_it_is_too_large() {
    let (_consumer, proxy) = behind("[listen]\nmax_body_bytes = 1000\n");
    let mut stream = http::connect(proxy.webhooks);
    stream.write_all(b"POST /webhooks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    let chunk = format!("258\r\n{}\r\n", " ".repeat(0x258));
    stream.write_all(chunk.as_bytes()).unwrap();
    refused(&http::exchange(&mut stream, chunk.as_bytes()), 413);
}

#[test]
fn chunks_are_put_together() {
    let (consumer, proxy) = behind("");
    let body = flat_text();
    let (left, right) = body.split_at(40);
    let request = format!(
        "POST /webhooks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{left}\r\n{:x}\r\n{right}\r\n0\r\n\r\n",
        left.len(),
        right.len()
    );
    accepted(&http::exchange(&mut http::connect(proxy.webhooks), request.as_bytes()));
    assert_eq!(consumer.requests().len(), 1);
}

#[test]
fn a_request_may_arrive_in_small_pieces() {
    let (consumer, proxy) = behind("");
    let request = Request::post("/webhooks", flat_text()).bytes();
    accepted(&http::exchange_in_pieces(&mut http::connect(proxy.webhooks), &request, 7));
    assert_eq!(consumer.requests().len(), 1);
}

#[test]
fn a_client_may_ask_before_it_sends_the_body() {
    let (_consumer, proxy) = behind("");
    let body = flat_text();
    let head = format!("POST /webhooks HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut stream = http::connect(proxy.webhooks);
    assert_eq!(http::exchange(&mut stream, head.as_bytes()).status, 100);
    accepted(&http::exchange(&mut stream, body.as_bytes()));
}

#[test]
fn a_request_needs_no_header_but_its_length() {
    let (_consumer, proxy) = behind("");
    let body = flat_text();
    for version in ["1.0", "1.1"] {
        let request = format!("POST /webhooks HTTP/{version}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        accepted(&http::exchange(&mut http::connect(proxy.webhooks), request.as_bytes()));
    }
}

#[test]
fn one_connection_carries_many_webhooks() {
    let (consumer, proxy) = behind("");
    let body = flat_text();
    let request = format!("POST /webhooks HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = http::connect(proxy.webhooks);
    for _ in 0..3 {
        accepted(&http::exchange(&mut stream, request.as_bytes()));
    }
    assert_eq!(consumer.requests().len(), 3);
}

#[test]
fn what_is_no_http_harms_nobody() {
    let (_consumer, proxy) = behind("");
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello".as_slice(),
        b"NOT HTTP AT ALL\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
    ] {
        let mut stream = http::connect(proxy.webhooks);
        stream.write_all(bytes).unwrap();
    }
    // A body that never comes: the connection is given up.
    http::connect(proxy.webhooks).write_all(b"POST /webhooks HTTP/1.1\r\nContent-Length: 9\r\n\r\n{").unwrap();
    accepted(&proxy.post("/webhooks", flat_text()));
}

/// Neither what was sent nor what would have been right.
#[test]
fn no_answer_repeats_the_body_or_the_signature_that_was_expected() {
    let (_consumer, proxy) = behind(
        "[listen]\nmax_body_bytes = 2000\n[cloud]\napp_secrets = [\"meta\"]\n[onprem]\nturn_secret = \"turn\"\n",
    );
    let secret = "canary-in-the-body";
    let body = cloud_text(SUPPORT).replace("hi", secret);
    let large = format!("{{\"messages\":[\"{secret}{}\"]}}", "x".repeat(2000));
    let broken = format!("{{\"messages\":[\"{secret}\"");
    let signed = |body: &str| Request::post("/webhooks", body).header("X-Hub-Signature-256", &meta("meta", body));
    let unsigned = Request::post("/webhooks", &body);
    for (request, status) in [
        (unsigned.clone(), 401),
        (unsigned.header("X-Hub-Signature-256", &meta("other", &body)), 401),
        (signed(&large), 413),
        (signed(&broken), 400),
        (signed(&format!("[\"{secret}\"]")), 400),
        (Request::post("/nowhere", &body), 404),
    ] {
        let answer = proxy.send(&request);
        refused(&answer, status);
        let said = format!("{:?} {}", answer.headers, answer.text());
        let right = [meta("meta", &body), turn("turn", &body), secret.to_owned()];
        for unsaid in right {
            assert!(!said.contains(unsaid.trim_start_matches("sha256=")), "{said}");
        }
    }
}

/// Nobody is left hanging: one connection too many is told to come back, and closed.
#[test]
fn a_connection_too_many_is_told_so() {
    let consumer = Consumer::start();
    let proxy =
        Proxy::pass_through(&format!("{}\n[listen]\nmax_connections = 2\n", consumer.section("crm", "onprem", "")));
    let mut first = http::connect(proxy.webhooks);
    let body = flat_text();
    let request = format!("POST /webhooks HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    assert_eq!(http::exchange(&mut first, request.as_bytes()).status, 200);
    let second = http::connect(proxy.webhooks);
    let refused = proxy.post("/webhooks", flat_text());
    assert_eq!((refused.status, refused.headers.get("retry-after")), (503, Some("5")));
    assert_eq!(refused.headers.get("connection"), Some("close"));
    // Those that are served are served on, and a place that is free is taken.
    assert_eq!(http::exchange(&mut first, request.as_bytes()).status, 200);
    drop(second);
    eventually("a free place", || (proxy.post("/webhooks", flat_text()).status == 200).then_some(()));
}
