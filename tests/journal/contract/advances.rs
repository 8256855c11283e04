//! How far each consumer knows of messages.

use crate::bench::{Bench, Terms, on_each, on_each_with};
use crate::drafts::{given_up, identity, record, retry_at};
use cutover::format::Identity;
use cutover::journal::{ConsumerId, End, Settlement};
use std::collections::HashMap;
use std::time::Duration;

async fn tell(bench: &Bench, consumer: ConsumerId, end: End, advances: &[(&str, u8)]) {
    bench.accept(vec![record("status", 1, &[consumer])]).await;
    let lease = bench.only(consumer).await;
    let advances = advances.iter().map(|(message, rank)| (identity(message), *rank)).collect();
    bench.settle(Settlement { lease, end, apart: Vec::new(), advances, now_ms: bench.now_ms() });
}

async fn knows(bench: &Bench, consumer: ConsumerId, messages: &[&str]) -> HashMap<Identity, u8> {
    let messages = messages.iter().map(|message| identity(message)).collect();
    bench.journal.advances(consumer, messages, bench.now_ms()).await.unwrap()
}

fn ranks(ranks: &[(&str, u8)]) -> HashMap<Identity, u8> {
    ranks.iter().map(|(message, rank)| (identity(message), *rank)).collect()
}

#[test]
fn each_consumer_knows_what_it_was_told() {
    on_each(async |mut bench| {
        let (crm, bot) = (bench.consumer("crm").await, bench.consumer("bot").await);
        tell(&bench, crm, End::Settled, &[("m1", 2), ("m2", 1)]).await;
        tell(&bench, bot, End::Settled, &[("m1", 1)]).await;
        let all = ["m1", "m2", "m3"];
        assert_eq!(knows(&bench, crm, &all).await, ranks(&[("m1", 2), ("m2", 1)]));
        assert_eq!(knows(&bench, bot, &all).await, ranks(&[("m1", 1)]));
        bench.flush().await;
        let bench = bench.crash().await;
        assert_eq!(knows(&bench, crm, &all).await, ranks(&[("m1", 2), ("m2", 1)]));
        let bench = bench.reopen().await;
        assert_eq!(knows(&bench, bot, &all).await, ranks(&[("m1", 1)]));
    });
}

#[test]
fn it_never_knows_less() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        tell(&bench, crm, End::Settled, &[("m1", 3)]).await;
        tell(&bench, crm, End::Settled, &[("m1", 1)]).await;
        assert_eq!(knows(&bench, crm, &["m1"]).await, ranks(&[("m1", 3)]));
        tell(&bench, crm, End::Settled, &[("m1", 4)]).await;
        assert_eq!(knows(&bench, crm, &["m1"]).await, ranks(&[("m1", 4)]));
    });
}

#[test]
fn it_knows_nothing_of_what_it_did_not_take() {
    on_each(async |mut bench| {
        let crm = bench.consumer("crm").await;
        tell(&bench, crm, given_up(), &[("m1", 3)]).await;
        tell(&bench, crm, retry_at(bench.now_ms() + 1_000, 1), &[("m1", 2)]).await;
        assert_eq!(knows(&bench, crm, &["m1"]).await, ranks(&[]));
    });
}

#[test]
fn it_is_forgotten_in_time() {
    let remember = Duration::from_secs(3600);
    on_each_with(Terms { remember, ..Terms::default() }, async |mut bench| {
        let crm = bench.consumer("crm").await;
        bench.accept(vec![record("old", 1, &[crm]), record("young", 2, &[crm])]).await;
        for (lease, ago_ms) in bench.lease(crm, 2).await.into_iter().zip([3_601_000, 3_540_000]) {
            let message = String::from_utf8(lease.record.body.to_vec()).unwrap();
            let (advances, now_ms) = (vec![(identity(&message), 1)], bench.now_ms() - ago_ms);
            bench.settle(Settlement { lease, end: End::Settled, apart: Vec::new(), advances, now_ms });
        }
        assert_eq!(knows(&bench, crm, &["old", "young"]).await, ranks(&[("young", 1)]));
    });
}
