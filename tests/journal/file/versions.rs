//! Files of other versions: older ones are brought up, newer ones are left alone.

use super::{refusal, with};
use crate::bench::{DAY, id};
use cutover::clock;
use cutover::format::Format;
use cutover::journal::{OpenError, Selection};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

fn version_1(home: &Path) -> PathBuf {
    let path = home.join("cutover.db");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journal/version-1.sqlite");
    fs::copy(kept, &path).unwrap();
    path
}

fn version(path: &Path) -> i32 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// Three records: the first was delivered, the second is a dead letter, the third is tried again.
#[test]
fn all_of_a_file_of_version_1_is_there() {
    let home = tempfile::tempdir().unwrap();
    let path = version_1(home.path());
    with(&path, async |journal| {
        let consumer = journal.register(vec![("consumer".to_owned(), 1 << 50)]).await.unwrap()[0];
        let dead = journal.letters(false, None, 9).await.unwrap();
        let [letter] = dead.as_slice() else { panic!("{dead:?}") };
        assert_eq!((letter.id.as_str(), letter.reason.as_str(), letter.attempts), ("2-1", "by_hand", 4));
        assert_eq!((letter.consumer.as_str(), letter.verdict.as_deref()), ("consumer", Some("refused 500")));
        let (_, record) = journal.letter(id(letter)).await.unwrap().unwrap();
        assert!(String::from_utf8_lossy(&record.body).contains("15550102002"));

        let waiting = journal.letters(true, None, 9).await.unwrap();
        assert_eq!((waiting.len(), waiting[0].id.as_str(), waiting[0].attempts), (1, "3-1", 3));
        let now_ms = clock::steady_ms();
        let depths = journal.depths(now_ms).await.unwrap();
        assert_eq!((depths[0].ready, depths[0].parked, depths[0].dead), (0, 1, 1));
        let lease = journal.lease(consumer, 9, false, now_ms).await.unwrap().leases.remove(0);
        assert_eq!((lease.record.id, lease.attempts, lease.record.source), (3, 3, Format::OnPremises));
        assert_eq!(lease.since_ms, 1_764_000_000_003);
        // What was delivered may have been too long ago by now.
        let again = journal.owe_again(Selection { consumer, since_ms: 0, from: None }, now_ms).await.unwrap();
        assert!(again.records <= 1, "{again:?}");
    });
    assert!(version(&path) > 1);
    // Places go on behind those of the old file.
    with(&path, async |journal| {
        let waiting = journal.letters(true, None, 9).await.unwrap();
        assert!(waiting.iter().all(|letter| letter.id == "3-1" || letter.id.starts_with("1000")), "{waiting:?}");
    });
}

#[test]
fn what_was_delivered_under_version_1_can_be_delivered_again() {
    let home = tempfile::tempdir().unwrap();
    let path = version_1(home.path());
    // As if it had been delivered just now.
    let old = Connection::open(&path).unwrap();
    old.execute("UPDATE done SET at = ?1", [clock::steady_ms()]).unwrap();
    drop(old);
    with(&path, async |journal| {
        let consumer = journal.register(vec![("consumer".to_owned(), 1 << 50)]).await.unwrap()[0];
        let now_ms = clock::steady_ms();
        let again = journal.owe_again(Selection { consumer, since_ms: 0, from: None }, now_ms).await.unwrap();
        assert_eq!((again.records, again.rest), (1, None));
        let leases = journal.lease(consumer, 9, false, now_ms - clock::millis(DAY) * 10_000).await.unwrap().leases;
        assert_eq!((leases.len(), leases[0].record.seed()), (1, (1, 1_764_000_000_001)));
    });
}

#[test]
fn a_file_of_a_later_version_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = version_1(home.path());
    with(&path, async |_| {});
    let current = version(&path);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", current + 1).unwrap();
    let before = fs::read(&path).unwrap();
    let error = refusal(&path);
    let said = error.to_string();
    let OpenError::Newer { path: named, found, known } = error else { panic!("{said}") };
    assert_eq!((named, found, known), (path.canonicalize().unwrap(), current + 1, current));
    assert!(said.contains(path.to_str().unwrap()), "{said}");
    assert!(fs::read(&path).unwrap() == before, "it was written to");
}
