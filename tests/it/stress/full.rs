//! A disk that the journal fills itself.

use super::{assert_recovers, assert_red, on, post_large};
use crate::support::command::run;
use crate::support::consumer::Consumer;
use crate::support::disk::Disk;
use crate::support::ledger::Promises;
use crate::support::proxy::Proxy;
use crate::support::{PATIENCE, eventually};
use std::time::Duration;

const DISK_KIB: usize = 6 << 10;
const BODY_KIB: usize = 16;

/// Posts until nothing more is taken; the number of the next webhook.
fn fill(proxy: &Proxy, promises: &Promises) -> usize {
    let mut refused = 0;
    for number in 1.. {
        let answer = post_large(proxy, promises, number, BODY_KIB);
        if answer.status != 200 {
            assert_red(proxy, &answer);
            refused += 1;
        }
        if refused == 5 {
            return number + 1;
        }
    }
    unreachable!("a disk is full at some time")
}

#[test]
fn accepts_stop_before_it_is_full_and_go_on_when_it_is_drained() {
    let Some(disk) = Disk::mount(DISK_KIB) else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = on(&disk, &crm);
    let next = fill(&proxy, &promises);
    // What is reserved for writing off what was accepted is a part of it, not most of it.
    assert!(promises.count() * BODY_KIB > DISK_KIB / 3, "only {} were accepted", promises.count());
    crm.arrive();
    proxy.wait_until_drained("crm");
    assert_recovers(&proxy, &promises, next);
    for number in next + 1..next + 200 {
        assert_eq!(post_large(&proxy, &promises, number, BODY_KIB).status, 200, "{number}");
        if number % 20 == 0 {
            proxy.wait_until_drained("crm");
        }
    }
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

#[test]
fn what_was_accepted_on_a_full_disk_is_kept_through_a_kill() {
    let Some(disk) = Disk::mount(DISK_KIB) else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = on(&disk, &crm);
    fill(&proxy, &promises);
    let proxy = proxy.kill().start();
    assert_eq!(proxy.owed("crm"), promises.count() as u64);
    let next = 100_000;
    assert_red(&proxy, &post_large(&proxy, &promises, next, BODY_KIB));
    crm.arrive();
    proxy.wait_until_drained("crm");
    assert_recovers(&proxy, &promises, next + 1);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

/// Many times the size of the disk: what was delivered makes room for what comes.
#[test]
fn what_was_delivered_never_costs_an_accept() {
    let Some(disk) = Disk::mount(DISK_KIB) else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let proxy = on(&disk, &crm);
    let webhooks = 4 * DISK_KIB / 32;
    for number in 1..=webhooks {
        assert_eq!(post_large(&proxy, &promises, number, 32).status, 200, "{number} of {webhooks}");
        if number % 16 == 0 {
            proxy.wait_until_drained("crm");
        }
    }
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    assert_eq!(proxy.ask("/readyz").status, 200);
    assert!(!proxy.log().contains("cannot be written"), "{}", proxy.log());
}

/// Many at once, each large for the disk: their transactions are larger than any alone.
#[test]
fn a_crowd_does_not_take_the_room_for_writing_off() {
    let Some(disk) = Disk::mount(2 * DISK_KIB) else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = on(&disk, &crm);
    std::thread::scope(|scope| {
        for poster in 0..10 {
            let (proxy, promises) = (&proxy, &promises);
            // A conversation each, so that the order in which they are accepted is known.
            scope.spawn(move || {
                let mut refused = 0;
                for number in (poster..).step_by(10) {
                    let answer = post_large(proxy, promises, number, 200);
                    assert!([200, 503].contains(&answer.status));
                    refused += usize::from(answer.status == 503);
                    if refused == 10 {
                        return;
                    }
                }
            });
        }
    });
    assert!(promises.count() > 10, "{}", promises.count());
    let next = 100_000;
    assert_red(&proxy, &post_large(&proxy, &promises, next, 200));
    crm.arrive();
    proxy.wait_until_drained("crm");
    assert_recovers(&proxy, &promises, next + 1);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

/// Small webhooks leave more behind than their bodies: what is remembered of each, and a large file.
#[test]
fn a_disk_full_of_small_webhooks_takes_more_when_it_is_drained() {
    let Some(disk) = Disk::mount(4 << 10) else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = on(&disk, &crm);
    let mut number = 0;
    let refused = loop {
        number += 1;
        let answer = post_large(&proxy, &promises, number, 0);
        if answer.status != 200 {
            break answer;
        }
    };
    assert_red(&proxy, &refused);
    crm.arrive();
    proxy.wait_until_drained_within("crm", PATIENCE * 9);
    // A file of this size that is nearly full finds its room in small steps.
    crate::support::within(PATIENCE * 6, "room is found", || {
        (post_large(&proxy, &promises, number + 2, 0).status == 200).then_some(())
    });
    assert_recovers(&proxy, &promises, number + 1);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

/// Somebody's backup reads the file all the while: what the log holds cannot go into it meanwhile.
#[test]
fn a_reader_that_stays_long_leaves_a_full_disk_that_can_be_drained() {
    let Some(disk) = Disk::mount(DISK_KIB) else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = on(&disk, &crm);
    assert_eq!(post_large(&proxy, &promises, 0, BODY_KIB).status, 200);
    let reader = rusqlite::Connection::open(disk.path("cutover.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM record").unwrap();
    let next = fill(&proxy, &promises) + 1;
    crm.arrive();
    // What is delivered meanwhile is written off as far as there is room; there is no more to see of that.
    eventually("some are delivered", || (crm.requests().len() >= 10).then_some(()));
    std::thread::sleep(Duration::from_secs(2));
    reader.execute_batch("COMMIT").unwrap();
    proxy.wait_until_drained_within("crm", PATIENCE * 6);
    assert_recovers(&proxy, &promises, next);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

/// What was delivered gives way to webhooks, but not to copies of itself: it is what is asked for.
#[test]
fn a_redelivery_without_room_says_so_and_forgets_nothing() {
    let Some(disk) = Disk::mount(DISK_KIB) else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let proxy = on(&disk, &crm);
    (1..=100).for_each(|number| assert_eq!(post_large(&proxy, &promises, number, 4).status, 200));
    crm.wait_for(100);
    proxy.wait_until_drained("crm");
    let admin = format!("http://{}/", proxy.admin);
    let redeliver = || run(&["redeliver", "--consumer", "crm", "--since", "1h", "--admin", &admin]);
    disk.fill();
    let refused = redeliver();
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("the disk is full"), "{refused:?}");
    disk.clear();
    assert_eq!(redeliver().clean(), "100 put back\n");
    crm.wait_for(200);
}
