//! The crosswalk of error codes, read a second time and reached through whole bodies: every row, in
//! each place where an error can stand, both ways. Also the source of codes for the generators.

use crate::translation::say;
use crate::tree::Tree;
use cutover::format::Format;
use std::sync::LazyLock;

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) on_premises: u32,
    pub(crate) on_premises_title: &'static str,
    pub(crate) cloud: u32,
    pub(crate) cloud_title: &'static str,
    direction: &'static str,
}

/// All lines, the stronger pairs first.
pub(crate) static CROSSWALK: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let lines = include_str!("../../src/translate/error_codes.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.map(row).collect()
});

fn row(line: &'static str) -> Row {
    let columns: Vec<&str> = line.split('\t').collect();
    let [on_premises, on_premises_title, cloud, cloud_title, direction, _confidence] = columns[..] else {
        panic!("six columns: {line}");
    };
    assert!(["both", "c2o", "o2c"].contains(&direction), "{line}");
    let code = |text: &str| text.parse().expect("a code is a number");
    Row { on_premises: code(on_premises), on_premises_title, cloud: code(cloud), cloud_title, direction }
}

/// Where an error can stand.
const PLACES: [&str; 3] = ["messages", "statuses", "errors"];

fn cloud_code_family(code: u32) -> u32 {
    if (200..300).contains(&code) { 200 } else { code }
}

/// What a code of a Cloud body is in a flat one, by the words of `docs/translation.md`.
fn down(code: u32, place: &str) -> Option<u32> {
    if CROSSWALK.iter().any(|row| row.on_premises == code) {
        return Some(if code == 1000 && place == "statuses" { 500 } else { code });
    }
    let wanted = cloud_code_family(code);
    let row = CROSSWALK.iter().find(|row| row.cloud == wanted && row.direction != "o2c")?;
    match (row.on_premises, place) {
        (500 | 1000, "statuses") => Some(500),
        (500 | 1000, _) => Some(1000),
        (code, _) => Some(code),
    }
}

/// What a code of a flat body is in a Cloud one.
fn up(code: u32) -> Option<u32> {
    if CROSSWALK.iter().any(|row| row.cloud == cloud_code_family(code)) {
        return Some(code);
    }
    CROSSWALK.iter().find(|row| row.on_premises == code && row.direction != "c2o").map(|row| row.cloud)
}

/// Whether a title is one that a table gives to this code.
pub(crate) fn is_title_of(code: &str, title: &str) -> bool {
    let Ok(code) = code.parse() else { return false };
    let titles =
        CROSSWALK.iter().flat_map(|row| [(row.on_premises, row.on_premises_title), (row.cloud, row.cloud_title)]);
    titles.into_iter().any(|(of, text)| of == cloud_code_family(code) && text == title)
}

/// What a code may become on the other side, wherever it stands; the generic code where it has none.
pub(crate) fn counterparts(code: &str, to: Format) -> Vec<u32> {
    let code = code.parse().unwrap_or(u32::MAX);
    match to {
        Format::OnPremises => PLACES.iter().filter_map(|place| down(code, place)).chain([500, 1000]).collect(),
        Format::Cloud | Format::Normalized => up(code).into_iter().chain([131_000, 131_026]).collect(),
    }
}

fn title(code: u32) -> &'static str {
    let on_premises = CROSSWALK.iter().find(|row| row.on_premises == code).map(|row| row.on_premises_title);
    let cloud = || CROSSWALK.iter().find(|row| row.cloud == cloud_code_family(code)).map(|row| row.cloud_title);
    on_premises.or_else(cloud).expect("every target is in the table")
}

