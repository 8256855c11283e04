//! A record is in the file once, however many consumers are owed it.

use crate::bench::{Kind, Terms, on};
use crate::drafts::{given_up, record};
use std::time::Duration;

#[test]
fn what_another_still_needs_can_be_delivered_again() {
    let terms = Terms { retain: Duration::from_millis(1), retain_bytes: 1, ..Terms::default() };
    on(Kind::Embedded, terms, async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        let both = [crm, bot];
        bench.accept(vec![record("owed", 1, &both), record("dead", 2, &both), record("done", 3, &both)]).await;
        bench.drain(crm).await;
        let mut leases = bench.lease(bot, 9).await;
        bench.end(leases.remove(2), cutover::journal::End::Settled);
        bench.end(leases.remove(1), given_up());
        bench.flush().await;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(bench.owe_again(crm, 0).await, 2, "all but what both have taken");
    });
}
