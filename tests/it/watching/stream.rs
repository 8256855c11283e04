//! `/api/status/stream`: the status again and again, for so many and no more, until the server ends.

use crate::support::consumer::Consumer;
use crate::support::eventually;
use crate::support::http::{self, Headers, Request};
use crate::support::proxy::Proxy;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const PATH: &str = "/api/status/stream";
/// So many may watch.
const WATCHERS: usize = 32;

/// One who watches: an open connection, read as it comes.
pub(super) struct Watcher {
    status: String,
    headers: Headers,
    lines: BufReader<TcpStream>,
}

impl Watcher {
    pub(super) fn of(proxy: &Proxy) -> Self {
        Self::asking(proxy, &Request::get(PATH).by_address(proxy.admin))
    }

    fn asking(proxy: &Proxy, request: &Request) -> Self {
        let mut stream = http::connect(proxy.admin);
        stream.write_all(&request.bytes()).expect("the proxy listens");
        let head = http::read_head(&mut stream).expect("an answer");
        let (_, status, headers) = http::parse_head(&head);
        Self { status, headers, lines: BufReader::new(stream) }
    }

    /// The data of the next event named `status`; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Value> {
        let mut is_status = false;
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line).expect("it goes on or ends") == 0 {
                return None;
            }
            is_status |= line.trim_end() == "event: status";
            if let Some(data) = line.strip_prefix("data: ").filter(|_| is_status) {
                return Some(serde_json::from_str(data).expect("JSON in one line"));
            }
        }
    }
}

fn proxy() -> (Consumer, Proxy) {
    let crm = Consumer::start();
    let proxy = Proxy::start(&crm.section("crm", "onprem", ""));
    (crm, proxy)
}

#[test]
fn the_status_comes_at_once_and_again() {
    let (_crm, proxy) = proxy();
    let begun = Instant::now();
    let mut watcher = Watcher::of(&proxy);
    assert_eq!((watcher.status.as_str(), watcher.headers.get("content-type")), ("200", Some("text/event-stream")));
    assert_eq!(watcher.headers.get("cache-control"), Some("no-store"));
    let first = watcher.next().expect("the first");
    assert!(begun.elapsed() < Duration::from_secs(2), "it is not waited for");
    let second = watcher.next().expect("the second");
    assert!(first["now_ms"].as_u64() < second["now_ms"].as_u64());
    let keys = |status: &Value| status.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&first), keys(&super::status(&proxy)));
}

#[test]
fn whoever_watches_does_not_hold_the_end() {
    let (_crm, proxy) = proxy();
    let mut watcher = Watcher::of(&proxy);
    watcher.next().expect("the first");
    let begun = Instant::now();
    proxy.signal("TERM");
    while watcher.next().is_some() {}
    let ended = proxy.end();
    let took = begun.elapsed();
    assert_eq!(ended.status.code(), Some(0));
    assert!(took < Duration::from_secs(3), "well before connections are cut off: {took:?}");
    assert!(!ended.log.contains("connections were still open"), "{}", ended.log);
}

/// One that reads nothing is let go with the process, and nobody else waits for it.
#[test]
fn one_that_does_not_read_stops_nobody() {
    let (_crm, proxy) = proxy();
    let _stuck = Watcher::of(&proxy);
    let mut other = Watcher::of(&proxy);
    assert!(other.next().is_some() && other.next().is_some());
    assert_eq!(proxy.ask("/readyz").status, 200);
}

#[test]
fn one_more_than_may_is_told_so_and_probes_go_on() {
    let (_crm, proxy) = proxy();
    let mut watchers: Vec<Watcher> = (0..WATCHERS).map(|_| Watcher::of(&proxy)).collect();
    assert!(watchers.iter_mut().all(|watcher| watcher.next().is_some()));
    let turned_away = proxy.ask(PATH);
    assert_eq!((turned_away.status, turned_away.headers.get("retry-after")), (503, Some("10")));
    assert!(turned_away.text().contains("too many are watching"));
    assert_eq!((proxy.ask("/readyz").status, proxy.ask("/api/status").status), (200, 200));
    // A seat that is left is free again.
    watchers.pop();
    eventually("a seat", || (Watcher::of(&proxy).status == "200").then_some(()));
}

#[test]
fn it_asks_for_the_token_and_turns_other_sites_away() {
    let config = Consumer::start().section("crm", "onprem", "");
    let guarded = Proxy::start_with(&config, &[("CUTOVER_LISTEN__ADMIN_TOKEN", "the token")]);
    for path in [PATH, "/api/status"] {
        assert_eq!(guarded.ask(path).status, 401, "{path}");
        let wrong = Request::get(path).by_address(guarded.admin).header("Authorization", "Bearer another");
        assert_eq!(wrong.send(guarded.admin).status, 401, "{path}");
    }
    let shown = Request::get(PATH).by_address(guarded.admin).header("Authorization", "Bearer the token");
    assert!(Watcher::asking(&guarded, &shown).next().is_some());

    let open = Proxy::start(&config);
    for path in [PATH, "/api/status"] {
        let foreign = Request::get(path).by_address(open.admin).header("Origin", "http://evil.example");
        assert_eq!(foreign.send(open.admin).status, 403, "{path}");
    }
    let own = Request::get("/api/status").by_address(open.admin).header("Origin", &format!("http://{}", open.admin));
    assert_eq!(own.send(open.admin).status, 200);
}
