//! What arrives is durable before it is answered, or it is known.

use crate::bench::{Terms, on_each, on_each_with, texts};
use crate::drafts::{beside_errors, of_events, record};
use cutover::fate::Reason;
use cutover::journal::Appended;
use std::time::Duration;

fn safe<const N: usize>(known: [bool; N]) -> Appended {
    Appended::Safe { known: known.to_vec() }
}

#[test]
fn what_is_answered_is_durable() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("one", 1, &[crm]), record("two", 2, &[crm])]).await;
        bench.accept(vec![record("three", 1, &[crm])]).await;
        let bench = bench.crash().await;
        assert_eq!(bench.drain(crm).await, ["one", "two", "three"]);
    });
}

#[test]
fn a_record_is_kept_as_it_came() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let mut draft = record("{\"a\":\u{0}\u{fe0f}}", -7, &[crm]);
        draft.source = cutover::format::Format::OnPremises;
        draft.kind = cutover::event::Kind::Status;
        draft.number = Some("15550783881".to_owned());
        draft.headers = "x-hub-signature-256: sha256=ab\nx-turn-hook-signature: c".to_owned();
        let received_ms = bench.now_ms();
        bench.accept(vec![draft.clone()]).await;
        let bench = bench.reopen().await;
        bench.pass(5);
        let lease = bench.only(crm).await;
        assert_eq!((lease.lane, lease.attempts, &lease.progress), (-7, 0, &None));
        assert_eq!((lease.since_ms, lease.by_hand, lease.consumer), (received_ms, false, crm));
        let kept = &lease.record;
        assert_eq!((kept.source, kept.kind), (draft.source, draft.kind));
        assert_eq!((&kept.number, &kept.headers, &kept.body), (&draft.number, &draft.headers, &draft.body));
        assert_eq!((kept.received_ms, kept.origin, kept.seed()), (received_ms, None, (kept.id, received_ms)));
    });
}

#[test]
fn a_body_may_be_empty_or_large() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let large = "x".repeat(5 << 20);
        bench.accept(vec![record("", 1, &[crm]), record(&large, 2, &[crm])]).await;
        let bench = bench.crash().await;
        let drained = bench.drain(crm).await;
        assert!(drained == ["".to_owned(), large], "{} records", drained.len());
    });
}

#[test]
fn what_comes_again_is_known() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let both = || vec![of_events("one", 1, &[crm], &["a"]), of_events("two", 2, &[crm], &["b", "c"])];
        assert_eq!(bench.append(both()).await, safe([false, false]));
        assert_eq!(bench.append(both()).await, safe([true, true]));
        let one_is_new = vec![of_events("one", 1, &[crm], &["a"]), of_events("three", 3, &[crm], &["d"])];
        assert_eq!(bench.append(one_is_new).await, safe([true, false]));
        assert_eq!(bench.drain(crm).await, ["one", "two", "three"]);
        // Known also when it was delivered.
        assert_eq!(bench.append(both()).await, safe([true, true]));
    });
}

#[test]
fn of_a_record_that_is_known_in_part_nothing_is_written() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![of_events("one", 1, &[crm], &["a"])]).await;
        let partly = || vec![of_events("new", 2, &[crm], &["x"]), of_events("mixed", 1, &[crm], &["b", "a"])];
        let known = Appended::Partly(vec![vec![false], vec![false, true]]);
        assert_eq!(bench.append(partly()).await, known);
        // Nothing of it was remembered either.
        assert_eq!(bench.append(partly()).await, known);
        let bench = bench.crash().await;
        assert_eq!(bench.append(partly()).await, known);
        let cut = vec![of_events("new", 2, &[crm], &["x"]), of_events("cut", 1, &[crm], &["b"])];
        assert_eq!(bench.append(cut).await, safe([false, false]));
        assert_eq!(bench.drain(crm).await, ["one", "new", "cut"]);
    });
}

#[test]
fn errors_beside_make_a_record_new_as_long_as_nobody_has_seen_them() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let plain = || of_events("plain", 1, &[crm], &["a"]);
        let with = |errors: &str| vec![beside_errors(of_events(errors, 1, &[crm], &["a"]), errors)];
        assert_eq!(bench.append(vec![plain()]).await, safe([false]));
        assert_eq!(bench.append(with("e1")).await, safe([false]));
        assert_eq!(bench.append(with("e1")).await, safe([true]));
        assert_eq!(bench.append(with("e2")).await, safe([false]));
        assert_eq!(bench.append(vec![plain()]).await, safe([true]));
        // Known errors beside a new event do not hide it.
        let event = vec![beside_errors(of_events("b", 1, &[crm], &["b"]), "e1")];
        assert_eq!(bench.append(event).await, safe([false]));
        assert_eq!(bench.drain(crm).await, ["plain", "e1", "e2", "b"]);
    });
}

