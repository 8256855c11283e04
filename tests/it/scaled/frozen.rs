//! What hangs is worse than what is gone: a server that answers nothing, and a proxy that was away for
//! longer than its claim and does not know it.

use super::fleet::Fleet;
use super::{CLAIM, assert_turned_away, flat, journal, red, stream};
use crate::support::bodies::{SUPPORT, cloud, text};
use crate::support::broker::Broker;
use crate::support::consumer::{Consumer, Reply};
use crate::support::ledger::Promises;
use crate::support::load::{PAUSE, promise, user};
use crate::support::proxy::Proxy;
use crate::support::{PATIENCE, eventually, within};
use serde_json::json;
use std::thread;
use std::time::{Duration, Instant};

/// Within so long it is noticed that a server hangs.
const NOTICE: Duration = Duration::from_secs(12);
/// Senders, how much each posts at a time, and for how long.
const SENDERS: usize = 8;
const BODY_BYTES: usize = 1 << 20;
const FROZEN: Duration = Duration::from_secs(15);
/// The most a proxy may have taken for them, at any time.
const MEMORY_KIB: u64 = 200 << 10;

/// The most memory that a process has had, in KiB.
fn peak_kib(proxy: &Proxy) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", proxy.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line of the peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn a_frozen_server_costs_neither_time_nor_memory_without_bounds() {
    let Some(broker) = Broker::start() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    fleet.promise_a_round(&promises, 20, 1);
    fleet.wait_until_kept(&promises, &crm);
    broker.freeze();
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (fleet, promises) = (&fleet, &promises);
            scope.spawn(move || post_large(fleet.any(), promises, 100 + sender));
        }
    });
    for proxy in fleet.up() {
        let reason = eventually("it is not ready", || red(proxy));
        assert!(reason.contains("NATS"), "{reason}");
        assert!(peak_kib(proxy) < MEMORY_KIB, "{} KiB", peak_kib(proxy));
    }
    broker.thaw();
    for proxy in fleet.up() {
        within(PATIENCE * 2, "it is ready again", || red(proxy).is_none().then_some(()));
    }
    fleet.promise_a_round(&promises, 20, 2);
    fleet.wait_until_kept(&promises, &crm);
}

/// Posts for as long as the server is frozen. Nothing of it is taken, and each time that is said soon.
fn post_large(proxy: &Proxy, promises: &Promises, conversation: usize) {
    let frozen = Instant::now();
    for number in (1..).take_while(|_| frozen.elapsed() < FROZEN) {
        let message = text(&user(conversation), &format!("wamid.{conversation}.{number}"), &"x".repeat(BODY_BYTES));
        let members = json!({"messages": [message]});
        let begun = Instant::now();
        let answer = proxy.post("/webhooks", cloud(SUPPORT, &members));
        assert!(begun.elapsed() < NOTICE, "an answer after {:?}", begun.elapsed());
        // What was turned away may have reached the server, and be delivered after all.
        promises.note(&members, &answer);
        assert_turned_away(&answer);
        thread::sleep(PAUSE);
    }
}

/// It has requests under way and records in hand that are another's by now. Some may come twice, none
/// before its turn.
#[test]
fn a_proxy_that_was_frozen_past_its_claim_overtakes_nobody() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::replying(Reply::Late(Duration::from_millis(50))), Promises::default());
    let fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    (1..=5).for_each(|round| fleet.promise_a_round(&promises, 30, round));
    fleet[0].signal("STOP");
    let frozen = Instant::now();
    for round in 6..=8 {
        (0..30).for_each(|conversation| promise(&fleet[1], &promises, conversation, round));
    }
    // It has to be away for longer than its claim, and the other delivers for it meanwhile.
    within(PATIENCE, "the other has it all", || {
        (frozen.elapsed() > CLAIM * 2 && fleet[1].owed("crm") == 0).then_some(())
    });
    fleet[0].signal("CONT");
    (9..=10).for_each(|round| fleet.promise_a_round(&promises, 30, round));
    fleet.wait_until_kept(&promises, &crm);
    assert!(fleet.up().all(|proxy| proxy.letters(false).is_empty()));
}
