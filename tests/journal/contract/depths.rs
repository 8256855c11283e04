//! What waits, is out, is parked and is dead, at each point.

use crate::bench::{id, on_each};
use crate::drafts::{given_up, record, retry_at};
use cutover::journal::End;

#[test]
fn the_counts_follow_what_happens() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        assert_eq!(bench.counts("crm").await, [0, 0, 0, 0]);
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm]), record("b1", 2, &[crm])]).await;
        assert_eq!(bench.counts("crm").await, [3, 0, 0, 0]);
        let mut leases = bench.lease(crm, 9).await;
        assert_eq!(bench.counts("crm").await, [1, 2, 0, 0]);
        bench.end(leases.remove(0), retry_at(bench.now_ms() + 10, 1));
        assert_eq!(bench.counts("crm").await, [1, 1, 1, 0]);
        bench.end(leases.remove(0), End::Released);
        assert_eq!(bench.counts("crm").await, [2, 0, 1, 0]);
        bench.pass(10);
        // What is due and not yet taken is still parked; what is taken is in flight.
        assert_eq!(bench.counts("crm").await, [2, 0, 1, 0]);
        let leases = bench.lease(crm, 9).await;
        assert_eq!(bench.counts("crm").await, [1, 2, 0, 0]);
        leases.into_iter().for_each(|lease| bench.end(lease, End::Released));
        assert_eq!(bench.counts("crm").await, [2, 0, 1, 0]);
        for lease in bench.lease(crm, 9).await {
            bench.end(lease, given_up());
        }
        assert_eq!(bench.counts("crm").await, [1, 0, 0, 2]);
        let dead = bench.dead().await;
        assert!(bench.journal.revive(id(&dead[0]), vec![crm], bench.now_ms()).await.unwrap());
        assert_eq!(bench.counts("crm").await, [2, 0, 0, 1]);
        assert!(bench.journal.drop_letter(id(&dead[1])).await.unwrap());
        assert_eq!(bench.counts("crm").await, [2, 0, 0, 0]);
        let waiting = bench.waiting().await;
        assert!(bench.journal.bury(id(&waiting[0]), bench.now_ms()).await.unwrap());
        assert_eq!(bench.counts("crm").await, [1, 0, 0, 1]);
        bench.drain(crm).await;
        assert_eq!(bench.counts("crm").await, [0, 0, 0, 1]);
        bench.accept(vec![record("c1", 3, &[crm])]).await;
        bench.drain(crm).await;
        assert_eq!(bench.owe_again(crm, 0).await, 2);
        assert_eq!(bench.counts("crm").await, [2, 0, 0, 1]);
    });
}

#[test]
fn they_are_the_same_in_the_next_process() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept((0..5).map(|lane| record(&lane.to_string(), lane, &[crm])).collect()).await;
        bench.accept(vec![record("lost", 1, &[]), record("b", 1, &[crm])]).await;
        let mut leases = bench.lease(crm, 4).await;
        bench.end(leases.remove(0), retry_at(bench.now_ms() + 10, 1));
        bench.end(leases.remove(0), given_up());
        bench.end(leases.remove(0), End::Settled);
        assert_eq!(bench.counts("crm").await, [2, 1, 1, 1]);
        bench.flush().await;
        let bench = bench.crash().await;
        // What was out waits again.
        assert_eq!(bench.counts("crm").await, [3, 0, 1, 1]);
        let bench = bench.reopen().await;
        assert_eq!(bench.counts("crm").await, [3, 0, 1, 1]);
        assert_eq!(bench.counts("").await, [0, 0, 0, 1], "of nobody's");
    });
}

#[test]
fn the_age_is_that_of_the_oldest_that_is_owed() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm])]).await;
        bench.pass(100);
        bench.accept(vec![record("b1", 2, &[crm])]).await;
        bench.pass(10);
        assert_eq!(bench.depth("crm").await.oldest_ms, 110);
        let first = bench.lease(crm, 1).await.remove(0);
        assert_eq!(bench.depth("crm").await.oldest_ms, 110);
        bench.end(first, End::Settled);
        assert_eq!(bench.depth("crm").await.oldest_ms, 10);
        bench.drain(crm).await;
        assert_eq!(bench.depth("crm").await.oldest_ms, 0);
        // For what is given again, the time it is owed counts.
        bench.owe_again(crm, 0).await;
        bench.pass(7);
        assert_eq!(bench.depth("crm").await.oldest_ms, 7);
    });
}
