//! Folders of configurations. `tests/config/valid` passes; of `tests/config/invalid` each file has a
//! sibling `.problems` with what is said of it, line by line; `config` is what the project ships.

use super::{check, problems};
use crate::support::command::repository;
use std::path::{Path, PathBuf};

const ENVIRONMENT: [(&str, &str); 1] = [("TEST_SECRET", "value-of-test-secret")];

fn configurations(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort_unstable();
    assert!(!files.is_empty(), "no configurations in {folder}");
    files
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours is text")
}

#[test]
fn valid_files_pass() {
    for file in configurations("tests/config/valid") {
        let output = check(text(&file), &ENVIRONMENT).clean();
        assert!(output.ends_with("\nok\n"), "{}: {output}", file.display());
        assert!(!output.contains("value-of-test-secret"), "{output}");
    }
}

#[test]
fn every_problem_of_an_invalid_file_is_told_at_once() {
    for file in configurations("tests/config/invalid") {
        let outcome = check(text(&file), &ENVIRONMENT);
        let expected = std::fs::read_to_string(file.with_extension("problems")).expect("a list of problems");
        assert_eq!(problems(&outcome).join("\n"), expected.trim_end(), "{}", file.display());
        assert!(!outcome.stderr.contains("value-of-test-secret"), "{}", outcome.stderr);
    }
}

#[test]
fn there_is_a_file_for_each_list_of_problems() {
    let folder = repository("tests/config/invalid");
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        assert!(
            entry.with_extension("toml").exists() && entry.with_extension("problems").exists(),
            "{}",
            entry.display()
        );
    }
}

#[test]
fn what_the_project_ships_passes_with_the_variables_it_names() {
    for file in configurations("config") {
        let content = std::fs::read_to_string(&file).unwrap();
        let named = content.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next());
        let environment: Vec<(&str, &str)> = named.map(|name| (name, "some value")).collect();
        let outcome = check(text(&file), &environment);
        assert_eq!(outcome.code, Some(0), "{}: {}", file.display(), outcome.stderr);
    }
}

#[test]
fn a_file_that_cannot_be_read() {
    for gone in ["/nowhere/cutover.toml", "/"] {
        let outcome = check(gone, &[]);
        assert_eq!(problems(&outcome).len(), 1);
        assert!(outcome.stderr.contains(&format!("cannot read {gone}: ")), "{}", outcome.stderr);
    }
}
