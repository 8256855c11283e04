//! SIGTERM while webhooks come in: exit code 0, and what was accepted is there after the start.

use super::{accepts, under_load};
use crate::support::bodies::SUPPORT;
use crate::support::consumer::{Consumer, Reply};
use crate::support::ledger::attempts;
use crate::support::load::{Tally, Target};
use crate::support::proxy::Proxy;
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn nothing_is_lost_or_repeated_by_an_orderly_end() {
    let crm = Consumer::replying(Reply::Late(Duration::from_millis(5)));
    let config = [crm.section("crm", "onprem", ""), SUPPORT.section("support", "\"crm\"")].concat();
    let mut proxy = Proxy::start(&config);
    let (target, tally) = (Target::at(proxy.webhooks), Tally::default());
    let proxy = under_load(&target, &tally, || {
        for _ in 0..3 {
            accepts(&tally, 80);
            let home = proxy.stop();
            target.move_to(None);
            proxy = home.start();
            target.move_to(Some(proxy.webhooks));
        }
        accepts(&tally, 80);
        proxy
    });
    proxy.wait_until_drained("crm");
    tally.promises.assert_kept(&crm);
    let attempts = attempts(&crm);
    let deliveries: BTreeSet<&String> = attempts.iter().map(|attempt| &attempt.delivery).collect();
    assert_eq!(deliveries.len(), attempts.len(), "no attempt was made twice");
}

/// A consumer that hangs ends with `drain`; what it had is delivered again.
#[test]
fn what_was_under_way_at_the_end_of_drain_is_delivered_again() {
    let crm = Consumer::replying(Reply::Hold);
    let config = format!("[listen]\ndrain = \"200ms\"\n{}", crm.section("crm", "onprem", ""));
    let proxy = Proxy::start(&config);
    let promises = crate::support::ledger::Promises::default();
    (0..3).for_each(|conversation| crate::support::load::promise(&proxy, &promises, conversation, 1));
    crm.wait_for(3);
    let home = proxy.stop();
    crm.reply(Reply::status(200));
    let proxy = home.start();
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    assert_eq!(crm.requests().len(), 6);
}
