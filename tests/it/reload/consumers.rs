//! Consumers that move, change their format, come and go.

use super::{accepts, under_load};
use crate::support::bodies::SUPPORT;
use crate::support::consumer::{Consumer, Taken};
use crate::support::eventually;
use crate::support::ledger::{Attempt, Promises, attempts};
use crate::support::load::{Tally, Target, promise};
use crate::support::proxy::Proxy;
use serde_json::json;
use std::sync::atomic::Ordering;

const RETRY: &str = "[consumer.retry]\nfirst = \"20ms\"\nmax = \"100ms\"\n";

#[test]
fn a_consumer_moves_and_changes_its_format_and_nothing_is_lost() {
    let (old, new, shadow) = (Consumer::start(), Consumer::start(), Consumer::start());
    let number = SUPPORT.section("support", "\"crm\"");
    let both = SUPPORT.section("support", "\"crm\", \"shadow\"");
    let configs = [
        [new.section("crm", "onprem", ""), number.clone()].concat(),
        [new.section("crm", "cloud", "concurrency = 4"), number.clone()].concat(),
        [old.section("crm", "onprem", ""), number.clone()].concat(),
        [old.section("crm", "cloud", ""), shadow.section("shadow", "onprem", ""), both].concat(),
    ];
    let proxy = Proxy::start(&[old.section("crm", "onprem", ""), number].concat());
    let (target, tally) = (Target::at(proxy.webhooks), Tally::default());
    under_load(&target, &tally, || {
        for config in configs.iter().chain(&configs) {
            accepts(&tally, 40);
            assert!(proxy.reload(config).contains("configuration reloaded"));
        }
        accepts(&tally, 40);
    });
    assert_eq!((tally.lost.load(Ordering::Relaxed), tally.refused.load(Ordering::Relaxed)), (0, 0), "only 200s");
    proxy.wait_until_drained("crm");
    proxy.wait_until_drained("shadow");
    let mut all: Vec<Attempt> = [attempts(&old), attempts(&new)].concat();
    all.sort_by_key(|attempt| attempt.at);
    assert_eq!(tally.promises.missing(&all), []);
    assert!(all.iter().all(|attempt| attempt.taken == Taken::Yes));
    for (conversation, ids) in tally.promises.all() {
        let events = all.iter().flat_map(|attempt| &attempt.events).filter(|event| event.conversation == conversation);
        let seen: Vec<String> = events.map(|event| event.id.clone()).collect();
        assert_eq!(seen, ids, "once each, in the order accepted");
    }
    let flat = |consumer: &Consumer| {
        consumer.requests().iter().filter(|request| request.json().get("entry").is_none()).count()
    };
    assert!(
        [&old, &new].iter().all(|consumer| (1..consumer.requests().len()).contains(&flat(consumer))),
        "both formats"
    );
    assert!(!shadow.requests().is_empty());
    assert_eq!(proxy.metric("cutover_config_reloads_total{outcome=\"applied\"}"), Some(8.0));
}

/// What it is owed waits, is seen to wait, and goes on when it is back; what came meanwhile it is not owed.
#[test]
fn what_is_owed_to_one_that_is_gone_waits_until_it_is_back() {
    let (crm, shadow, owed) = (Consumer::start(), Consumer::absent(), Promises::default());
    let without = crm.section("crm", "onprem", "");
    let with = [without.clone(), shadow.section("shadow", "onprem", RETRY)].concat();
    let proxy = Proxy::start(&with);
    (0..10).for_each(|conversation| promise(&proxy, &owed, conversation, 1));
    proxy.reload(&without);
    let meanwhile = Promises::default();
    (0..10).for_each(|conversation| promise(&proxy, &meanwhile, conversation, 2));
    proxy.wait_until_drained("crm");
    assert_eq!(meanwhile.missing(&attempts(&crm)), []);
    let waits = || {
        assert_eq!(proxy.owed("shadow"), 10);
        let waiting = proxy.letters(true);
        assert_eq!(waiting.len(), 10);
        assert!(waiting.iter().all(|letter| letter["consumer"] == "shadow"), "{waiting:?}");
    };
    eventually("nothing of it is under way", || {
        let sample = "cutover_queue_depth{consumer=\"shadow\",state=\"in_flight\"}";
        (proxy.metric(sample) == Some(0.0)).then_some(())
    });
    waits();
    shadow.arrive();
    accept_a_few(&proxy);
    waits();
    assert_eq!(shadow.requests().len(), 0, "nobody asks it");

    proxy.reload(&with);
    (0..10).for_each(|conversation| promise(&proxy, &owed, conversation, 3));
    proxy.wait_until_drained("shadow");
    owed.assert_kept(&shadow);
    let seen: usize = attempts(&shadow).iter().map(|attempt| attempt.events.len()).sum();
    assert_eq!(seen, owed.count(), "and nothing of what came meanwhile");
}

fn accept_a_few(proxy: &Proxy) {
    (100..110).for_each(|conversation| promise(proxy, &Promises::default(), conversation, 1));
    proxy.wait_until_drained("crm");
}

/// Also over a restart, and not for ever.
#[test]
fn what_is_owed_to_one_that_stays_away_is_given_up() {
    let (crm, gone) = (Consumer::start(), Consumer::absent());
    let without = crm.section("crm", "onprem", "");
    let retry = "[consumer.retry]\nfirst = \"20ms\"\nmax = \"100ms\"\ngive_up_after = \"1500ms\"\n";
    let proxy = Proxy::start(&[without.clone(), gone.section("gone", "onprem", retry)].concat());
    (0..5).for_each(|conversation| promise(&proxy, &Promises::default(), conversation, 1));
    let home = proxy.kill();
    home.configure(&without);
    let proxy = home.start();
    assert_eq!(proxy.owed("gone"), 5);
    proxy.wait_until_drained("gone");
    let letters = proxy.letters(false);
    assert_eq!(letters.len(), 5);
    assert!(
        letters.iter().all(|letter| (&letter["consumer"], &letter["reason"]) == (&json!("gone"), &json!("gave_up")))
    );
}
