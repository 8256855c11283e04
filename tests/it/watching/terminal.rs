//! `cutover status`: beside a server, at the journal alone, and where nothing is.

use super::{by_cloud, onprem};
use crate::support::bodies::SUPPORT;
use crate::support::command::{Folder, Outcome, cutover, run};
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::proxy::Proxy;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

const THEN: u64 = 1_764_000_000;
const LATER: &str = "[consumer.retry]\nfirst = \"1h\"\nmax = \"1h\"\n";

/// A number that has switched, and a consumer that has refused one of two records.
fn switched() -> (Consumer, Proxy) {
    let crm = Consumer::start();
    crm.reply_next([Reply::status(500)]);
    let proxy =
        Proxy::start(&[crm.section("crm", "normalized", LATER), SUPPORT.section("support", "\"crm\"")].concat());
    onprem(&proxy, SUPPORT, &super::said_by("15550102001", "a", THEN));
    super::consumer_once(&proxy, "crm", "one waits", |crm| crm["parked"] == 1);
    by_cloud(&proxy, SUPPORT, &super::said_by("15550102002", "b", THEN + 1));
    super::consumer_once(&proxy, "crm", "it took the other", |crm| crm["taken"] == 1);
    (crm, proxy)
}

fn at(proxy: &Proxy, more: &[&str]) -> Outcome {
    let admin = format!("http://{}/", proxy.admin);
    run(&[&["status", "--admin", &admin], more].concat())
}

/// The line that begins with a word.
fn line<'t>(text: &'t str, first: &str) -> &'t str {
    let begins = |line: &&str| line.split_whitespace().next() == Some(first);
    text.lines().find(begins).unwrap_or_else(|| panic!("no line {first} in {text}"))
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn beside_a_server_it_says_what_the_server_says() {
    let (_crm, proxy) = switched();
    let text = at(&proxy, &[]).clean();
    let head = text.lines().next().unwrap();
    assert!(head.starts_with(&format!("cutover {}  ready  journal embedded", env!("CARGO_PKG_VERSION"))), "{head}");
    assert_eq!(words(line(&text, "support"))[1], "cloud", "{text}");
    assert!(
        line(&text, "onprem").contains("onprem -> cloud at ") && line(&text, "onprem").contains("0 twice"),
        "{text}"
    );
    assert_eq!(words(line(&text, "crm"))[1..7], ["normalized", "up", "0", "0", "1", "0"], "{text}");
    assert!(line(&text, "crm").contains("50.0 %") && line(&text, "crm").contains("refused 500"), "{text}");

    let said: Value = serde_json::from_str(&at(&proxy, &["--json"]).clean()).expect("one JSON object");
    let asked = super::status(&proxy);
    for member in ["version", "started_ms", "readiness", "losses", "unknown", "dead_letters", "webhooks"] {
        assert_eq!(said[member], asked[member], "{member}");
    }
    assert_eq!(said["numbers"][0]["switches"], asked["numbers"][0]["switches"]);
}

#[test]
fn without_a_server_the_journal_is_read() {
    let (_crm, proxy) = switched();
    let before = super::number(&proxy, "support");
    let home = proxy.stop();
    let text = home.command(&["status"]).clean();
    assert!(text.lines().next().is_some_and(|head| head.contains("  stopped  journal embedded")), "{text}");
    assert_eq!(words(line(&text, "support"))[1], "cloud", "{text}");
    assert_eq!(words(line(&text, "crm"))[1..7], ["-", "stopped", "0", "0", "1", "0"], "{text}");
    let said: Value = serde_json::from_str(&home.command(&["status", "--json"]).clean()).expect("one JSON object");
    assert_eq!((&said["readiness"]["status"], &said["started_ms"]), (&json!("stopped"), &Value::Null));
    for member in ["platform", "since_ms", "onprem", "cloud", "switches", "minutes"] {
        assert_eq!(said["numbers"][0][member], before[member], "{member}");
    }
    // Nothing of it was touched.
    let proxy = home.start();
    assert_eq!(super::number(&proxy, "support")["switches"], before["switches"]);
    assert_eq!(proxy.owed("crm"), 1);
}

#[test]
fn where_nothing_is_one_sentence_says_so() {
    let folder = Folder::new();
    let crm = Consumer::absent();
    let journal = folder.path("cutover.db");
    let config = format!(
        "{}[listen]\nadmin = \"{}\"\n[journal]\npath = \"{}\"\n",
        crm.section("crm", "onprem", ""),
        crm.address(),
        journal.display()
    );
    let config = folder.write("cutover.toml", config);
    for (arguments, sentence) in [
        (["--config", config.as_str()], format!("there is no journal at {}", journal.display())),
        (["--admin", &format!("http://{}/", crm.address())], "no server answers at".to_owned()),
    ] {
        for how in [&[][..], &["--json"], &["--watch"]] {
            let outcome = run(&[&["status"], how, &arguments].concat());
            assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{arguments:?} {how:?}");
            assert!(outcome.stderr.starts_with("error: ") && outcome.stderr.contains(&sentence), "{}", outcome.stderr);
        }
    }
    assert!(!journal.exists(), "and none was made");
}

#[test]
fn a_token_that_is_missing_is_asked_for() {
    let config = Consumer::start().section("crm", "onprem", "");
    let proxy = Proxy::start_with(&config, &[("CUTOVER_LISTEN__ADMIN_TOKEN", "the token")]);
    for wrong in [&[][..], &["--admin-token", "another"]] {
        let outcome = at(&proxy, wrong);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
        assert!(outcome.stderr.contains("listen.admin_token"), "{}", outcome.stderr);
    }
    assert!(at(&proxy, &["--admin-token", "the token"]).clean().contains("  ready  "));
}

/// The command while it runs; its lines as they come.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().expect("piped"));
        // It ends with the pipe.
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The next line, or the end.
    fn next(&self) -> Option<Value> {
        let line = self.lines.recv_timeout(crate::support::PATIENCE).ok()?;
        Some(serde_json::from_str(&line).expect("an object a line"))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn it_is_said_again_until_it_is_interrupted_and_a_restart_in_between_is_no_end() {
    let (_crm, proxy) = switched();
    let mut command = cutover();
    command.args(["status", "--watch", "--json", "--config"]).arg(proxy.home().config());
    // The ports are the system's choice: the configuration is told of them.
    command.env("CUTOVER_LISTEN__ADMIN", proxy.admin.to_string());
    command.env("CUTOVER_JOURNAL__PATH", proxy.home().journal());
    let watching = Watching::start(command);
    let rounds = [watching.next().expect("a round"), watching.next().expect("another")];
    assert!(rounds[0]["now_ms"].as_u64() < rounds[1]["now_ms"].as_u64());
    assert_eq!(rounds[1]["readiness"]["status"], "ready");

    // While nobody serves, the journal is asked; the next server finds it free.
    let admin = proxy.admin.to_string();
    let home = proxy.stop();
    eventually("a round without a server", || (watching.next()?["readiness"]["status"] == "stopped").then_some(()));
    home.set("CUTOVER_LISTEN__ADMIN", &admin);
    let proxy = home.start();
    eventually("a round with the next server", || (watching.next()?["readiness"]["status"] == "ready").then_some(()));
    drop(watching);
    assert_eq!(proxy.ask("/livez").status, 200);
}