#[test]
fn what_one_webhook_says_twice_is_said_twice() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let twice = || vec![of_events("first", 1, &[crm], &["a", "a"]), of_events("second", 2, &[crm], &["a"])];
        assert_eq!(bench.append(twice()).await, safe([false, false]));
        assert_eq!(bench.append(twice()).await, safe([true, true]));
        assert_eq!(bench.drain(crm).await, ["first", "second"]);
    });
}

#[test]
fn without_an_identity_nothing_is_ever_known() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        for _ in 0..3 {
            bench.accept(vec![record("test", 1, &[crm])]).await;
        }
        assert_eq!(bench.drain(crm).await, ["test", "test", "test"]);
    });
}

#[test]
fn of_many_that_bring_the_same_at_once_one_is_first() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let bring = |event: usize| {
            let (event, bench) = (format!("event {event}"), &bench);
            async move { bench.append(vec![of_events(&event, 1, &[crm], &[&event])]).await }
        };
        // The same ten events from twenty senders.
        let answers = futures_util::future::join_all((0..200).map(|sender| bring(sender % 10))).await;
        assert_eq!(answers.iter().filter(|answer| **answer == safe([false])).count(), 10);
        assert_eq!(answers.iter().filter(|answer| **answer == safe([true])).count(), 190);
        assert_eq!(bench.drain(crm).await.len(), 10);
    });
}

#[test]
fn what_is_known_is_known_to_the_next_process() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let again = || vec![of_events("one", 1, &[crm], &["a"])];
        assert_eq!(bench.append(again()).await, safe([false]));
        let bench = bench.crash().await;
        assert_eq!(bench.append(again()).await, safe([true]));
        let bench = bench.reopen().await;
        assert_eq!(bench.append(again()).await, safe([true]));
    });
}

#[test]
fn what_is_known_is_forgotten_in_time() {
    let (remember, duplicate_window) = (Duration::from_secs(3600), Duration::from_millis(200));
    on_each_with(Terms { remember, duplicate_window, ..Terms::default() }, async |mut bench| {
        let crm = bench.consumer("crm").await;
        let again = || vec![of_events("one", 1, &[crm], &["a"])];
        assert_eq!(bench.append(again()).await, safe([false]));
        bench.pass(3_600_000);
        tokio::time::sleep(duplicate_window * 5).await;
        // A duplicate does not prolong it: the platforms do not retry for ever.
        assert_eq!(bench.append(again()).await, safe([true]));
        bench.pass(1);
        assert_eq!(bench.append(again()).await, safe([false]));
        bench.pass(1);
        assert_eq!(bench.append(again()).await, safe([true]));
    });
}

#[test]
fn an_arrival_without_records_is_safe() {
    on_each(async |bench| {
        assert_eq!(bench.append(Vec::new()).await, safe([]));
    });
}

#[test]
fn what_nobody_is_owed_is_a_dead_letter_of_an_unknown_number() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("lost", 1, &[]), record("one", 1, &[crm])]).await;
        let bench = bench.crash().await;
        let dead = bench.dead().await;
        let [letter] = dead.as_slice() else { panic!("{dead:?}") };
        assert_eq!((letter.reason.as_str(), letter.consumer.as_str()), (Reason::UnknownNumber.label(), ""));
        assert_eq!(texts(&bench.lease(crm, 9).await), ["one"]);
    });
}

/// However a journal keeps what it knows: in memory, on its way, or put away and looked through by its own
/// housekeeping. The last takes a second or two, which nothing here can be told of.
#[test]
fn what_was_put_away_is_known() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let of = |number: u32| vec![of_events("x", 1, &[crm], &[&format!("event {number}")])];
        for number in 0..40 {
            bench.accept(of(number)).await;
        }
        let bench = bench.reopen().await;
        for number in 40..60 {
            bench.accept(of(number)).await;
        }
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        for number in 60..90 {
            bench.accept(of(number)).await;
        }
        for number in 0..90 {
            assert_eq!(bench.append(of(number)).await, safe([true]), "{number}");
        }
        let bench = bench.crash().await;
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        for number in 0..90 {
            assert_eq!(bench.append(of(number)).await, safe([true]), "{number} after a crash");
        }
        assert_eq!(bench.append(of(90)).await, safe([false]));
    });
}
