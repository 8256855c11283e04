//! The log tells the fate of each record at each consumer in one line, and no more.

use super::{by_cloud, log_lines, said_by};
use crate::support::bodies::{SUPPORT, status as status_of, template_event};
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::proxy::Proxy;
use serde_json::{Value, json};

const THEN: u64 = 1_764_000_000;

/// Message, consumer, kind, for all fates in the log; sorted.
fn fates(log: &str) -> Vec<[String; 3]> {
    let word = |line: &Value, member: &str| line[member].as_str().unwrap_or_default().to_owned();
    let of = |message: &str| -> Vec<[String; 3]> {
        let lines = log_lines(log, message);
        lines.iter().map(|line| [message.to_owned(), word(line, "consumer"), word(line, "kind")]).collect()
    };
    let mut fates: Vec<[String; 3]> = ["delivered", "no counterpart", "dropped", "dead letter"].map(of).concat();
    fates.sort();
    fates
}

#[test]
fn one_line_for_each_record_and_consumer() {
    let [crm, audit, stuck] = [Consumer::start(), Consumer::start(), Consumer::replying(Reply::status(500))];
    let retry = "[consumer.retry]\nfirst = \"10ms\"\nmax = \"20ms\"\ngive_up_after = \"100ms\"\n";
    let config = [
        crm.section("crm", "onprem", ""),
        audit.section("audit", "cloud", "kinds = [\"status\"]\n"),
        stuck.section("stuck", "normalized", &format!("kinds = [\"message\"]\n{retry}")),
        SUPPORT.section("support", "\"crm\", \"audit\", \"stuck\""),
    ];
    let proxy = Proxy::start(&config.concat());
    by_cloud(&proxy, SUPPORT, &said_by("15550102001", "a", THEN));
    by_cloud(&proxy, SUPPORT, &json!({"statuses": [status_of("15550102002", "b", "read")]}));
    assert_eq!(proxy.post("/webhooks/cloud", template_event(SUPPORT.account)).status, 200);
    let expected = [
        ["dead letter", "stuck", ""],
        ["delivered", "audit", "status"],
        ["delivered", "crm", "message"],
        ["delivered", "crm", "status"],
        ["dropped", "audit", "account"],
        ["dropped", "audit", "message"],
        ["dropped", "stuck", "account"],
        ["dropped", "stuck", "status"],
        ["no counterpart", "crm", "account"],
    ]
    .map(|fate| fate.map(str::to_owned));
    eventually("all nine", || (fates(&proxy.log()).len() >= expected.len()).then_some(()));
    proxy.signal("TERM");
    let ended = proxy.end();
    assert_eq!(fates(&ended.log), expected);

    let delivered = log_lines(&ended.log, "delivered");
    let records: Vec<u64> = delivered.iter().map(|line| line["record"].as_u64().expect("its place")).collect();
    assert_eq!(records.len(), 3);
    for line in &delivered {
        assert_eq!((&line["level"], &line["source"], &line["requests"]), (&json!("INFO"), &json!("cloud"), &json!(1)));
    }
    let letters = log_lines(&ended.log, "dead letter");
    assert_eq!((&letters[0]["level"], &letters[0]["reason"]), (&json!("WARN"), &json!("gave_up")));
}

/// A record that is refused and taken later is delivered once, and says so once.
#[test]
fn retries_are_no_fate() {
    let crm = Consumer::start();
    crm.reply_next([Reply::status(500), Reply::status(503)]);
    let retry = "[consumer.retry]\nfirst = \"10ms\"\nmax = \"20ms\"\n";
    let proxy = Proxy::start(&[crm.section("crm", "cloud", retry), SUPPORT.section("support", "\"crm\"")].concat());
    by_cloud(&proxy, SUPPORT, &said_by("15550102001", "a", THEN));
    proxy.wait_until_drained("crm");
    proxy.signal("TERM");
    let log = proxy.end().log;
    assert_eq!((fates(&log).len(), log_lines(&log, "not delivered").len()), (1, 2));
}
