//! Files of other programs and damaged ones: said plainly, left alone, never a false promise.

use super::{open, refusal, with};
use crate::bench::{Terms, embedded, runtime};
use crate::drafts::of_events;
use cutover::clock;
use cutover::journal::{Appended, Arrival, ConsumerId, Journal, OpenError};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const PAGE: usize = 4096;

/// A file of ours with some records in it, closed in order.
fn ours(home: &Path) -> PathBuf {
    let path = home.join("cutover.db");
    with(&path, async |journal| {
        let crm = journal.register(vec![("crm".to_owned(), 1 << 50)]).await.unwrap()[0];
        for n in 0..60 {
            arrive(journal, crm, n).await.unwrap();
        }
    });
    path
}

async fn arrive(journal: &Journal, to: ConsumerId, n: i64) -> Result<Appended, cutover::journal::Trouble> {
    let text = format!("{n:01000}");
    let records = vec![of_events(&text, n, &[to], &[&n.to_string()])];
    journal.append(Arrival { received_ms: clock::steady_ms(), records, room: None }).await
}

fn is_damaged(path: &Path) {
    let (before, mode) = (fs::read(path).unwrap(), fs::metadata(path).unwrap().permissions());
    let error = refusal(path);
    let said = error.to_string();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert!(said.contains(path.to_str().unwrap()) && said.contains("put it aside"), "{said}");
    assert!(fs::read(path).unwrap() == before, "{} was written to", path.display());
    assert_eq!(fs::metadata(path).unwrap().permissions(), mode, "{}", path.display());
}

#[test]
fn what_is_no_database_is_said_to_be_none() {
    let home = tempfile::tempdir().unwrap();
    let noise: Vec<u8> = std::iter::successors(Some(1_u32), |n| Some(n.wrapping_mul(1_664_525).wrapping_add(1)))
        .map(|n| (n >> 24) as u8)
        .take(20_000)
        .collect();
    let text = "[journal]\npath = \"cutover.db\"\n".repeat(100);
    for (name, content) in [("text", text.as_bytes()), ("short", b"xy"), ("noise", &noise), ("zeros", &[0; 8192])] {
        let path = home.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        is_damaged(&path);
    }
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    for (name, set_up) in [
        ("marked", "PRAGMA application_id = 252006673; CREATE TABLE t(x)"),
        ("unmarked", "CREATE TABLE t(x)"),
        ("versioned", "PRAGMA user_version = 1; CREATE TABLE record(x)"),
        ("negative", "PRAGMA application_id = 1668641910; PRAGMA user_version = -1; CREATE TABLE record(x)"),
    ] {
        let path = home.path().join(name);
        Connection::open(&path).unwrap().execute_batch(set_up).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        is_damaged(&path);
    }
}

#[test]
fn an_empty_file_is_a_new_journal() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cutover.db");
    fs::write(&path, "").unwrap();
    with(&path, async |journal| {
        let crm = journal.register(vec![("crm".to_owned(), 1)]).await.unwrap()[0];
        assert_eq!(arrive(journal, crm, 1).await, Ok(Appended::Safe { known: vec![false] }));
    });
}

#[test]
fn a_file_that_was_cut_off_is_damaged() {
    let home = tempfile::tempdir().unwrap();
    let whole = fs::read(ours(home.path())).unwrap();
    for length in [10, 100, 600, PAGE, 3 * PAGE, whole.len() / 2] {
        let path = home.path().join(format!("cut-{length}"));
        fs::write(&path, &whole[..length]).unwrap();
        is_damaged(&path);
    }
}

/// Every page in turn is overwritten. Whatever becomes of it: no panic, and what is promised is kept.
#[test]
fn damage_in_the_middle_never_becomes_a_promise() {
    let home = tempfile::tempdir().unwrap();
    let whole = fs::read(ours(home.path())).unwrap();
    let pages = whole.len() / PAGE;
    assert!(pages > 10, "{pages} pages");
    let (mut refused, mut failed) = (0, 0);
    for page in 1..pages {
        let path = home.path().join(format!("page-{page}"));
        let mut bytes = whole.clone();
        bytes[page * PAGE..(page + 1) * PAGE].fill(0xA5);
        fs::write(&path, &bytes).unwrap();
        match embedded(path.clone(), Terms::default()) {
            Err(error) => {
                assert!(matches!(error, OpenError::Damaged { .. }), "page {page}: {error:?}");
                refused += 1;
            }
            Ok(journal) => failed += runtime().block_on(use_damaged(Journal::Embedded(journal), &path, page)),
        }
    }
    assert!(refused > 0 && failed > 0, "{refused} were refused, {failed} had trouble, of {pages}");
}

/// Works with a damaged journal; whether it had trouble. What it promises must be there afterwards.
async fn use_damaged(journal: Journal, path: &Path, page: usize) -> usize {
    let mut trouble = 0;
    let Ok(ids) = journal.register(vec![("crm".to_owned(), 1 << 50)]).await else { return 1 };
    let mut promised = Vec::new();
    for n in 100..104 {
        match arrive(&journal, ids[0], n).await {
            Ok(appended) => {
                assert_eq!(appended, Appended::Safe { known: vec![false] }, "page {page}");
                promised.push(format!("{n:01000}"));
            }
            Err(_) => trouble += 1,
        }
    }
    let now_ms = clock::steady_ms();
    match journal.lease(ids[0], 1_000, false, now_ms).await {
        Ok(_) => {}
        Err(error) => {
            assert!(!matches!(error, cutover::journal::Trouble::Closed), "page {page}: its thread is gone");
            trouble += 1;
        }
    }
    trouble += usize::from(journal.letters(true, None, 1_000).await.is_err());
    journal.close().await;
    let db = Connection::open(path).unwrap();
    for body in promised {
        let held: bool = db
            .query_row("SELECT count(*) FROM record WHERE body = ?1", [body.as_bytes()], |row| row.get(0))
            .unwrap_or(false);
        let found = held || fs::read(path).unwrap().windows(body.len()).any(|part| part == body.as_bytes());
        assert!(found, "page {page}: promised and not there");
    }
    usize::from(trouble > 0)
}

#[test]
fn a_journal_that_is_whole_opens() {
    let home = tempfile::tempdir().unwrap();
    assert!(open(&ours(home.path())).is_ok());
}
