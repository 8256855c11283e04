//! What the documents have to name, the change log, and the example configuration.

use super::assert_none;
use super::source::sources;
use cutover::config::Config;
use cutover::telemetry::Outcome;
use cutover::translate::{LossCode, error_codes};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

pub(super) fn read(path: &str) -> Result<String, String> {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(whole).map_err(|error| format!("{path}: {error}"))
}

/// The words that a document does not name as code.
fn unnamed(document: &str, words: impl IntoIterator<Item = String>) -> Vec<String> {
    let text = match read(document) {
        Ok(text) => text,
        Err(reason) => return vec![reason],
    };
    let missing = words.into_iter().filter(|word| !text.contains(&format!("`{word}`")));
    missing.map(|word| format!("{document} does not name `{word}`")).collect()
}

fn loss_codes() -> impl Iterator<Item = String> {
    LossCode::ALL.into_iter().map(|code| code.label().to_owned())
}

#[test]
fn every_loss_is_documented() {
    assert_none(&[unnamed("docs/translation.md", loss_codes()), unnamed("docs/operating.md", loss_codes())].concat());
}

#[test]
fn every_outcome_of_a_webhook_is_documented() {
    let outcomes = Outcome::ALL.map(|outcome| outcome.label().to_owned());
    assert_none(&unnamed("docs/operating.md", outcomes));
}

/// The names of metrics that stand in it between quotes.
pub(super) fn metrics_in(text: &str) -> Vec<String> {
    let quoted = text.split('"').skip(1).step_by(2);
    let metric = |word: &&str| word.starts_with("cutover_") && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    quoted.filter(metric).map(str::to_owned).collect()
}

#[test]
fn every_metric_is_documented() {
    let telemetry = sources().into_iter().filter(|source| source.room() == "telemetry");
    let metrics: BTreeSet<String> = telemetry.flat_map(|source| metrics_in(&source.text)).collect();
    assert!(metrics.len() >= 5, "the metrics stand in src/telemetry.rs: {metrics:?}");
    assert_none(&unnamed("docs/operating.md", metrics));
}

#[test]
fn the_description_of_the_api_has_this_version() {
    let text = read("src/admin/openapi.json").expect("the repository has it");
    let described: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(described["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_change_log_has_a_heading_for_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let text = read("CHANGELOG.md").expect("the repository has a change log");
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
    let names = |line: &&&str| line.split([' ', '[', ']']).any(|word| word == version);
    assert!(headings.iter().any(|line| names(&line)), "no heading names {version}: {headings:?}");
}

/// Every variable that a configuration reads, so that it can be read here.
fn environment(text: &str) -> Vec<(String, String)> {
    let names = text.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(|name| (name.to_owned(), "a-secret-of-the-test".to_owned())).collect()
}

#[test]
fn the_example_configuration_is_a_good_one() {
    let path = "config/cutover.example.toml";
    let text = read(path).expect("the repository has an example configuration");
    if let Err(problems) = Config::parse(&text, environment(&text).into_iter()) {
        panic!("{path}: {problems}");
    }
}

/// What stands between two markers of a document.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(begin).expect("the document has the first marker");
    rest.split_once(end).expect("the document has the last marker").0.trim()
}

#[test]
fn the_table_of_error_codes_is_that_of_the_code() {
    let row = |row: &error_codes::Row| {
        let on_premises = error_codes::on_premises_title(row.on_premises).expect("a row has both titles");
        let cloud = error_codes::cloud_title(row.cloud).expect("a row has both titles");
        let (left, right) = (format!("{} {on_premises}", row.on_premises), format!("{} {cloud}", row.cloud));
        format!("| {left} | {right} | {} | {} |\n", row.direction, row.confidence)
    };
    let head = "| On-Premises | Cloud | direction | confidence |\n|---|---|---|---|\n";
    let table = format!("{head}{}", error_codes::rows().iter().map(row).collect::<String>());
    let document = read("docs/translation.md").expect("the field table is there");
    let printed = between(&document, "<!-- error-codes:begin -->", "<!-- error-codes:end -->");
    assert!(printed == table.trim(), "docs/translation.md has another table; it should be\n{table}");
}

#[test]
fn every_fixture_is_named_in_the_field_table_and_every_named_one_exists() {
    let document = read("docs/translation.md").expect("the field table is there");
    let mut named = BTreeSet::new();
    let mut in_cases = false;
    for line in document.lines() {
        let mut cells = line.trim_end_matches('|').split('|').map(str::trim);
        let last = cells.next_back().unwrap_or_default();
        in_cases = line.starts_with('|') && (in_cases || last == "Cases");
        if in_cases {
            named.extend(last.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = fs::read_dir(folder).expect("the fixtures are there");
    let there: BTreeSet<String> =
        entries.map(|entry| entry.expect("a readable entry").file_name().to_string_lossy().into_owned()).collect();
    let problems: Vec<String> = there
        .difference(&named)
        .map(|case| format!("docs/translation.md does not name the case {case}"))
        .chain(named.difference(&there).map(|case| format!("docs/translation.md names {case}, which is not there")))
        .collect();
    assert_none(&problems);
}
