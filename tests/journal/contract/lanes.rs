//! Of a lane one record is out at a time, in the order of acceptance; lanes do not concern each other.

use crate::bench::{on_each, texts};
use crate::drafts::record;
use cutover::journal::End;

#[test]
fn the_heads_of_lanes_come_in_the_order_of_acceptance() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        for (text, lane) in [("a1", 9), ("a2", 9), ("b1", 3), ("a3", 9), ("c1", 5), ("b2", 3)] {
            bench.accept(vec![record(text, lane, &[crm])]).await;
        }
        let leases = bench.lease(crm, 100).await;
        assert_eq!(texts(&leases), ["a1", "b1", "c1"]);
        // All of them are out.
        assert!(bench.lease(crm, 100).await.is_empty());
    });
}

#[test]
fn no_more_than_was_asked_for() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept((0..10).map(|lane| record(&lane.to_string(), lane, &[crm])).collect()).await;
        let first = bench.leased(crm, 3).await;
        assert_eq!(texts(&first.leases), ["0", "1", "2"]);
        assert!(first.more);
        assert_eq!(texts(&bench.lease(crm, 6).await), ["3", "4", "5", "6", "7", "8"]);
        assert_eq!(texts(&bench.lease(crm, 6).await), ["9"]);
        assert!(!bench.leased(crm, 6).await.more);
    });
}

#[test]
fn what_ends_frees_the_next_of_its_lane() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let lanes = [("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2), ("b2", 2)];
        bench.accept(lanes.map(|(text, lane)| record(text, lane, &[crm])).to_vec()).await;
        let mut leases = bench.lease(crm, 100).await;
        assert_eq!(texts(&leases), ["a1", "b1"]);
        bench.end(leases.remove(0), End::Settled);
        assert_eq!(texts(&bench.lease(crm, 100).await), ["a2"]);
        bench.end(leases.remove(0), crate::drafts::given_up());
        assert_eq!(texts(&bench.lease(crm, 100).await), ["b2"]);
    });
}

#[test]
fn what_was_not_tried_stands_where_it_stood() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm])]).await;
        let lease = bench.only(crm).await;
        bench.end(lease, End::Released);
        let lease = bench.only(crm).await;
        assert_eq!((texts(std::slice::from_ref(&lease)), lease.attempts), (vec!["a1".to_owned()], 0));
        bench.end(lease, End::Settled);
        assert_eq!(bench.drain(crm).await, ["a2"]);
    });
}

#[test]
fn lanes_in_plenty_are_all_found() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        // More than is looked at in one go, nearly all of it in one lane.
        for hundred in 0..20 {
            let one = |n: i64| record(&format!("{hundred}/{n}"), if n == 99 { 1_000 + hundred } else { 7 }, &[crm]);
            bench.accept((0..100).map(one).collect()).await;
        }
        let (mut found, mut asked) = (Vec::new(), 0);
        loop {
            let leased = bench.leased(crm, 4).await;
            found.extend(texts(&leased.leases));
            asked += 1;
            if !leased.more {
                break;
            }
        }
        assert!(asked < 500, "it never says that this is all");
        let expected: Vec<String> =
            ["0/0".to_owned()].into_iter().chain((0..20).map(|hundred| format!("{hundred}/99"))).collect();
        assert_eq!(found, expected);
    });
}

#[test]
fn bodies_that_are_out_together_stay_small() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let large = "x".repeat(3 << 20);
        for lane in 0..6 {
            bench.accept(vec![record(&large, lane, &[crm])]).await;
        }
        let mut leases = 0;
        loop {
            let leased = bench.leased(crm, 100).await;
            assert!(leased.leases.len() < 6, "all of them at once");
            leases += leased.leases.len();
            if !leased.more {
                break;
            }
        }
        assert_eq!(leases, 6);
    });
}

#[test]
fn what_arrives_while_its_lane_is_out_waits_for_it() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm])]).await;
        let lease = bench.only(crm).await;
        bench.accept(vec![record("a2", 1, &[crm]), record("b1", 2, &[crm])]).await;
        assert_eq!(texts(&bench.lease(crm, 100).await), ["b1"]);
        bench.end(lease, End::Settled);
        assert_eq!(texts(&bench.lease(crm, 100).await), ["a2"]);
    });
}
