//! Whatever happens to the process and to its consumers, a 200 is kept: a load of webhooks, a proxy
//! that is killed and started again in a loop, and two consumers with bad days. What was promised is
//! written down on one side and what was taken on the other; nothing of the proxy is asked in between.
//!
//! `CUTOVER_CHAOS_SECONDS` makes it last longer, `CUTOVER_CHAOS_SEED` repeats its choices.

pub(crate) mod judge;

use crate::support::bodies::{SUPPORT, cloud};
use crate::support::consumer::{Consumer, Faults};
use crate::support::ledger::{Promises, attempts};
use crate::support::load::{Sender, Tally, Target, message};
use crate::support::proxy::{Home, Proxy};
use crate::support::within;
use judge::{Kill, TIMEOUT};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const SENDERS: usize = 8;
const CONVERSATIONS_OF_EACH: usize = 6;
const DEFAULT_SECONDS: u64 = 14;

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var_os(name)?;
    Some(value.to_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} is a whole number")))
}

fn home(crm: &Consumer, shadow: &Consumer) -> Home {
    let more =
        format!("timeout = \"{}ms\"\n[consumer.retry]\nfirst = \"20ms\"\nmax = \"200ms\"\n", TIMEOUT.as_millis());
    let sections = [
        crm.section("crm", "onprem", &more),
        shadow.section("shadow", "cloud", &more),
        SUPPORT.section("support", "\"crm\", \"shadow\""),
    ];
    Home::new(&sections.concat())
}

/// Kills and starts again until the time is over; the consumers are good, bad and worse in turn.
fn storm(
    mut proxy: Proxy,
    target: &Target,
    consumers: [&Consumer; 2],
    random: &mut fastrand::Rng,
) -> (Proxy, Vec<Kill>) {
    let seconds = from_environment("CUTOVER_CHAOS_SECONDS").unwrap_or(DEFAULT_SECONDS);
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut kills = Vec::new();
    for share in [0.0, 0.15, 0.4].into_iter().cycle() {
        for consumer in consumers {
            consumer.misbehave(Some(Faults::new(random.u64(..), share)));
        }
        // The time of a kill is the one thing that nothing can be waited for.
        thread::sleep(Duration::from_millis(random.u64(300..2000)));
        if Instant::now() >= deadline {
            break;
        }
        assert_unharmed(&proxy);
        let begun = Instant::now();
        let home = proxy.kill();
        target.move_to(None);
        kills.push(Kill { begun, done: Instant::now() });
        proxy = home.start();
        target.move_to(Some(proxy.webhooks));
    }
    consumers.into_iter().for_each(|consumer| consumer.misbehave(None));
    (proxy, kills)
}

/// Nothing went wrong inside.
fn assert_unharmed(proxy: &Proxy) {
    let log = proxy.log();
    let wrong = log.lines().find(|line| line.contains("panicked") || line.contains("\"ERROR\""));
    assert_eq!(wrong, None);
}

#[test]
fn every_200_is_kept_through_kills_and_bad_consumers() {
    let seed = from_environment("CUTOVER_CHAOS_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("CUTOVER_CHAOS_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (crm, shadow) = (Consumer::start(), Consumer::start());
    let proxy = home(&crm, &shadow).start();
    let (target, tally, over) = (Target::at(proxy.webhooks), Tally::default(), AtomicBool::new(false));
    let (proxy, kills) = thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (target, tally, over) = (&target, &tally, &over);
            scope.spawn(move || {
                let mut sender = Sender::new(seed, sender * CONVERSATIONS_OF_EACH, CONVERSATIONS_OF_EACH);
                // The last one is posted to its end: what is half accepted would be owed by nobody.
                while !over.load(Ordering::Relaxed) && sender.post(target, tally, &|| false) {}
            });
        }
        let ended = storm(proxy, &target, [&crm, &shadow], &mut random);
        over.store(true, Ordering::Relaxed);
        ended
    });
    for consumer in ["crm", "shadow"] {
        within(Duration::from_secs(60), "all is delivered", || (proxy.owed(consumer) == 0).then_some(()));
    }
    assert_eq!(proxy.letters(false), Vec::<serde_json::Value>::new(), "nothing was given up");
    assert_fresh_events_flow(&proxy, &crm);
    assert_unharmed(&proxy);
    let count = |counter: &std::sync::atomic::AtomicUsize| counter.load(Ordering::Relaxed);
    println!(
        "{} webhooks and {} events accepted, {} posted again, {} answers lost, {} refused, {} kills",
        count(&tally.accepted),
        tally.promises.count(),
        count(&tally.repeated),
        count(&tally.lost),
        count(&tally.refused),
        kills.len()
    );
    assert!(!kills.is_empty() && count(&tally.accepted) > 500);
    for (name, consumer) in [("crm", &crm), ("shadow", &shadow)] {
        let findings = judge::judge(&tally.promises, consumer, &kills);
        println!("{name}: {findings:?}");
    }
}

/// After all that it still does what it is there for.
fn assert_fresh_events_flow(proxy: &Proxy, crm: &Consumer) {
    let body = json!({"messages": [message(9_999, 1)]});
    let promises = Promises::default();
    assert!(promises.note(&body, &proxy.post("/webhooks/cloud", cloud(SUPPORT, &body))));
    proxy.wait_until_drained("crm");
    assert!(promises.missing(&attempts(crm)).is_empty());
}
