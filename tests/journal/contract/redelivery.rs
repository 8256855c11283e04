//! What was delivered is delivered once more, when the operator asks for it.

use crate::bench::{Bench, Kind, Terms, id, on, on_each};
use crate::drafts::{given_up, record, retry_at};
use cutover::fate::Reason;
use cutover::journal::{Apart, End, Selection, Settlement};

/// One a second from then on, all in one lane.
async fn one_a_second(bench: &Bench, to: &[cutover::journal::ConsumerId], texts: &[&str]) {
    for text in texts {
        bench.pass(1_000);
        bench.accept(vec![record(text, 1, to)]).await;
    }
}

#[test]
fn what_came_since_a_time_and_no_sooner() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let start = bench.now_ms();
        one_a_second(&bench, &[crm], &["1", "2", "3", "4"]).await;
        let seeds: Vec<_> = {
            let mut seeds = Vec::new();
            while let Some(lease) = bench.lease(crm, 1).await.pop() {
                seeds.push(lease.record.seed());
                bench.end(lease, End::Settled);
            }
            seeds
        };
        let bench = bench.reopen().await;
        assert_eq!(bench.owe_again(crm, start + 4_001).await, 0);
        assert_eq!(bench.owe_again(crm, start + 3_000).await, 2);
        let lease = bench.only(crm).await;
        assert_eq!((lease.record.seed(), lease.by_hand), (seeds[2], true));
        assert_eq!((lease.since_ms, lease.record.received_ms), (bench.now_ms(), start + 3_000));
        bench.end(lease, End::Settled);
        assert_eq!(bench.drain(crm).await, ["4"]);
        // What was delivered twice is not delivered twice as often.
        assert_eq!(bench.owe_again(crm, 0).await, 4);
        assert_eq!(bench.drain(crm).await, ["1", "2", "3", "4"]);
    });
}

#[test]
fn not_what_is_owed_or_dead() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept((0..4).map(|lane| record(&lane.to_string(), lane, &[crm])).collect()).await;
        let mut leases = bench.lease(crm, 3).await;
        bench.end(leases.remove(0), End::Settled);
        bench.end(leases.remove(0), given_up());
        bench.end(leases.remove(0), retry_at(bench.now_ms() + 1, 1));
        assert_eq!(bench.owe_again(crm, 0).await, 1);
        assert_eq!(bench.drain(crm).await, ["3", "0"]);
        bench.pass(1);
        assert_eq!(bench.drain(crm).await, ["2"]);
    });
}

#[test]
fn only_what_this_consumer_was_given() {
    on_each(async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        let late = bench.consumer("late").await;
        bench
            .accept(vec![record("both", 1, &[crm, bot]), record("crm's", 1, &[crm]), record("bot's", 1, &[bot])])
            .await;
        let lost = vec![record("nobody's", 4, &[])];
        bench.accept(lost).await;
        bench.drain(crm).await;
        bench.drain(bot).await;
        assert_eq!(bench.owe_again(late, 0).await, 0);
        assert_eq!(bench.owe_again(crm, 0).await, 2);
        assert_eq!(bench.drain(crm).await, ["both", "crm's"]);
        assert!(bench.lease(bot, 9).await.is_empty());
    });
}

#[test]
fn what_another_is_still_owed_can_be_given_again() {
    on_each(async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        bench.accept(vec![record("both", 1, &[crm, bot])]).await;
        bench.drain(crm).await;
        assert_eq!(bench.owe_again(crm, 0).await, 1);
        assert_eq!(bench.drain(crm).await, ["both"]);
        assert_eq!(bench.drain(bot).await, ["both"]);
    });
}

