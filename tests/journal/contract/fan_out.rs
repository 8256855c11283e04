//! Several consumers of one record do not concern each other.

use crate::bench::{on_each, texts};
use crate::drafts::{given_up, record, retry_at};
use cutover::journal::{ConsumerId, End};

#[test]
fn each_has_a_line_of_its_own() {
    on_each(async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        bench.accept(vec![record("a1", 1, &[crm, bot]), record("a2", 1, &[bot]), record("a3", 1, &[crm, bot])]).await;
        let stuck = bench.only(crm).await;
        bench.end(stuck, retry_at(bench.now_ms() + 1_000, 1));
        assert_eq!(bench.drain(bot).await, ["a1", "a2", "a3"]);
        assert_eq!((bench.counts("crm").await, bench.counts("bot").await), ([1, 0, 1, 0], [0, 0, 0, 0]));
        bench.flush().await;
        let bench = bench.crash().await;
        assert!(bench.lease(crm, 9).await.is_empty());
        bench.pass(1_000);
        let lease = bench.only(crm).await;
        bench.end(lease, given_up());
        assert_eq!(texts(&bench.lease(crm, 9).await), ["a3"]);
        assert_eq!(bench.dead().await.len(), 1);
        assert!(bench.lease(bot, 9).await.is_empty());
    });
}

#[test]
fn a_name_keeps_its_number() {
    on_each(async |mut bench| {
        let ids: [ConsumerId; 2] = [bench.consumer("crm").await, bench.consumer("bot").await];
        assert!(ids[0] != ids[1] && !ids.contains(&ConsumerId::NOBODY), "{ids:?}");
        let bench = bench.reopen().await;
        let other_way = vec![("bot".to_owned(), 1), ("new".to_owned(), 1), ("crm".to_owned(), 1)];
        let again = bench.journal.register(other_way).await.unwrap();
        assert_eq!((again[0], again[2]), (ids[1], ids[0]));
        assert!(!ids.contains(&again[1]));
    });
}

#[test]
fn what_one_has_taken_is_kept_for_the_other() {
    // Nothing delivered is retained: still, what is owed does not go.
    let terms = crate::bench::Terms { retain: std::time::Duration::ZERO, ..Default::default() };
    crate::bench::on_each_with(terms, async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        bench.accept(vec![record("a1", 1, &[crm, bot])]).await;
        assert_eq!(bench.drain(crm).await, ["a1"]);
        let bench = bench.reopen().await;
        let lease = bench.only(bot).await;
        bench.end(lease, End::Released);
        let lease = bench.only(bot).await;
        bench.end(lease, given_up());
        // The other way round: one has it as a dead letter.
        bench.accept(vec![record("a2", 1, &[crm, bot])]).await;
        let lease = bench.only(bot).await;
        bench.end(lease, given_up());
        assert_eq!(bench.drain(crm).await, ["a2"]);
        let dead = bench.dead().await;
        assert_eq!(dead.len(), 2);
        assert_eq!(bench.body(crate::bench::id(&dead[1])).await, "a2");
    });
}