/// A body with this error in that place.
fn body(error: &str, place: &str, format: Format) -> String {
    let value = match place {
        "messages" => format!(r#"{{"messages":[{{"from":"1","id":"m","type":"text","errors":[{error}]}}]}}"#),
        "statuses" => {
            format!(r#"{{"statuses":[{{"recipient_id":"1","id":"s","status":"failed","errors":[{error}]}}]}}"#)
        }
        _ => format!(r#"{{"errors":[{error}]}}"#),
    };
    match format {
        Format::Cloud => format!(r#"{{"entry":[{{"id":"1","changes":[{{"field":"messages","value":{value}}}]}}]}}"#),
        Format::OnPremises | Format::Normalized => value,
    }
}

/// The error that stands in that place of the only body, and whether its code was lost.
fn translated(error: &str, place: &str, from: Format, to: Format) -> (Tree, bool) {
    let said = say(&body(error, place, from), to);
    let [body] = said.bodies.as_slice() else { panic!("one body: {said:?}") };
    let holder = match to {
        Format::Cloud => body.at("/entry/0/changes/0/value").expect("a change"),
        Format::OnPremises | Format::Normalized => body,
    };
    let list = if place == "errors" { "/errors/0".to_owned() } else { format!("/{place}/0/errors/0") };
    let lost = said.losses.iter().any(|loss| loss.code.label() == "error_code");
    (holder.at(&list).expect("the error is where it was").clone(), lost)
}

fn check(code: u32, expected: Option<u32>, generic: u32, place: &str, from: Format, to: Format) {
    for quote in ["", "\""] {
        let context = format!("{quote}{code}{quote} in {place} to {to}");
        let (error, lost) = translated(&format!(r#"{{"code":{quote}{code}{quote}}}"#), place, from, to);
        let wanted = expected.unwrap_or(generic);
        let literal = format!("{quote}{wanted}{quote}");
        assert_eq!(error.get("code").and_then(Tree::literal), Some(literal.as_str()), "{context}");
        assert_eq!(error.get("title").and_then(Tree::string), Some(title(wanted)), "{context}");
        assert_eq!(lost, expected.is_none(), "a changed code is a loss only after a fallback: {context}");
    }
}

fn check_down(code: u32) {
    for place in PLACES {
        let generic = if place == "statuses" { 500 } else { 1000 };
        check(code, down(code, place), generic, place, Format::Cloud, Format::OnPremises);
    }
}

fn check_up(code: u32) {
    for place in PLACES {
        check(code, up(code), 131_000, place, Format::OnPremises, Format::Cloud);
    }
}

#[test]
fn every_row_is_reached_in_every_place_both_ways() {
    assert!(CROSSWALK.len() > 90, "the table was not read: {} rows", CROSSWALK.len());
    for row in CROSSWALK.iter() {
        check_down(row.cloud);
        check_up(row.on_premises);
    }
}

#[test]
fn a_code_of_the_target_side_is_kept() {
    for row in CROSSWALK.iter() {
        check_down(row.on_premises);
        check_up(row.cloud);
    }
}

#[test]
fn codes_that_nobody_knows_become_the_generic_error() {
    for code in [7, 99, 300, 555, 131_099, 999_999, u32::MAX] {
        check_down(code);
        check_up(code);
    }
}

#[test]
fn the_permission_range_is_one_row() {
    for code in [200, 201, 250, 299] {
        assert_eq!(down(code, "errors"), Some(1005));
        check_down(code);
    }
}

#[test]
fn a_resource_not_found_that_speaks_of_a_contact_is_an_undeliverable_message() {
    for place in PLACES {
        let of = |details: &str| {
            let error = format!(r#"{{"code":1006,"title":"Resource not found","details":"{details}"}}"#);
            translated(&error, place, Format::OnPremises, Format::Cloud).0
        };
        assert_eq!(of("unknown contact").get("code").and_then(Tree::literal), Some("131026"), "{place}");
        assert_eq!(of("media not found").get("code").and_then(Tree::literal), Some("131006"), "{place}");
    }
}

#[test]
fn the_table_agrees_with_the_library_s_own_reading() {
    let own = cutover::translate::error_codes::rows();
    let pairs: Vec<(u32, u32, &str)> =
        CROSSWALK.iter().map(|row| (row.on_premises, row.cloud, row.direction)).collect();
    assert_eq!(own.iter().map(|row| (row.on_premises, row.cloud, row.direction)).collect::<Vec<_>>(), pairs);
    let known = |code: u32| CROSSWALK.iter().any(|row| row.on_premises == code);
    assert!(CROSSWALK.iter().all(|row| !known(row.cloud)), "the two sets of codes are disjoint");
}
