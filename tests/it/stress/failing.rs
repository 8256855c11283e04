//! A disk that fails and comes back.

use super::{assert_recovers, assert_red_for, post_large};
use crate::support::consumer::{Consumer, Recorded, Reply};
use crate::support::disk::{Fault, Faults};
use crate::support::eventually;
use crate::support::ledger::Promises;
use crate::support::proxy::Proxy;
use std::time::{Duration, Instant};

fn on(faults: &Faults, crm: &Consumer) -> Proxy {
    let config = crm.section("crm", "onprem", "[consumer.retry]\nfirst = \"20ms\"\nmax = \"100ms\"\n");
    let [(preload, library), (switch, folder)] = faults.environment();
    Proxy::start_with(&config, &[(preload, &library), (switch, &folder)])
}

fn post_ten(proxy: &Proxy, promises: &Promises, from: usize) {
    (from..from + 10).for_each(|number| assert_eq!(post_large(proxy, promises, number, 1).status, 200));
}

/// Accepts, fails while the disk does, and is ready again although nobody asks.
fn fails_and_recovers(fault: Fault) {
    let Some(faults) = Faults::new() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let proxy = on(&faults, &crm);
    post_ten(&proxy, &promises, 0);
    proxy.wait_until_drained("crm");
    faults.begin(fault);
    for number in 100..105 {
        let answer = post_large(&proxy, &promises, number, 1);
        assert_red_for(&proxy, &answer, "disk I/O error");
    }
    faults.end(fault);
    // Whoever is not ready is sent nothing that could show it otherwise.
    eventually("it is ready without being asked", || (proxy.ask("/readyz").status == 200).then_some(()));
    assert_recovers(&proxy, &promises, 105);
    post_ten(&proxy, &promises, 200);
    let proxy = proxy.kill().start();
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

#[test]
fn a_disk_that_cannot_be_written_for_a_while() {
    fails_and_recovers(Fault::ReadOnly);
}

#[test]
fn a_disk_that_does_not_sync_for_a_while() {
    fails_and_recovers(Fault::Unsynced);
}

/// Deliveries go on, and what they come to is written down when it can be.
#[test]
fn endings_wait_for_the_disk() {
    let Some(faults) = Faults::new() else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = on(&faults, &crm);
    post_ten(&proxy, &promises, 0);
    faults.begin(Fault::ReadOnly);
    crm.arrive();
    eventually("a delivery", || (!crm.requests().is_empty()).then_some(()));
    eventually("it is red", || (proxy.ask("/readyz").status == 503).then_some(()));
    faults.end(Fault::ReadOnly);
    proxy.wait_until_drained("crm");
    eventually("it is ready", || (proxy.ask("/readyz").status == 200).then_some(()));
    promises.assert_kept(&crm);
    assert_eq!(crm.requests().len(), 10, "nothing is delivered twice for it");
}

/// A refusal that cannot be written down is none the less tried again, also the only one there is.
#[test]
fn what_is_refused_meanwhile_is_tried_again() {
    let Some(faults) = Faults::new() else { return };
    let (crm, promises) = (Consumer::replying(Reply::Hold), Promises::default());
    let proxy = on(&faults, &crm);
    assert_eq!(post_large(&proxy, &promises, 0, 1).status, 200);
    crm.wait_for(1);
    faults.begin(Fault::ReadOnly);
    crm.reply(Reply::status(500));
    crm.hang_up();
    eventually("it is red", || (proxy.ask("/readyz").status == 503).then_some(()));
    faults.end(Fault::ReadOnly);
    eventually("it is tried again and again", || (crm.requests().len() > 4).then_some(()));
    crm.reply(Reply::status(200));
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    let number = |request: &Recorded| request.header("X-Cutover-Attempt").to_owned();
    let last = crm.requests().last().map(number);
    assert_eq!(last, Some(crm.requests().len().to_string()));
}

/// The first webhook of a process fails: places that were set aside with it are set aside again.
#[test]
fn no_place_is_given_twice() {
    let Some(faults) = Faults::new() else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = on(&faults, &crm);
    faults.begin(Fault::ReadOnly);
    assert_eq!(post_large(&proxy, &promises, 100, 1).status, 503);
    faults.end(Fault::ReadOnly);
    eventually("it takes webhooks again", || (post_large(&proxy, &promises, 100, 1).status == 200).then_some(()));
    post_ten(&proxy, &promises, 0);
    let proxy = proxy.kill().start();
    post_ten(&proxy, &promises, 10);
    assert_eq!(proxy.owed("crm"), promises.count() as u64);
    crm.arrive();
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

/// Nobody is kept waiting for ever, and what could not be promised may have been written all the same.
#[test]
fn a_disk_that_does_not_answer() {
    let Some(faults) = Faults::new() else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let proxy = on(&faults, &crm);
    post_ten(&proxy, &promises, 0);
    proxy.wait_until_drained("crm");
    // Something is due all the time: leases that nobody waits for any more must not be lost.
    crm.reply(Reply::status(500));
    post_ten(&proxy, &promises, 10);
    faults.begin(Fault::Stalled);
    std::thread::scope(|scope| {
        let (first, later) = (100..103, 103..106);
        for number in first {
            let (proxy, promises) = (&proxy, &promises);
            scope.spawn(move || assert_red_for_stalled(proxy, &post_large(proxy, promises, number, 1)));
        }
        // Whoever asked the journal before these has given up before they are answered.
        std::thread::sleep(Duration::from_millis(500));
        for number in later {
            let (proxy, promises) = (&proxy, &promises);
            scope.spawn(move || assert_red_for_stalled(proxy, &post_large(proxy, promises, number, 1)));
        }
    });
    crm.reply(Reply::status(200));
    faults.end(Fault::Stalled);
    eventually("it is ready without being asked", || (proxy.ask("/readyz").status == 200).then_some(()));
    // The platform's retries.
    (100..106).for_each(|number| assert_eq!(post_large(&proxy, &promises, number, 1).status, 200));
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

fn assert_red_for_stalled(proxy: &Proxy, answer: &crate::support::http::Answer) {
    assert_eq!(answer.status, 503);
    let ready = proxy.ask("/readyz");
    assert!(ready.status == 503 && ready.text().contains("the disk does not answer"), "{}", ready.text());
    assert_eq!(proxy.ask("/livez").status, 200);
}

/// A consumer that is down may be due for a probe; what cannot be read for it is not asked for without a
/// pause, and no conversation is lost by it.
#[test]
fn a_disk_that_cannot_be_read_for_a_while() {
    let Some(faults) = Faults::new() else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = on(&faults, &crm);
    (0..200).for_each(|number| assert_eq!(post_large(&proxy, &promises, number, 16).status, 200));
    // Out of SQLite's memory.
    let proxy = proxy.stop().start();
    eventually("it is known to be down", || proxy.log().contains("consumer is down").then_some(()));
    faults.begin(Fault::Unreadable);
    let (begun, before) = (Instant::now(), cpu(&proxy));
    eventually("two seconds have passed", || (begun.elapsed() > Duration::from_secs(2)).then_some(()));
    let used = cpu(&proxy) - before;
    faults.end(Fault::Unreadable);
    crm.arrive();
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    assert!(used < Duration::from_millis(700), "{used:?} of two seconds");
}

/// How much time of a processor it has used.
fn cpu(proxy: &Proxy) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", proxy.id())).unwrap();
    // Behind the name, in hundredths of a second: the 12th and 13th field, for itself and for the system.
    let fields = stat.rsplit_once(')').expect("a name").1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
