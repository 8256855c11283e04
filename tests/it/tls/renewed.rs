//! A certificate is renewed while the proxy runs: SIGHUP is enough.

use super::certificates::{Authority, send};
use crate::support::bodies::flat_text;
use crate::support::command::Folder;
use crate::support::consumer::Consumer;
use crate::support::http::{self, Request};
use crate::support::proxy::Proxy;
use std::io::Write;

/// Whether a webhook gets in over TLS from somebody who trusts this authority.
fn is_trusted(proxy: &Proxy, authority: &Authority) -> bool {
    let answer = send(proxy.webhooks, authority, None, &Request::post("/webhooks", flat_text()));
    answer.is_ok_and(|answer| answer.status == 200)
}

#[test]
fn the_next_connection_sees_the_new_one_and_an_open_one_goes_on() {
    let (before, after, folder) = (Authority::new("before"), Authority::new("after"), Folder::new());
    let crm = Consumer::start();
    let tls = before.issue("proxy", &["localhost"]).files(&folder, "own");
    let config = format!("{}[listen.tls]\n{tls}", crm.section("crm", "onprem", ""));
    let proxy = Proxy::start(&config);
    assert!(is_trusted(&proxy, &before) && !is_trusted(&proxy, &after));
    let renewed = after.issue("proxy", &["localhost"]);
    renewed.files(&folder, "own");
    assert!(is_trusted(&proxy, &before), "nobody has said so yet");
    assert!(proxy.reload(&config).contains("configuration reloaded"));
    assert!(is_trusted(&proxy, &after) && !is_trusted(&proxy, &before));

    // Half of a renewal is none.
    folder.write("own.key", before.issue("proxy", &["localhost"]).key);
    let log = proxy.reload(&config);
    assert!(log.contains("configuration not reloaded") && log.contains("listen.tls"), "{log}");
    assert!(is_trusted(&proxy, &after), "what was in force stays");
}

#[test]
fn it_can_be_switched_on_and_off() {
    let (authority, folder, crm) = (Authority::new("servers"), Folder::new(), Consumer::start());
    let plain = crm.section("crm", "onprem", "");
    let tls = authority.issue("proxy", &["localhost"]).files(&folder, "own");
    let proxy = Proxy::start(&plain);
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    proxy.reload(&format!("{plain}[listen.tls]\n{tls}"));
    assert!(is_trusted(&proxy, &authority));
    let mut stream = http::connect(proxy.webhooks);
    stream.write_all(&Request::post("/webhooks", flat_text()).bytes()).unwrap();
    assert!(http::read_answer(&mut stream).is_err(), "nobody comes in without it");
    proxy.reload(&plain);
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
}
