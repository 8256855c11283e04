//! What was delivered is kept for a while, up to so many bytes; what is owed is always kept.

use crate::bench::{Bench, Terms, eventually, on_each_with};
use crate::drafts::{given_up, record, retry_at};
use cutover::journal::{ConsumerId, End};
use std::time::Duration;

/// Delivers records of so many bytes each, one after the other.
async fn deliver(bench: &Bench, to: ConsumerId, records: usize, bytes: usize) {
    for n in 0..records {
        bench.accept(vec![record(&format!("{n:0bytes$}"), 1, &[to])]).await;
        let lease = bench.only(to).await;
        bench.end(lease, End::Settled);
    }
}

/// What would be delivered again; it is delivered again now.
async fn kept(bench: &Bench, to: ConsumerId) -> Vec<String> {
    bench.owe_again(to, 0).await;
    bench.drain(to).await
}

#[test]
fn with_no_time_or_no_room_it_goes_at_once() {
    let no_time = Terms { retain: Duration::ZERO, ..Terms::default() };
    let no_room = Terms { retain_bytes: 0, ..Terms::default() };
    for terms in [no_time, no_room] {
        on_each_with(terms, async |mut bench| {
            let crm = bench.consumer("crm").await;
            deliver(&bench, crm, 3, 10).await;
            assert_eq!(bench.owe_again(crm, 0).await, 0);
            let bench = bench.reopen().await;
            assert_eq!(bench.owe_again(crm, 0).await, 0);
        });
    }
}

#[test]
fn what_is_too_old_goes_by_itself() {
    let terms = Terms { retain: Duration::from_secs(3600), ..Terms::default() };
    on_each_with(terms, async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("old", 1, &[crm]), record("young", 2, &[crm]), record("owed", 3, &[crm])]).await;
        let mut leases = bench.lease(crm, 9).await;
        bench.end(leases.remove(2), retry_at(bench.now_ms() + 1_000, 1));
        for (lease, ago_ms) in leases.into_iter().zip([3_601_000, 3_500_000]) {
            let now_ms = bench.now_ms() - ago_ms;
            let (apart, advances) = (Vec::new(), Vec::new());
            bench.settle(cutover::journal::Settlement { lease, end: End::Settled, apart, advances, now_ms });
        }
        eventually("the old one to go", async || {
            bench.owe_again(crm, 0).await;
            bench.drain(crm).await == ["young"]
        })
        .await;
        bench.pass(1_000);
        assert_eq!(bench.drain(crm).await, ["owed"]);
    });
}

#[test]
fn of_too_much_the_oldest_goes_and_no_more_than_has_to() {
    // Room for three of them and what is kept beside each, not for four.
    let terms = Terms { retain_bytes: 35_000, ..Terms::default() };
    on_each_with(terms, async |mut bench| {
        let crm = bench.consumer("crm").await;
        deliver(&bench, crm, 6, 10_000).await;
        bench.flush().await;
        // It is looked after twice a second.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let kept: Vec<u32> = kept(&bench, crm).await.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(kept, [3, 4, 5]);
    });
}

#[test]
fn what_is_owed_or_dead_never_goes() {
    let terms = Terms { retain: Duration::from_millis(1), retain_bytes: 1, ..Terms::default() };
    on_each_with(terms, async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        let both = [crm, bot];
        bench.accept(vec![record("owed", 1, &both), record("dead", 2, &both), record("done", 3, &both)]).await;
        assert_eq!(bench.drain(crm).await, ["owed", "dead", "done"]);
        let mut leases = bench.lease(bot, 9).await;
        bench.end(leases.remove(2), End::Settled);
        bench.end(leases.remove(1), given_up());
        bench.flush().await;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let bench = bench.reopen().await;
        assert_eq!(bench.drain(bot).await, ["owed"]);
        let letter = crate::bench::id(&bench.dead().await[0]);
        assert_eq!(bench.body(letter).await, "dead");
    });
}
