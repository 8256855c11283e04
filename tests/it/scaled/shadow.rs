//! A shadow run beside others: one proxy has a conversation for all of its consumers, so it can compare them.

use super::fleet::Fleet;
use super::{journal, settings, stream};
use crate::support::bodies::SUPPORT;
use crate::support::broker::Broker;
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::ledger::Promises;
use crate::watching::number;

const CONVERSATIONS: usize = 24;

/// Both, refused, behind: by all proxies together.
fn counts(fleet: &Fleet) -> [f64; 3] {
    ["both", "refused", "behind"].map(|outcome| {
        fleet.metrics(&format!("cutover_parity_total{{number=\"support\",outcome=\"{outcome}\"}}")).iter().sum()
    })
}

fn records_behind(fleet: &Fleet) -> u64 {
    let behind = |proxy| {
        let parity = number(proxy, "support")["parity"].clone();
        let consumers = parity["consumers"].as_array().expect("consumers").clone();
        consumers.iter().map(|consumer| consumer["records"].as_u64().expect("a count")).sum::<u64>()
    };
    fleet.up().map(behind).sum()
}

#[test]
fn consumers_are_compared_record_by_record() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, shadow, promises) = (Consumer::start(), Consumer::start(), Promises::default());
    let sections = [
        crm.section("crm", "onprem", &settings()),
        shadow.section("shadow", "cloud", &settings()),
        SUPPORT.section("support", "\"crm\", \"shadow\""),
    ];
    let fleet = Fleet::start(2, &[sections.concat(), journal(&broker.url(), &stream())].concat());
    fleet.promise_a_round(&promises, CONVERSATIONS, 1);
    let all = CONVERSATIONS as f64;
    eventually("both took all", || (counts(&fleet) == [all, 0.0, 0.0]).then_some(()));
    assert_eq!(records_behind(&fleet), 0);
    shadow.reply_next([Reply::status(500)]);
    fleet.promise(&promises, 0, 2);
    eventually("one was refused", || (counts(&fleet) == [all, 1.0, 0.0]).then_some(()));
    eventually("and taken later", || (records_behind(&fleet) == 0).then_some(()));
}
