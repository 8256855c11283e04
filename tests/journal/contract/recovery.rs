//! What is left when the process ends, in order or not.

use crate::bench::{Bench, on_each, texts};
use crate::drafts::{given_up, of_events, record, retry_at};
use cutover::journal::{Appended, End, Trouble};

#[test]
fn what_was_out_is_leased_again() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm]), record("b1", 2, &[crm])]).await;
        let mut bench = bench;
        for orderly in [false, true, false] {
            assert_eq!(texts(&bench.lease(crm, 9).await), ["a1", "b1"]);
            bench = if orderly { bench.reopen().await } else { bench.crash().await };
        }
        assert_eq!(bench.drain(crm).await, ["a1", "b1", "a2"]);
    });
}

/// Killed after each of a few steps: what was acknowledged is there, what was settled is not.
#[test]
fn a_crash_loses_nothing_that_was_acknowledged() {
    for stop_after in 0..6 {
        on_each(async |mut bench| {
            let crm = bench.consumer("crm").await;
            let (owed, dead) = steps(&bench, crm, stop_after).await;
            bench.flush().await;
            let bench = bench.crash().await;
            assert_eq!(bench.dead().await.len(), dead, "after {stop_after}");
            bench.pass(1_000);
            let mut drained = bench.drain(crm).await;
            drained.sort();
            assert_eq!(drained, owed, "after {stop_after}");
            let again = bench.append(vec![of_events("1", 1, &[crm], &["1"])]).await;
            assert_eq!(again, Appended::Safe { known: vec![stop_after > 0] });
        });
    }
}

/// Does so many steps; what is owed then, sorted, and how many are dead.
async fn steps(bench: &Bench, crm: cutover::journal::ConsumerId, steps: usize) -> (Vec<&'static str>, usize) {
    let owed = [&[][..], &["1", "2", "3"], &["1", "2", "3"], &["2", "3"], &["3"], &["3"]];
    let mut leases = Vec::new();
    for step in 0..steps {
        match step {
            0 => {
                let records = ["1", "2", "3"].map(|text| of_events(text, text.parse().unwrap(), &[crm], &[text]));
                bench.accept(records.to_vec()).await;
            }
            1 => leases = bench.lease(crm, 9).await,
            2 => bench.end(leases.remove(0), End::Settled),
            3 => bench.end(leases.remove(0), given_up()),
            _ => bench.end(leases.remove(0), retry_at(bench.now_ms() + 500, 1)),
        }
    }
    (owed[steps].to_vec(), usize::from(steps > 3))
}

#[test]
fn an_ending_that_was_not_durable_yet_is_no_harm() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm])]).await;
        let lease = bench.only(crm).await;
        bench.end(lease, End::Settled);
        // At once: it may be durable or not, and nothing else can have changed.
        let bench = bench.crash().await;
        let drained = bench.drain(crm).await;
        assert!(drained == ["a2"] || drained == ["a1", "a2"], "{drained:?}");
    });
}

#[test]
fn an_orderly_close_writes_down_what_was_settled() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept((0..50).map(|lane| record(&lane.to_string(), lane, &[crm])).collect()).await;
        bench.lease(crm, 40).await.into_iter().for_each(|lease| bench.end(lease, End::Settled));
        let bench = bench.reopen().await;
        assert_eq!(bench.drain(crm).await.len(), 10);
    });
}

#[test]
fn what_comes_after_the_close_is_refused() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm])]).await;
        let lease = bench.only(crm).await;
        bench.journal.close().await;
        let late = cutover::journal::Arrival { received_ms: bench.now_ms(), records: Vec::new(), room: None };
        assert_eq!(bench.journal.append(late).await, Err(Trouble::Closed));
        assert_eq!(bench.journal.lease(crm, 1, false, bench.now_ms()).await.err(), Some(Trouble::Closed));
        // It is delivered again; that is all.
        bench.end(lease, End::Settled);
        let bench = bench.reopen().await;
        assert_eq!(bench.drain(crm).await, ["a1"]);
    });
}

#[test]
fn no_place_is_given_twice() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let mut last = 0;
        let mut bench = bench;
        for round in 0..6 {
            bench.accept(vec![record("x", 1, &[crm])]).await;
            let lease = bench.only(crm).await;
            assert!(lease.record.id > last, "{} after {last}", lease.record.id);
            last = lease.record.id;
            bench.end(lease, given_up());
            // Even what left no trace keeps its place.
            let letter = crate::bench::id(&bench.dead().await[0]);
            assert!(bench.journal.drop_letter(letter).await.unwrap());
            bench = if round % 2 == 0 { bench.crash().await } else { bench.reopen().await };
        }
    });
}