#[test]
fn much_is_given_in_steps() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        for _ in 0..12 {
            bench.accept((0..100).map(|lane| record("x", lane, &[crm])).collect()).await;
        }
        bench.drain(crm).await;
        let now_ms = bench.now_ms();
        let first =
            bench.journal.owe_again(Selection { consumer: crm, since_ms: 0, from: None }, now_ms).await.unwrap();
        assert!(first.records < 1_200 && first.rest.is_some(), "{first:?}");
        // What comes in between is not part of it.
        bench.accept(vec![record("later", 1, &[crm])]).await;
        bench.drain(crm).await;
        let (mut records, mut from) = (first.records, first.rest);
        while from.is_some() {
            let step = bench.journal.owe_again(Selection { consumer: crm, since_ms: 0, from }, now_ms).await.unwrap();
            (records, from) = (records + step.records, step.rest);
        }
        assert_eq!(records, 1_200);
    });
}

#[test]
fn parts_that_were_set_aside_late_hide_nothing() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("old, new", 9, &[crm])]).await;
        bench.pass(500);
        let since_ms = bench.now_ms();
        let stuck = bench.only(crm).await;
        one_a_second(&bench, &[crm], &["1", "2", "3", "4", "5"]).await;
        bench.drain(crm).await;
        // Only now is it delivered: its parts arrived before all the others, and are written after them.
        let apart = vec![Apart { body: b"old".to_vec(), reason: Reason::TooOld }; 20];
        let now_ms = bench.now_ms();
        bench.settle(Settlement { lease: stuck, end: End::Settled, apart, advances: Vec::new(), now_ms });
        assert_eq!(bench.owe_again(crm, since_ms).await, 5);
        assert_eq!(bench.drain(crm).await, ["1", "2", "3", "4", "5"]);
    });
}

#[test]
fn what_was_delivered_after_it_was_revived_counts_as_delivered() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("lost", 1, &[])]).await;
        let lease = bench.only(crm).await;
        bench.end(lease, given_up());
        for letter in bench.dead().await {
            assert!(bench.journal.revive(id(&letter), vec![crm], bench.now_ms()).await.unwrap());
        }
        assert_eq!(bench.drain(crm).await.len(), 2);
        for _ in 0..2 {
            assert_eq!(bench.owe_again(crm, 0).await, 2);
            assert_eq!(bench.drain(crm).await, ["lost", "a1"]);
        }
    });
}

/// A letter is one consumer's: what the others took is theirs, whatever becomes of it.
#[test]
fn what_one_has_done_with_its_letter_is_nothing_to_another() {
    on_each(async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        bench.accept(vec![record("dropped", 1, &[crm, bot]), record("revived", 1, &[crm, bot])]).await;
        bench.drain(bot).await;
        while let Some(lease) = bench.lease(crm, 1).await.pop() {
            bench.end(lease, given_up());
        }
        for letter in bench.dead().await {
            let (_, record) = bench.journal.letter(id(&letter)).await.unwrap().expect("it is there");
            match record.body.as_ref() == b"dropped" {
                true => assert!(bench.journal.drop_letter(id(&letter)).await.unwrap()),
                false => assert!(bench.journal.revive(id(&letter), vec![crm], bench.now_ms()).await.unwrap()),
            }
        }
        assert_eq!(bench.drain(crm).await, ["revived"]);
        let bench = bench.reopen().await;
        assert_eq!((bench.owe_again(crm, 0).await, bench.owe_again(bot, 0).await), (1, 2));
        assert_eq!(bench.drain(crm).await, ["revived"]);
        assert_eq!(bench.drain(bot).await, ["dropped", "revived"]);
    });
}

/// A command whose answer was lost is given again.
#[test]
fn asked_twice_what_is_owed_again_is_owed_once() {
    on(Kind::Embedded, Terms::default(), async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm])]).await;
        bench.drain(crm).await;
        assert_eq!(bench.owe_again(crm, 0).await, 2);
        assert_eq!(bench.owe_again(crm, 0).await, 0);
        let first = bench.only(crm).await;
        bench.end(first, given_up());
        assert_eq!(bench.drain(crm).await, ["a2"]);
        assert_eq!(bench.owe_again(crm, 0).await, 1, "the other is a dead letter");
    });
}
