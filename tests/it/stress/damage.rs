//! A file that is not what it was: said with its name, at the start or as soon as it is seen.

use super::post_large;
use crate::support::consumer::Consumer;
use crate::support::eventually;
use crate::support::ledger::Promises;
use crate::support::proxy::{Home, Proxy};
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

fn section(crm: &Consumer) -> String {
    crm.section("crm", "onprem", "[consumer.retry]\nfirst = \"20ms\"\nmax = \"100ms\"\n")
}

/// A proxy that owes its absent consumer a good deal.
fn owing(promises: &Promises) -> (Consumer, Proxy) {
    let crm = Consumer::absent();
    let proxy = Proxy::start(&section(&crm));
    (1..=100).for_each(|number| assert_eq!(post_large(&proxy, promises, number, 4).status, 200));
    (crm, proxy)
}

/// Overwrites a file from a byte on, without changing its length.
fn scribble(path: &Path, from: u64) {
    let length = fs::metadata(path).unwrap().len();
    let mut file = fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let garbage: Vec<u8> = (from..length).map(|_| random.u8(..)).collect();
    file.write_all(&garbage).unwrap();
}

#[test]
fn garbage_is_no_journal() {
    let promises = Promises::default();
    let (_crm, proxy) = owing(&promises);
    let home = proxy.stop();
    let journal = home.journal();
    scribble(&journal, 0);
    let Err(ended) = home.try_start() else { panic!("garbage was opened") };
    assert!(ended.status.code().is_some_and(|code| code != 0));
    assert!(ended.log.contains(&format!("{} is no journal, or is damaged", journal.display())), "{}", ended.log);
}

#[test]
fn a_journal_of_another_program_is_left_alone() {
    let crm = Consumer::start();
    let home = Home::new(&section(&crm));
    let journal = home.journal();
    fs::write(&journal, "dear diary, ").unwrap();
    let Err(ended) = home.try_start() else { panic!("a diary was opened") };
    assert!(ended.log.contains(&format!("{} is no journal", journal.display())), "{}", ended.log);
}

/// All but the first pages: it can be opened, and what it says cannot be read.
#[test]
fn a_journal_damaged_inside_is_not_served_from_in_silence() {
    let promises = Promises::default();
    let (crm, proxy) = owing(&promises);
    let home = proxy.stop();
    let journal = home.journal();
    scribble(&journal, 16 << 10);
    crm.arrive();
    match home.try_start() {
        Err(ended) => {
            assert!(ended.status.code().is_some_and(|code| code != 0));
            assert!(ended.log.contains(journal.to_str().expect("text")), "{}", ended.log);
            assert!(ended.log.contains("malformed") || ended.log.contains("damaged"), "{}", ended.log);
        }
        Ok(proxy) => {
            let log = || proxy.log();
            eventually("it says so", || log().contains("malformed").then_some(()));
            assert_eq!(proxy.ask("/readyz").status, 503);
        }
    }
}

/// While it runs, nobody can tell a damaged file from a good one before it is read: then it is said,
/// nothing is answered 200 any more, and no new process serves from it.
#[test]
fn damage_while_it_runs_is_said_when_it_is_seen() {
    let promises = Promises::default();
    let (crm, proxy) = owing(&promises);
    // Into the file, and out of SQLite's memory.
    let proxy = proxy.stop().start();
    scribble(&proxy.home().journal(), 0);
    crm.arrive();
    let mut number = 1_000;
    eventually("it is seen", || {
        number += 1;
        (post_large(&proxy, &promises, number, 4).status == 503).then_some(())
    });
    assert_eq!(proxy.ask("/readyz").status, 503);
    eventually("the log says so", || {
        let log = proxy.log();
        (log.contains("the journal cannot be written") && log.contains("malformed")).then_some(())
    });
    let log = proxy.log();
    assert!(log.contains(proxy.home().journal().to_str().expect("text")), "{log}");
    assert_eq!(post_large(&proxy, &promises, number + 1, 4).status, 503, "and so it stays");
    let Err(ended) = proxy.kill().try_start() else { panic!("a damaged journal was opened") };
    assert!(ended.log.contains("damaged"), "{}", ended.log);
}

/// SQLite goes on with a file that has no name any more, and with what it remembers of one that was written
/// over: neither may be answered 200 for long.
#[test]
fn a_file_that_is_gone_or_written_over_is_noticed() {
    for harm in [|path: &Path| fs::remove_file(path).unwrap(), |path: &Path| scribble(path, 0)] {
        let promises = Promises::default();
        let crm = Consumer::start();
        let proxy = Proxy::start(&section(&crm));
        // So many that the file itself holds something, and not only the log.
        (1..=300).for_each(|number| assert_eq!(post_large(&proxy, &promises, number, 32).status, 200));
        harm(&proxy.home().journal());
        eventually("it promises nothing more", || (post_large(&proxy, &promises, 2000, 1).status == 503).then_some(()));
        let ready = proxy.ask("/readyz");
        assert_eq!(ready.status, 503);
        assert!(ready.text().contains("removed or written over"), "{}", ready.text());
    }
}
