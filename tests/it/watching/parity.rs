//! A shadow run: how the consumers of one number agree.

use super::{by_cloud, number, said_by};
use crate::support::bodies::SUPPORT;
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::proxy::Proxy;
use serde_json::{Value, json};

const THEN: u64 = 1_764_000_000;
const SOON: &str = "[consumer.retry]\nfirst = \"10ms\"\nmax = \"50ms\"\n";

/// `crm` and its shadow, and the configuration of either.
struct Run {
    crm: Consumer,
    shadow: Consumer,
}

impl Run {
    fn with(shadow: Consumer) -> Self {
        Self { crm: Consumer::start(), shadow }
    }

    fn config(&self, deliver_to: &str) -> String {
        let shadow = self.shadow.section("shadow", "cloud", SOON);
        [self.crm.section("crm", "onprem", SOON), shadow, SUPPORT.section("support", deliver_to)].concat()
    }

    fn both(&self) -> String {
        self.config("\"crm\", \"shadow\"")
    }
}

fn post(proxy: &Proxy, user: u32) -> u16 {
    let members = said_by(&format!("1555010{user:04}"), &format!("id-{user}"), THEN);
    proxy.post("/webhooks/cloud", crate::support::bodies::cloud(SUPPORT, &members)).status
}

fn parity(proxy: &Proxy) -> Value {
    number(proxy, "support")["parity"].clone()
}

fn parity_once(proxy: &Proxy, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || Some(parity(proxy)).filter(&is))
}

/// Both, refused, behind.
fn counts(parity: &Value) -> [u64; 3] {
    ["both", "refused", "behind"].map(|outcome| parity[outcome].as_u64().unwrap())
}

fn records_behind(parity: &Value) -> Vec<(String, u64)> {
    let consumers = parity["consumers"].as_array().unwrap().iter();
    consumers.map(|one| (one["consumer"].as_str().unwrap().to_owned(), one["records"].as_u64().unwrap())).collect()
}

fn behind(crm: u64, shadow: u64) -> Vec<(String, u64)> {
    vec![("crm".to_owned(), crm), ("shadow".to_owned(), shadow)]
}

fn counted(proxy: &Proxy) -> [Option<f64>; 3] {
    ["both", "refused", "behind"]
        .map(|outcome| proxy.metric(&format!("cutover_parity_total{{number=\"support\",outcome=\"{outcome}\"}}")))
}

#[test]
fn both_or_refused_by_one() {
    let run = Run::with(Consumer::start());
    let proxy = Proxy::start(&run.both());
    assert_eq!((counts(&parity(&proxy)), counted(&proxy)), ([0, 0, 0], [Some(0.0); 3]));
    (0..3).for_each(|user| assert_eq!(post(&proxy, user), 200));
    parity_once(&proxy, "both took three", |parity| counts(parity) == [3, 0, 0]);
    run.shadow.reply_next([Reply::status(500)]);
    assert_eq!(post(&proxy, 3), 200);
    // It counts once, also though it is taken later.
    proxy.wait_until_drained("crm");
    proxy.wait_until_drained("shadow");
    let parity = parity_once(&proxy, "one was refused", |parity| counts(parity) == [3, 1, 0]);
    assert_eq!(records_behind(&parity), behind(0, 0));
    assert_eq!(counted(&proxy), [Some(3.0), Some(1.0), Some(0.0)]);
}

#[test]
fn a_shadow_that_is_away_is_behind_until_it_is_there() {
    let run = Run::with(Consumer::absent());
    let proxy = Proxy::start(&run.both());
    (0..4).for_each(|user| assert_eq!(post(&proxy, user), 200));
    let away = parity_once(&proxy, "it is behind", |parity| records_behind(parity) == behind(0, 4));
    assert_eq!(counts(&away), [0, 0, 0], "an attempt without an answer is no refusal");
    parity_once(&proxy, "the seconds pass", |parity| parity["consumers"][1]["seconds"].as_f64() > Some(0.0));
    run.shadow.arrive();
    let there = parity_once(&proxy, "it has caught up", |parity| counts(parity) == [4, 0, 0]);
    assert_eq!((records_behind(&there), &there["consumers"][1]["seconds"]), (behind(0, 0), &json!(0.0)));
}

/// What is given up is not owed any more: nobody is behind with it.
#[test]
fn what_one_gave_up_counts_as_refused() {
    let run = Run::with(Consumer::absent());
    let shadow = run.shadow.section("shadow", "cloud", &format!("{SOON}give_up_after = \"200ms\"\n"));
    let proxy = Proxy::start(&run.both().replace(&run.shadow.section("shadow", "cloud", SOON), &shadow));
    assert_eq!(post(&proxy, 1), 200);
    let given_up = parity_once(&proxy, "it is given up", |parity| counts(parity) == [0, 1, 0]);
    assert_eq!(records_behind(&given_up), behind(0, 0));
}

#[test]
fn a_shadow_that_a_reload_adds_is_compared_from_then_on() {
    let run = Run::with(Consumer::start());
    let proxy = Proxy::start(&run.config("\"crm\""));
    assert_eq!(post(&proxy, 1), 200);
    proxy.wait_until_drained("crm");
    assert_eq!(parity(&proxy), Value::Null, "one consumer has nobody to agree with");
    proxy.reload(&run.both());
    assert_eq!(counts(&parity(&proxy)), [0, 0, 0]);
    assert_eq!(post(&proxy, 2), 200);
    parity_once(&proxy, "both took it", |parity| counts(parity) == [1, 0, 0]);
    proxy.reload(&run.config("\"crm\""));
    assert_eq!(parity(&proxy), Value::Null);
}

#[test]
fn without_a_journal_too() {
    let run = Run::with(Consumer::start());
    let proxy = Proxy::pass_through(&run.both().replace(SOON, ""));
    assert_eq!(post(&proxy, 1), 200);
    assert_eq!(counts(&parity(&proxy)), [1, 0, 0]);
    run.shadow.reply_next([Reply::status(500)]);
    assert_eq!(post(&proxy, 2), 502);
    let refused = parity(&proxy);
    assert_eq!(counts(&refused), [1, 1, 0]);
    assert_eq!(records_behind(&refused), behind(0, 0), "it is owed nothing: the platform comes again");
    assert_eq!(post(&proxy, 2), 200);
    assert_eq!(counted(&proxy), [Some(2.0), Some(1.0), Some(0.0)]);
    // Only what was delivered to all counts for the number.
    assert_eq!(number(&proxy, "support")["cloud"]["events"], 2);
    by_cloud(&proxy, SUPPORT, &said_by("15550109999", "z", THEN));
}
