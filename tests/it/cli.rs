//! The commands but `serve` and `check`.

mod dead_letters;
mod demo;
mod errors;
mod help;
mod inputs;
mod losses;
mod normalized;
mod replay;
mod rules;
mod streams;
mod translate;

use crate::support::command::repository;
use std::path::PathBuf;

/// The bodies of one platform among the project's fixtures: `cloud.json` or `on_premises.json` of each case.
fn fixtures(file: &str) -> Vec<PathBuf> {
    let cases = std::fs::read_dir(repository("tests/fixtures")).unwrap().map(|case| case.unwrap().path().join(file));
    // JSON by the grammar, and nothing that serde_json's values can hold.
    let unheld = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "literals_lone_surrogate");
    let mut files: Vec<PathBuf> = cases.filter(|path| path.exists() && !unheld(path)).collect();
    files.sort_unstable();
    assert!(files.len() > 50, "{} fixtures", files.len());
    files
}
