//! Who waits for work hears of it.

use crate::bench::on_each;
use crate::drafts::{given_up, record, retry_at};
use cutover::journal::End;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

async fn is_woken(wake: &Arc<Notify>) -> bool {
    tokio::time::timeout(Duration::from_secs(5), wake.notified()).await.is_ok()
}

#[test]
fn of_what_arrives_and_of_what_is_free_again() {
    on_each(async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        let (wake, bots) = (bench.journal.wake_of(crm), bench.journal.wake_of(bot));
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm]), record("a3", 1, &[crm])]).await;
        assert!(is_woken(&wake).await, "it arrived");
        let lease = bench.only(crm).await;
        bench.end(lease, End::Settled);
        assert!(is_woken(&wake).await, "the next is free");
        let lease = bench.only(crm).await;
        bench.end(lease, given_up());
        assert!(is_woken(&wake).await, "the next is free");
        let lease = bench.only(crm).await;
        bench.end(lease, retry_at(bench.now_ms() + 1_000, 1));
        assert!(is_woken(&wake).await, "there is a time to wait for");
        let letter = bench.dead().await;
        assert!(bench.journal.revive(crate::bench::id(&letter[0]), vec![crm], bench.now_ms()).await.unwrap());
        assert!(is_woken(&wake).await, "it is owed again");
        bench.flush().await;
        let quiet = tokio::time::timeout(Duration::from_millis(50), bots.notified()).await;
        assert!(quiet.is_err(), "nothing of this is for the other");
    });
}

#[test]
fn of_a_lane_whose_head_was_buried_by_hand() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm])]).await;
        let lease = bench.only(crm).await;
        bench.end(lease, retry_at(bench.now_ms() + 1_000, 1));
        bench.flush().await;
        let wake = bench.journal.wake_of(crm);
        while tokio::time::timeout(Duration::from_millis(50), wake.notified()).await.is_ok() {}
        let waiting = bench.waiting().await;
        assert!(bench.journal.bury(crate::bench::id(&waiting[0]), bench.now_ms()).await.unwrap());
        assert!(is_woken(&wake).await);
        assert_eq!(bench.drain(crm).await, ["a2"]);
    });
}
