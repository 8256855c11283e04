//! The rules of the house, held against the files of the repository: which way imports point, what
//! files are called and how long they are, and that the documents name what the program says.

mod deployment;
mod documents;
mod log;
mod source;

use source::{Source, sources};

/// What a pure module may not know: the network, the clock, the configuration, the log.
const IMPURE: &[&str] = &[
    "tokio",
    "axum",
    "hyper",
    "reqwest",
    "tracing",
    "metrics",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::env",
    "std::fs",
    "std::net",
    "crate::config",
    "crate::clock",
    "crate::telemetry",
];

/// Only these may know the configuration.
const KNOW_CONFIG: &[&str] = &["app", "cli", "config", "main"];

/// The longest a file may be and how long half of them may be, tests not counted.
const MAX_LINES: usize = 500;
const MEDIAN_LINES: usize = 120;

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Imports of these modules that point to one of the forbidden places.
fn forbidden(rooms: &[&str], places: &[&str]) -> Vec<String> {
    let files: Vec<Source> = sources().into_iter().filter(|source| rooms.contains(&source.room())).collect();
    assert!(!files.is_empty(), "no file of {rooms:?} was found");
    let of = |source: &Source| {
        let imports = source.imports();
        let hits = imports.into_iter().filter(|import| places.iter().any(|place| source::is_inside(import, place)));
        hits.map(|import| format!("{} imports {import}", source.path)).collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

#[test]
fn pure_modules_import_nothing_impure() {
    assert_none(&forbidden(&["json", "event", "format", "translate", "redact"], IMPURE));
}

#[test]
fn arrows_never_turn_back() {
    assert_none(&forbidden(&["json"], &["crate::event", "crate::format", "crate::translate", "cutover"]));
    assert_none(&forbidden(&["event"], &["crate::format", "crate::translate", "crate::json"]));
    assert_none(&forbidden(&["format"], &["crate::translate"]));
    assert_none(&forbidden(&["translate"], &["crate::redact"]));
    let later =
        ["crate::ingress", "crate::delivery", "crate::pass_through", "crate::app", "crate::cli", "crate::admin"];
    assert_none(&forbidden(&["json", "event", "format", "translate", "redact"], &later));
    assert_none(&forbidden(&["ingress", "intake", "received"], &["crate::translate", "crate::delivery"]));
    assert_none(&forbidden(&["delivery"], &["crate::ingress", "crate::intake", "crate::admin"]));
    let around_the_journal =
        ["crate::ingress", "crate::intake", "crate::json", "crate::translate", "crate::delivery", "crate::letters"];
    assert_none(&forbidden(&["journal", "fate"], &around_the_journal));
    assert_none(&forbidden(&["letters"], &["crate::admin", "crate::cli", "axum", "reqwest"]));
    let doers =
        ["crate::ingress", "crate::intake", "crate::journal", "crate::delivery", "crate::admin", "axum", "hyper"];
    assert_none(&forbidden(&["watch"], &doers));
    assert_none(&forbidden(&["watch"], &["crate::clock", "tokio"]));
    assert_none(&forbidden(&["status"], &["crate::watch", "crate::ingress", "crate::delivery", "crate::admin"]));
    assert_none(&forbidden(&["capture"], &["crate::translate", "crate::ingress", "crate::delivery"]));
}

#[test]
fn no_stage_knows_the_configuration() {
    let stages: Vec<Source> = sources().into_iter().filter(|source| !KNOW_CONFIG.contains(&source.room())).collect();
    let rooms: Vec<&str> = stages.iter().map(Source::room).collect();
    assert_none(&forbidden(&rooms, &["crate::config"]));
}

/// Imports of a crate, and those called after it, outside the one place that may know it.
fn known_elsewhere(name: &str, place: &str) -> Vec<String> {
    let elsewhere = sources().into_iter().filter(|source| !source.path.starts_with(place));
    let of = |source: Source| {
        let imports = source.imports().into_iter().filter(|import| import.starts_with(name));
        imports.map(|import| format!("{} imports {import}", source.path)).collect::<Vec<_>>()
    };
    elsewhere.flat_map(of).collect()
}

#[test]
fn one_place_knows_open_telemetry() {
    assert_none(&known_elsewhere("opentelemetry", "src/telemetry/traces"));
}

#[test]
fn one_place_knows_nats() {
    assert_none(&known_elsewhere("async_nats", "src/journal/jetstream"));
}

#[test]
fn files_are_called_after_what_is_in_them() {
    let nameless = ["mod.rs", "utils.rs", "util.rs", "helpers.rs", "common.rs"];
    let called = |source: &Source| nameless.iter().any(|name| source.path.ends_with(&format!("/{name}")));
    let all = sources().into_iter().chain(source::tests());
    assert_none(&all.filter(called).map(|source| source.path).collect::<Vec<_>>());
}

#[test]
fn every_file_opens_with_its_doc() {
    let all = sources().into_iter().chain(source::tests());
    let without = all.filter(|source| !source.text.starts_with("//! "));
    assert_none(&without.map(|source| source.path).collect::<Vec<_>>());
}

#[test]
fn files_stay_short() {
    let lengths: Vec<(usize, String)> = sources().into_iter().map(|source| (source.lines(), source.path)).collect();
    let long = lengths.iter().filter(|(lines, _)| *lines > MAX_LINES);
    assert_none(&long.map(|(lines, path)| format!("{path} has {lines} lines")).collect::<Vec<_>>());
    let mut sorted: Vec<usize> = lengths.iter().map(|(lines, _)| *lines).collect();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().expect("there are files");
    assert!(median <= MEDIAN_LINES, "half of the files have more than {median} lines");
}

#[test]
fn imports_are_read_in_every_form() {
    let source = Source {
        path: "src/json/read.rs".to_owned(),
        text: "//! a tokio::spawn\nuse crate::{config::Config, event};\nuse std::{fmt, time::{Duration, SystemTime}};\n\
               fn now() { let _ = std::time::Instant::now(); let metrics = 1; }\n#[cfg(test)]\nmod tests { use tokio::spawn; }\n"
            .to_owned(),
    };
    let imports = source.imports();
    let has = |place: &str| imports.iter().any(|import| source::is_inside(import, place));
    for place in ["crate::config", "crate::event", "std::time::SystemTime", "std::time::Instant"] {
        assert!(has(place), "{place} in {imports:?}");
    }
    for place in ["tokio", "metrics", "crate::conf"] {
        assert!(!has(place), "{place} in {imports:?}");
    }
    assert_eq!((source.room(), source.lines()), ("json", 4));
}
