//! What hangs is worse than what is gone: a server that answers nothing, and a proxy that was away for
//! longer than its claim and does not know it.

use super::fleet::Fleet;
use super::{CLAIM, assert_turned_away, flat, journal, journal_with, red, stream};
use crate::support::bodies::{SUPPORT, cloud, text};
use crate::support::broker::Broker;
use crate::support::consumer::{Consumer, Recorded, Reply};
use crate::support::http::{self, Request};
use crate::support::ledger::{Promises, attempts, events};
use crate::support::load::{PAUSE, message, promise, user};
use crate::support::proxy::Proxy;
use crate::support::{PATIENCE, eventually, within};
use serde_json::json;
use std::io::Write;
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

/// A claim that is long enough outlives a server that hangs: what is under way then is not made again.
#[test]
fn a_long_claim_is_kept_through_a_server_that_hangs() {
    let Some(broker) = Broker::start() else { return };
    let crm = Consumer::replying(Reply::Hold);
    let consumer = crm.section("crm", "onprem", "timeout = \"60s\"\n");
    let journal = journal_with(&broker.url(), &stream(), 1, Duration::from_secs(15));
    let fleet = Fleet::start(1, &[consumer, SUPPORT.section("support", "\"crm\""), journal].concat());
    let (promises, conversations) = (Promises::default(), 8);
    fleet.promise_a_round(&promises, conversations, 1);
    crm.wait_for(conversations);
    // Renewals are on their way, and are not acknowledged in time: longer than the client waits for them.
    broker.freeze();
    thread::sleep(Duration::from_millis(6_500));
    broker.thaw();
    thread::sleep(Duration::from_secs(4));
    crm.reply(Reply::status(200));
    crm.release();
    fleet.wait_until_kept(&promises, &crm);
    assert_eq!(crm.requests().len(), conversations, "{}", fleet[0].log());
}

/// Who hangs up while the server is slow comes again, after its own window too.
#[test]
fn what_a_platform_did_not_wait_for_is_known_when_it_comes_again() {
    let Some(broker) = Broker::start() else { return };
    let (crm, window) = (Consumer::start(), Duration::from_secs(1));
    let journal = journal(&broker.url(), &stream()).replace("duplicate_window = \"2m\"", "duplicate_window = \"1s\"");
    let fleet = Fleet::start(1, &[flat(&crm), journal].concat());
    let request = Request::post("/webhooks", cloud(SUPPORT, &json!({"messages": [message(1, 1)]})));
    broker.freeze();
    let mut stream = http::connect(fleet[0].webhooks);
    stream.write_all(&request.bytes()).unwrap();
    thread::sleep(Duration::from_millis(300));
    drop(stream);
    thread::sleep(Duration::from_millis(300));
    broker.thaw();
    crm.wait_for(1);
    thread::sleep(window * 2);
    let again = eventually("it is taken", || Some(fleet[0].send(&request)).filter(|answer| answer.status == 200));
    assert_eq!(again.status, 200);
    fleet[0].wait_until_drained("crm");
    assert_eq!(crm.requests().len(), 1);
}

/// Another delivers for it meanwhile, and something older is still owed: the endings that it wakes up with are
/// of places that are empty by then.
#[test]
fn what_another_has_written_off_holds_up_nothing() {
    let Some(broker) = Broker::shared() else { return };
    let stuck = user(0);
    let of_stuck = move |request: &Recorded| events(&request.json()).iter().any(|event| event.conversation == stuck);
    let reply = Reply::by(move |request| match of_stuck(request) {
        true => Reply::status(500),
        false => Reply::Late(Duration::from_millis(300)),
    });
    let (crm, promises) = (Consumer::replying(reply), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    (1..=3).for_each(|round| fleet.promise_a_round(&promises, 60, round));
    fleet[0].signal("STOP");
    let frozen = Instant::now();
    within(PATIENCE, "the other has it all but one conversation", || {
        (frozen.elapsed() > CLAIM * 2 && fleet[1].owed("crm") == 3).then_some(())
    });
    fleet[0].signal("CONT");
    (4..=8).for_each(|round| fleet.promise_a_round(&promises, 60, round));
    within(PATIENCE, "all others are through", || {
        (promises.missing(&attempts(&crm)).iter().all(|event| event.conversation == user(0))).then_some(())
    });
    crm.reply(Reply::status(200));
    fleet.wait_until_kept(&promises, &crm);
    // An ending that is not written when a process ends is made again by the next.
    let attempts = crm.requests().len();
    fleet.stop_all();
    fleet.all_again();
    fleet.promise_a_round(&promises, 60, 9);
    fleet.wait_until_kept(&promises, &crm);
    assert_eq!(crm.requests().len(), attempts + 60, "all endings were written");
}
