//! Consumers that are no longer configured: what they are owed waits, and is given up in time.

use crate::bench::{Bench, eventually, on_each};
use crate::drafts::record;

#[test]
fn it_is_waited_for_and_then_given_up_for() {
    on_each(async |mut bench| {
        let (_crm, gone) = (bench.consumer("crm").await, bench.consumer("gone").await);
        let hour = 3_600_000;
        let now_ms = bench.now_ms();
        let arrive = async |bench: &Bench, text: &str, ago_ms: u64| {
            let arrival = cutover::journal::Arrival {
                received_ms: now_ms - ago_ms,
                records: vec![record(text, 1, &[gone])],
                room: None,
            };
            bench.journal.append(arrival).await.unwrap();
        };
        arrive(&bench, "old", 2 * hour).await;
        arrive(&bench, "young", hour / 2).await;
        bench.remove("gone", hour).await;
        eventually("the old one to be given up", async || bench.counts("gone").await == [1, 0, 0, 1]).await;
        let dead = bench.dead().await;
        assert_eq!((dead[0].consumer.as_str(), dead[0].reason.as_str()), ("gone", "gave_up"));
        // When it comes back it gets what waited for it.
        let again = bench.consumer("gone").await;
        assert_eq!(again, gone);
        assert_eq!(bench.drain(gone).await, ["young"]);
    });
}

#[test]
fn nothing_is_given_up_for_those_that_are_configured() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let old = bench.now_ms() - 2 * crate::bench::WAITED_FOR_MS;
        let records = vec![record("old", 1, &[crm])];
        bench.journal.append(cutover::journal::Arrival { received_ms: old, records, room: None }).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        assert_eq!(bench.drain(crm).await, ["old"]);
    });
}

#[test]
fn nothing_is_given_up_before_it_is_said_who_is_configured() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let old = bench.now_ms() - 2 * crate::bench::WAITED_FOR_MS;
        let records = vec![record("old", 1, &[crm])];
        bench.journal.append(cutover::journal::Arrival { received_ms: old, records, room: None }).await.unwrap();
        // The process was away for longer than the consumer is waited for, and takes its time to begin.
        let bench = bench.reopen_unregistered().await;
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        assert!(bench.dead().await.is_empty());
    });
}
