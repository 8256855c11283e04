//! One process at a time has it, under whatever name, and nobody but its owner reads it.

use super::{open, refusal, with};
use crate::bench::beside;
use crate::drafts::record;
use cutover::journal::{Arrival, Journal, OpenError};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

fn is_in_use(error: &OpenError, path: &Path) {
    let said = error.to_string();
    assert!(matches!(error, OpenError::InUse(_)), "{said}");
    assert!(said.contains(path.to_str().unwrap()) && said.contains("in use"), "{said}");
}

#[test]
fn it_is_opened_once_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cutover.db");
    let journal = open(&path).unwrap();
    is_in_use(&refusal(&path), &path);
    // The refusal has not disturbed the one that has it.
    is_in_use(&refusal(&path), &path);
    crate::bench::runtime().block_on(Journal::Embedded(journal).close());
    assert!(open(&path).is_ok());
}

/// A command that looks into it has it for a moment: a server that starts right then is not refused.
#[test]
fn it_is_waited_for_a_moment() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cutover.db");
    let looked_into = open(&path).unwrap();
    std::thread::scope(|scope| {
        let next = scope.spawn(|| open(&path));
        std::thread::sleep(Duration::from_millis(200));
        assert!(!next.is_finished(), "it waits");
        crate::bench::runtime().block_on(Journal::Embedded(looked_into).close());
        assert!(next.join().unwrap().is_ok());
    });
}

#[test]
fn another_process_is_told_which_file_it_is() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cutover.db");
    let _held = open(&path).unwrap();
    let config = home.path().join("cutover.toml");
    let text = format!(
        "[listen]\nwebhooks = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[journal]\npath = \"{}\"\n\
         [[consumer]]\nname = \"crm\"\nurl = \"http://127.0.0.1:9/\"\nformat = \"onprem\"\n",
        path.display()
    );
    fs::write(&config, text).unwrap();
    let mut serve = std::process::Command::new(env!("CARGO_BIN_EXE_cutover"));
    serve.env_clear().arg("serve").arg("--config").arg(&config);
    let output = assert_cmd::Command::from_std(serve).timeout(Duration::from_secs(20)).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(path.to_str().unwrap()) && said.contains("in use by another cutover"), "{said}");
}

#[test]
fn another_name_of_it_is_still_the_same_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cutover.db");
    let link = home.path().join("link.db");
    let held = open(&path).unwrap();
    symlink(&path, &link).unwrap();
    is_in_use(&refusal(&link), &path);
    is_in_use(&refusal(&home.path().join("../").join(home.path().file_name().unwrap()).join("cutover.db")), &path);
    crate::bench::runtime().block_on(Journal::Embedded(held).close());
    let _held = open(&link).unwrap();
    is_in_use(&refusal(&path), &path);
}

#[test]
fn a_link_to_a_file_that_is_yet_to_come_is_another_name_too() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cutover.db");
    let link = home.path().join("link.db");
    symlink(&path, &link).unwrap();
    let _held = open(&link).unwrap();
    is_in_use(&refusal(&path), &path);
}

#[test]
fn nobody_but_its_owner_reads_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cutover.db");
    let modes = |path: &Path| {
        ["", "-wal", "-shm", "-lock"].map(|suffix| {
            let found = fs::metadata(beside(path, suffix));
            found.map(|found| found.permissions().mode() & 0o777).unwrap_or_default()
        })
    };
    with(&path, async |_| assert_eq!(modes(&path), [0o600; 4]));
    // One that others could read until now.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    with(&path, async |journal| {
        let crm = journal.register(vec![("crm".to_owned(), 1)]).await.unwrap();
        let records = vec![record("a1", 1, &crm)];
        journal.append(Arrival { received_ms: 1, records, room: None }).await.unwrap();
        assert_eq!(modes(&path), [0o600; 4]);
    });
}

#[test]
fn closed_in_order_it_stands_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cutover.db");
    with(&path, async |journal| {
        let crm = journal.register(vec![("crm".to_owned(), 1)]).await.unwrap();
        let records = vec![record("a1", 1, &crm)];
        journal.append(Arrival { received_ms: 1, records, room: None }).await.unwrap();
        assert!(beside(&path, "-wal").exists());
    });
    assert!(!beside(&path, "-wal").exists() && !beside(&path, "-shm").exists());
    // The file alone is the journal: it can be copied and moved.
    let moved = home.path().join("moved.db");
    fs::rename(&path, &moved).unwrap();
    with(&moved, async |journal| assert_eq!(journal.letters(true, None, 9).await.unwrap().len(), 1));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("gone/cutover.db");
    let error = refusal(&path);
    let said = error.to_string();
    assert!(matches!(error, OpenError::Refused { .. }), "{said}");
    assert!(said.contains(path.to_str().unwrap()) && said.contains("No such file"), "{said}");
    // A folder is no file either.
    let error = refusal(home.path());
    assert!(matches!(error, OpenError::Refused { .. }), "{error}");
}
