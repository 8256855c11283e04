//! Every folder of `tests/fixtures`: one case each, the same events in both formats and as a snapshot
//! of the normalized ones. All failing cases are reported at once.
//!
//! `CUTOVER_BLESS=1 cargo test --test core fixtures` writes the snapshots anew.

mod case;

use crate::laws::{bounds, conservation, normalized, order, other, same_format};
use case::{Case, Direction};
use cutover::format::Format;
use cutover::json::{Node, Shape, compact, read, same};
use cutover::translate::{Loss, LossCode, translate};
use std::fs;

/// Where the snapshot of a case is.
const SNAPSHOT: &str = "normalized.ndjson";

/// The text of the normalized events of every case.
pub(crate) fn events() -> Vec<(String, Vec<String>)> {
    case::all().into_iter().map(|case| (case.name.clone(), snapshot(&case))).collect()
}

fn report(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints\n\n{}", complaints.len(), complaints.join("\n\n"));
}

#[test]
fn each_direction_gives_what_its_case_says() {
    let cases = case::all();
    assert!(cases.len() >= 130, "only {} cases were found", cases.len());
    let directions = cases.iter().flat_map(|case| case.directions.iter().map(move |direction| (case, direction)));
    let complaints: Vec<String> = directions.flat_map(|(case, direction)| compare(case, direction)).collect();
    report(&complaints);
}

fn compare(case: &Case, direction: &Direction) -> Vec<String> {
    let name = format!("{} to {}", case.name, direction.to);
    let from = Some(other(direction.to));
    let translation = match translate(direction.input.as_bytes(), from, direction.to, case.rules()) {
        Ok(translation) => translation,
        Err(reason) => return vec![format!("{name}: {reason}")],
    };
    let bodies = &translation.bodies;
    let mut complaints = Vec::new();
    if bodies.len() != direction.bodies.len() || bodies.iter().zip(&direction.bodies).any(|(a, b)| !same_text(a, b)) {
        complaints.push(differ(&name, "bodies", &direction.bodies, bodies));
    }
    let wanted: Vec<String> = direction.losses.iter().map(|loss| compact(loss)).collect();
    let found: Vec<String> = losses(&translation.losses, direction.with_envelope);
    let missing = |of: &[String], from: &[String]| of.iter().any(|a| !from.iter().any(|b| same_text(a, b)));
    if wanted.len() != found.len() || missing(&wanted, &found) || missing(&found, &wanted) {
        complaints.push(differ(&name, "losses", &wanted, &found));
    }
    complaints
}

fn differ(name: &str, what: &str, wanted: &[String], found: &[String]) -> String {
    let lines = |texts: &[String]| texts.iter().map(|text| compact(text)).collect::<Vec<_>>().join("\n  ");
    format!("{name}: {what}\nexpected\n  {}\nactual\n  {}", lines(wanted), lines(found))
}

fn same_text(a: &str, b: &str) -> bool {
    same(&node(a), &node(b))
}

fn node(text: &str) -> Node<'_> {
    read(text, &Shape::Leaf).unwrap_or_else(|reason| panic!("{reason}: {text}"))
}

/// As `losses.json` writes them.
fn losses(losses: &[Loss<'_>], with_envelope: bool) -> Vec<String> {
    let counted = losses.iter().filter(|loss| with_envelope || loss.code != LossCode::Envelope);
    let written = |loss: &Loss<'_>| {
        let value = loss.value.to_json();
        compact(&format!(r#"{{"path":"{}","code":"{}","value":{value}}}"#, loss.path, loss.code.label()))
    };
    counted.map(written).collect()
}

#[test]
fn every_case_keeps_the_laws() {
    let mut complaints = Vec::new();
    for case in case::all() {
        for (body, format) in case.bodies() {
            let found = [
                same_format::complaints(body),
                normalized::complaints(body),
                conservation::complaints(body, other(format)),
                order::complaints(body),
                bounds::complaints(body.as_bytes()),
            ];
            complaints.extend(found.concat().iter().map(|complaint| format!("{} ({format}): {complaint}", case.name)));
        }
    }
    report(&complaints);
}

fn snapshot(case: &Case) -> Vec<String> {
    let body = case.source();
    let translation = translate(body.as_bytes(), None, Format::Normalized, case.rules());
    let translation = translation.unwrap_or_else(|reason| panic!("{}: {reason}", case.name));
    translation.bodies.iter().map(|event| compact(event)).collect()
}

#[test]
fn normalized_events_are_those_of_the_snapshots() {
    let bless = std::env::var_os("CUTOVER_BLESS").is_some_and(|value| value == "1");
    let mut complaints = Vec::new();
    for case in case::all() {
        let path = case.folder.join(SNAPSHOT);
        let found = snapshot(&case);
        if bless {
            fs::write(&path, found.join("\n") + "\n").unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        match fs::read_to_string(&path) {
            Ok(text) if text.lines().eq(found.iter().map(String::as_str)) => {}
            Ok(text) => {
                let wanted: Vec<String> = text.lines().map(str::to_owned).collect();
                complaints.push(differ(&case.name, SNAPSHOT, &wanted, &found));
            }
            Err(error) => complaints.push(format!("{}: {SNAPSHOT}: {error}", case.name)),
        }
    }
    report(&complaints);
}
