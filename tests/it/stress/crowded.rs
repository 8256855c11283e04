//! A disk that somebody else fills, to the last byte.

use super::{assert_recovers, assert_red, on, post_large};
use crate::support::consumer::Consumer;
use crate::support::disk::Disk;
use crate::support::eventually;
use crate::support::ledger::Promises;
use std::time::{Duration, Instant};

const DISK_KIB: usize = 8 << 10;

#[test]
fn it_recovers_by_itself_when_there_is_room_again() {
    let Some(disk) = Disk::mount(DISK_KIB) else { return };
    let (crm, promises) = (Consumer::start(), Promises::default());
    let proxy = on(&disk, &crm);
    (1..=20).for_each(|number| assert_eq!(post_large(&proxy, &promises, number, 4).status, 200));
    disk.fill();
    let mut number = 20;
    let refused = eventually("webhooks are refused", || {
        number += 1;
        Some(post_large(&proxy, &promises, number, 4)).filter(|answer| answer.status != 200)
    });
    assert_red(&proxy, &refused);
    // Nobody asks: it has to see for itself.
    disk.clear();
    let cleared = Instant::now();
    eventually("it is ready without being asked", || (proxy.ask("/readyz").status == 200).then_some(()));
    assert!(cleared.elapsed() < Duration::from_secs(5), "{:?}", cleared.elapsed());
    assert_recovers(&proxy, &promises, number + 1);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}

/// With the disk full, it may be started or not; what was accepted before is there once it is not.
#[test]
fn a_kill_while_there_is_no_room_loses_nothing() {
    let Some(disk) = Disk::mount(DISK_KIB) else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let proxy = on(&disk, &crm);
    (1..=100).for_each(|number| assert_eq!(post_large(&proxy, &promises, number, 4).status, 200));
    disk.fill();
    let home = proxy.kill();
    let (config, journal) = (std::fs::read_to_string(home.config()).unwrap(), disk.name("cutover.db"));
    let home = match home.try_start() {
        Ok(proxy) => {
            let answer = post_large(&proxy, &promises, 101, 4);
            assert_eq!(answer.status, 503, "there is no room");
            proxy.kill()
        }
        Err(ended) => {
            assert!(ended.status.code().is_some_and(|code| code != 0), "{ended:?}");
            assert!(ended.log.contains(&journal) && ended.log.contains("full"), "{}", ended.log);
            let home = crate::support::proxy::Home::new(&config);
            home.set("CUTOVER_JOURNAL__PATH", &journal);
            home
        }
    };
    disk.clear();
    let proxy = home.start();
    assert_eq!(proxy.owed("crm"), promises.count() as u64);
    crm.arrive();
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
}
