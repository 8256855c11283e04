//! What was refused is tried again at its time; its lane waits, the others do not.

use crate::bench::{on_each, texts};
use crate::drafts::{given_up, record, retry_at};
use cutover::journal::{End, Progress};

#[test]
fn only_its_lane_waits_until_its_time() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm]), record("b1", 2, &[crm])]).await;
        let mut leases = bench.lease(crm, 100).await;
        let due_ms = bench.now_ms() + 1_000;
        bench.end(leases.remove(0), retry_at(due_ms, 1));
        bench.end(leases.remove(0), End::Settled);
        bench.accept(vec![record("b2", 2, &[crm]), record("a3", 1, &[crm])]).await;
        let leased = bench.leased(crm, 100).await;
        assert_eq!((texts(&leased.leases), leased.next_due_ms), (vec!["b2".to_owned()], Some(due_ms)));
        bench.pass(999);
        assert!(bench.lease(crm, 100).await.is_empty());
        bench.pass(1);
        let leased = bench.leased(crm, 100).await;
        assert_eq!((texts(&leased.leases), leased.next_due_ms), (vec!["a1".to_owned()], None));
        bench.end(leased.leases[0].clone(), End::Settled);
        assert_eq!(bench.drain(crm).await, ["a2", "a3"]);
    });
}

#[test]
fn what_it_has_come_to_is_kept() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let since_ms = bench.now_ms();
        bench.accept(vec![record("a1", 1, &[crm])]).await;
        bench.pass(10);
        let progress = Some(Progress { done: 2, last: "3f1c".to_owned() });
        let lease = bench.only(crm).await;
        let due_ms = bench.now_ms();
        let verdict = "refused 500".to_owned();
        bench.end(lease, End::RetryAt { due_ms, attempts: 3, progress: progress.clone(), verdict: verdict.clone() });
        bench.flush().await;
        let bench = bench.crash().await;
        let waiting = bench.waiting().await;
        assert_eq!((waiting[0].attempts, waiting[0].at_ms, &waiting[0].verdict), (3, due_ms, &Some(verdict)));
        let lease = bench.only(crm).await;
        assert_eq!((lease.attempts, &lease.progress, lease.since_ms), (3, &progress, since_ms));
        // Another process that does not try it changes nothing of that.
        bench.end(lease, End::Released);
        let lease = bench.only(crm).await;
        assert_eq!((lease.attempts, &lease.progress, lease.since_ms), (3, &progress, since_ms));
        // Progress is what the last attempt says, no more.
        bench.end(lease, retry_at(due_ms, 4));
        let lease = bench.only(crm).await;
        assert_eq!((lease.attempts, &lease.progress), (4, &None));
    });
}

#[test]
fn the_next_time_is_that_of_the_first() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept((0..3).map(|lane| record(&lane.to_string(), lane, &[crm])).collect()).await;
        let start = bench.now_ms();
        for (lease, after) in bench.lease(crm, 100).await.into_iter().zip([300, 100, 200]) {
            bench.end(lease, retry_at(start + after, 1));
        }
        assert_eq!(bench.leased(crm, 100).await.next_due_ms, Some(start + 100));
        let bench = bench.reopen().await;
        bench.pass(100);
        let leased = bench.leased(crm, 100).await;
        assert_eq!((texts(&leased.leases), leased.next_due_ms), (vec!["1".to_owned()], Some(start + 200)));
        bench.pass(200);
        // Those that waited longest come first.
        assert_eq!(texts(&bench.lease(crm, 100).await), ["2", "0"]);
    });
}

#[test]
fn more_that_is_due_is_told_of() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept((0..5).map(|lane| record(&lane.to_string(), lane, &[crm])).collect()).await;
        for lease in bench.lease(crm, 100).await {
            let due_ms = bench.now_ms() + 1;
            bench.end(lease, retry_at(due_ms, 1));
        }
        bench.pass(1);
        // Nobody would be woken for the rest: all of it is overdue.
        let first = bench.leased(crm, 2).await;
        assert_eq!((first.leases.len(), first.more), (2, true));
        let second = bench.leased(crm, 2).await;
        assert_eq!((second.leases.len(), second.more), (2, true));
        let third = bench.leased(crm, 2).await;
        assert_eq!((third.leases.len(), third.more), (1, false));
    });
}

#[test]
fn what_was_never_tried_can_be_had_first() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("tried", 1, &[crm])]).await;
        let lease = bench.only(crm).await;
        bench.end(lease, retry_at(bench.now_ms(), 1));
        bench.accept(vec![record("fresh", 2, &[crm])]).await;
        let now_ms = bench.now_ms();
        let probe = bench.journal.lease(crm, 1, true, now_ms).await.unwrap();
        assert_eq!(texts(&probe.leases), ["fresh"]);
        assert!(probe.more, "the other is due");
        let probe = bench.journal.lease(crm, 1, true, now_ms).await.unwrap();
        assert_eq!((texts(&probe.leases), probe.more), (vec!["tried".to_owned()], false));
    });
}

#[test]
fn what_is_given_up_lets_its_lane_go_on() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm])]).await;
        for attempts in 1..4 {
            let lease = bench.only(crm).await;
            bench.end(lease, retry_at(bench.now_ms(), attempts));
        }
        let lease = bench.only(crm).await;
        bench.end(lease, given_up());
        assert_eq!(bench.drain(crm).await, ["a2"]);
        assert_eq!(bench.counts("crm").await, [0, 0, 0, 1]);
    });
}
