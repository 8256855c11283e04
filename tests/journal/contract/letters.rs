//! Dead letters: listed, shown, dropped, revived; and burying by hand.

use crate::bench::{id, on_each, texts};
use crate::drafts::{given_up, record, retry_at};
use cutover::fate::Reason;
use cutover::journal::{Apart, ConsumerId, End, LetterId, Settlement};

#[test]
fn a_letter_says_what_it_is() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let received_ms = bench.now_ms();
        bench.accept(vec![record("first", 1, &[crm])]).await;
        let lease = bench.only(crm).await;
        let record_id = lease.record.id;
        bench.pass(70);
        bench.end(lease, given_up());
        let bench = bench.reopen().await;
        let dead = bench.dead().await;
        let [letter] = dead.as_slice() else { panic!("{dead:?}") };
        assert!(letter.id.starts_with(&format!("{record_id}-")), "{}", letter.id);
        let said = (letter.consumer.as_str(), letter.reason.as_str(), letter.source.as_str(), letter.kind.as_str());
        assert_eq!(said, ("crm", "gave_up", "cloud", "message"));
        assert_eq!((letter.bytes, letter.received_ms, letter.at_ms), (5, received_ms, received_ms + 70));
        assert_eq!((letter.attempts, letter.verdict.as_deref()), (3, Some("refused 503")));
        let (shown, kept) = bench.journal.letter(id(letter)).await.unwrap().unwrap();
        assert_eq!((&shown, &kept.body[..], kept.id), (letter, &b"first"[..], record_id));
    });
}

#[test]
fn letters_come_in_pages() {
    on_each(async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        bench.accept((0..4).map(|lane| record(&lane.to_string(), lane, &[crm, bot])).collect()).await;
        bench.accept(vec![record("lost", 1, &[])]).await;
        for consumer in [bot, crm] {
            bench.lease(consumer, 9).await.into_iter().for_each(|lease| bench.end(lease, given_up()));
        }
        let all = bench.dead().await;
        assert_eq!(all.len(), 9);
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = bench.journal.letters(false, after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= 2);
            after = Some(id(last));
            paged.extend(page);
        }
        assert_eq!(paged, all);
    });
}

#[test]
fn what_waits_is_listed_too() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm])]).await;
        let due_ms = bench.now_ms() + 9;
        let lease = bench.only(crm).await;
        bench.end(lease, retry_at(due_ms, 2));
        let waiting = bench.waiting().await;
        let said: Vec<_> = waiting.iter().map(|one| (one.reason.as_str(), one.at_ms, one.attempts)).collect();
        assert_eq!(said, [("", due_ms, 2), ("", 0, 0)]);
        assert_eq!(bench.body(id(&waiting[1])).await, "a2");
        assert!(bench.dead().await.is_empty());
    });
}

#[test]
fn a_letter_that_is_dropped_is_gone() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("lost", 1, &[])]).await;
        let lease = bench.only(crm).await;
        bench.end(lease, given_up());
        for letter in bench.dead().await {
            assert!(bench.journal.drop_letter(id(&letter)).await.unwrap());
            assert!(!bench.journal.drop_letter(id(&letter)).await.unwrap());
            assert!(!bench.journal.revive(id(&letter), vec![crm], bench.now_ms()).await.unwrap());
            assert!(bench.journal.letter(id(&letter)).await.unwrap().is_none());
        }
        let bench = bench.crash().await;
        assert!(bench.dead().await.is_empty() && bench.lease(crm, 9).await.is_empty());
        assert_eq!(bench.counts("crm").await, [0, 0, 0, 0]);
    });
}

#[test]
fn what_waits_cannot_be_dropped_or_revived() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm])]).await;
        let waiting = id(&bench.waiting().await[0]);
        assert!(!bench.journal.drop_letter(waiting).await.unwrap());
        assert!(!bench.journal.revive(waiting, vec![crm], bench.now_ms()).await.unwrap());
        assert_eq!(bench.drain(crm).await, ["a1"]);
    });
}

#[test]
fn what_is_revived_joins_the_end_of_its_lane() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let received_ms = bench.now_ms();
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm])]).await;
        let lease = bench.only(crm).await;
        let seed = lease.record.seed();
        bench.end(lease, given_up());
        bench.pass(50);
        let letter = id(&bench.dead().await[0]);
        assert!(bench.journal.revive(letter, vec![crm], bench.now_ms()).await.unwrap());
        assert!(bench.dead().await.is_empty());
        bench.accept(vec![record("a3", 1, &[crm])]).await;
        let bench = bench.crash().await;
        let next = bench.only(crm).await;
        assert_eq!(texts(std::slice::from_ref(&next)), ["a2"]);
        bench.end(next, End::Settled);
        let revived = bench.only(crm).await;
        assert_eq!(texts(std::slice::from_ref(&revived)), ["a1"]);
        // It begins anew, but for what it is known by.
        assert_eq!((revived.attempts, revived.by_hand, revived.since_ms), (0, true, received_ms + 50));
        assert_eq!((revived.record.seed(), revived.record.received_ms), (seed, received_ms));
        assert!(revived.record.id > seed.0);
        // The same when it dies once more.
        bench.end(revived, given_up());
        assert_eq!(bench.drain(crm).await, ["a3"]);
        let letter = id(&bench.dead().await[0]);
        assert!(bench.journal.revive(letter, vec![crm], bench.now_ms()).await.unwrap());
        assert_eq!(bench.only(crm).await.record.seed(), seed);
    });
}

#[test]
fn a_letter_of_nobodys_goes_to_those_who_are_named() {
    on_each(async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        bench.accept(vec![record("lost", 1, &[])]).await;
        let letter = id(&bench.dead().await[0]);
        assert_eq!(letter.consumer(), ConsumerId::NOBODY);
        assert!(bench.journal.revive(letter, vec![crm, bot], bench.now_ms()).await.unwrap());
        assert!(!bench.journal.revive(letter, vec![crm, bot], bench.now_ms()).await.unwrap());
        assert_eq!(bench.drain(crm).await, ["lost"]);
        let bench = bench.crash().await;
        assert_eq!(bench.drain(bot).await, ["lost"]);
        assert!(bench.dead().await.is_empty());
    });
}

#[test]
fn one_consumers_letter_is_no_matter_of_the_others() {
    on_each(async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        bench.accept(vec![record("a1", 1, &[crm, bot])]).await;
        let lease = bench.only(crm).await;
        bench.end(lease, given_up());
        let letter = id(&bench.dead().await[0]);
        assert!(bench.journal.drop_letter(letter).await.unwrap());
        assert_eq!(bench.drain(bot).await, ["a1"]);
        assert!(bench.lease(crm, 9).await.is_empty());
    });
}

#[test]
fn parts_of_a_record_are_letters_of_their_own() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        let received_ms = bench.now_ms();
        bench.accept(vec![record("old, new", 1, &[crm]), record("next", 1, &[crm])]).await;
        bench.pass(5);
        let lease = bench.only(crm).await;
        let part = |body: &str, reason| Apart { body: body.as_bytes().to_vec(), reason };
        let apart = vec![part("old", Reason::TooOld), part("odd", Reason::Unknown)];
        let now_ms = bench.now_ms();
        bench.settle(Settlement { lease, end: End::Settled, apart, advances: Vec::new(), now_ms });
        bench.flush().await;
        let bench = bench.crash().await;
        assert_eq!(bench.drain(crm).await, ["next"]);
        let dead = bench.dead().await;
        let said: Vec<_> = dead.iter().map(|one| (one.reason.as_str(), one.attempts, one.received_ms)).collect();
        assert_eq!(said, [("too_old", 0, received_ms), ("unknown", 0, received_ms)]);
        assert_eq!((bench.body(id(&dead[0])).await, bench.body(id(&dead[1])).await), ("old".into(), "odd".into()));
        assert!(bench.journal.revive(id(&dead[0]), vec![crm], bench.now_ms()).await.unwrap());
        assert_eq!(bench.drain(crm).await, ["old"]);
        assert_eq!(bench.counts("crm").await, [0, 0, 0, 1]);
    });
}

#[test]
fn what_waits_is_buried_by_hand_and_its_lane_goes_on() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm]), record("a2", 1, &[crm]), record("a3", 1, &[crm])]).await;
        let lease = bench.only(crm).await;
        let waiting = bench.waiting().await;
        assert!(!bench.journal.bury(id(&waiting[0]), bench.now_ms()).await.unwrap(), "it is out");
        bench.end(lease, retry_at(bench.now_ms() + 60_000, 2));
        // One in the middle goes without anybody noticing.
        assert!(bench.journal.bury(id(&waiting[1]), bench.now_ms()).await.unwrap());
        assert!(bench.lease(crm, 9).await.is_empty());
        bench.pass(3);
        assert!(bench.journal.bury(id(&waiting[0]), bench.now_ms()).await.unwrap());
        assert!(!bench.journal.bury(id(&waiting[0]), bench.now_ms()).await.unwrap(), "it is dead already");
        let bench = bench.crash().await;
        assert_eq!(bench.drain(crm).await, ["a3"]);
        let dead = bench.dead().await;
        let said: Vec<_> = dead.iter().map(|one| (one.reason.as_str(), one.attempts, one.at_ms)).collect();
        let now_ms = bench.now_ms();
        assert_eq!(said, [("by_hand", 2, now_ms), ("by_hand", 0, now_ms - 3)]);
        assert_eq!(dead[0].verdict.as_deref(), Some("refused 502"));
        assert_eq!(bench.counts("crm").await, [0, 0, 0, 2]);
    });
}

#[test]
fn there_is_no_letter_of_another_name() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("a1", 1, &[crm])]).await;
        for name in ["99-1", "1-99", "-0", "0-0"] {
            let Ok(wrong) = name.parse::<LetterId>() else { continue };
            assert!(bench.journal.letter(wrong).await.unwrap().is_none(), "{name}");
            assert!(!bench.journal.bury(wrong, bench.now_ms()).await.unwrap(), "{name}");
            assert!(!bench.journal.drop_letter(wrong).await.unwrap(), "{name}");
            assert!(!bench.journal.revive(wrong, vec![crm], bench.now_ms()).await.unwrap(), "{name}");
        }
        assert_eq!(bench.drain(crm).await, ["a1"]);
    });
}
