//! The law: a redacted body has the structure, the words and the codes it had, and translates by the
//! same rows with the same losses.

use super::redacted;
use crate::corpus;
use crate::generate::{self, Manners};
use crate::laws::config;
use crate::translation::{Said, say};
use crate::tree::{Leaf, Tree};
use cutover::format::{Document, Format};
use cutover::translate::LossCode;
use proptest::prelude::*;

/// Members whose values are words of the platforms, and those that hold a time.
const WORDS: [&str; 7] = ["object", "field", "messaging_product", "type", "status", "code", "direction"];
const TIMES: [&str; 3] = ["timestamp", "created_timestamp", "time"];

/// What `after` has otherwise than `before` that no pseudonym explains.
fn differences(before: &Tree, after: &Tree) -> Vec<String> {
    let (before, after) = (before.leaves(), after.leaves());
    if before.len() != after.len() {
        return vec![format!("{} leaves became {}", before.len(), after.len())];
    }
    let differs = |(before, after): &(Leaf, Leaf)| before.steps != after.steps || !explained(before, after);
    let pairs = before.into_iter().zip(after).filter(differs);
    pairs.map(|(before, after)| format!("{before:?} became {after:?}")).collect()
}

fn explained(before: &Leaf, after: &Leaf) -> bool {
    let kind = |literal: &str| match literal.as_bytes() {
        [b'"', ..] => "string".to_owned(),
        [b'-' | b'0'..=b'9', ..] => "number".to_owned(),
        _ => literal.to_owned(),
    };
    let route = before.route();
    let key = route.last().copied().unwrap_or_default();
    let text = before.literal.trim_matches('"');
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_code = !text.is_empty() && text.len() < 7 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = text.len() == 10 && text.starts_with("17") && text.bytes().all(|byte| byte.is_ascii_digit());
    // Among a user's own words there is no word of the platform's.
    let kept = WORDS.contains(&key) && (is_word || is_code) || TIMES.contains(&key) && is_time;
    let stays = kept && !route.iter().any(|key| matches!(*key, "phones" | "emails" | "addresses" | "urls"));
    kind(&before.literal) == kind(&after.literal)
        && (before.literal == "\"\"") == (after.literal == "\"\"")
        && (!stays || before.literal == after.literal || key == "code" && !route.contains(&"errors"))
}

fn losses(said: &Said) -> Vec<(LossCode, &str)> {
    said.losses.iter().map(|lost| (lost.code, lost.pointer.as_str())).collect()
}

/// What the law has to say of a body.
fn complaints(body: &str) -> Vec<String> {
    let other = redacted(body);
    let mut complaints = differences(&Tree::read(body), &Tree::read(&other));
    let format = |text: &str| Document::read(text.as_bytes(), None).ok().map(|document| document.format());
    if format(body) != format(&other) {
        return vec![format!("another format: {other}")];
    }
    for to in [Format::Cloud, Format::OnPremises, Format::Normalized] {
        let (before, after) = (say(body, to), say(&other, to));
        if losses(&before) != losses(&after) {
            complaints.push(format!("losses to {to}: {:?} became {:?}", losses(&before), losses(&after)));
        }
        if before.bodies.len() != after.bodies.len() {
            complaints.push(format!("{} bodies in {to} became {}", before.bodies.len(), after.bodies.len()));
        }
        for (before, after) in before.bodies.iter().zip(&after.bodies) {
            complaints.extend(differences(before, after).into_iter().map(|said| format!("to {to}: {said}")));
        }
    }
    if !complaints.is_empty() {
        complaints.push(format!("{body}\n{other}"));
    }
    complaints
}

fn holds(body: &str) -> Result<(), TestCaseError> {
    let complaints = complaints(body);
    if complaints.is_empty() { Ok(()) } else { Err(TestCaseError::fail(complaints.join("\n"))) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_redacted_cloud_body_translates_as_it_did(body in generate::cloud(Manners::Wild)) {
        holds(&body)?;
    }

    #[test]
    fn a_redacted_flat_body_translates_as_it_did(body in generate::flat(Manners::Wild)) {
        holds(&body)?;
    }

    #[test]
    fn any_json_keeps_its_structure(json in generate::json()) {
        let other = redacted(&json);
        let (before, after) = (Tree::read(&json).leaves(), Tree::read(&other).leaves());
        let steps = |leaves: Vec<Leaf>| leaves.into_iter().map(|leaf| leaf.steps).collect::<Vec<_>>();
        prop_assert_eq!(steps(before), steps(after));
    }
}

#[test]
fn the_fixtures_translate_as_they_did() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut all = Vec::new();
    for case in std::fs::read_dir(folder).expect("the fixtures are there") {
        for file in ["cloud.json", "on_premises.json"] {
            let path = case.as_ref().expect("a readable entry").path().join(file);
            if let Ok(text) = std::fs::read_to_string(&path) {
                all.extend(complaints(&text).into_iter().map(|said| format!("{}: {said}", path.display())));
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn collected_payloads_translate_as_they_did() {
    let Some(payloads) = corpus::payloads("collected_payloads_translate_as_they_did") else { return };
    let whole = payloads.iter().filter(|payload| payload.is_whole());
    let named = |payload: &corpus::Payload| -> Vec<String> {
        complaints(&payload.text).into_iter().map(|said| format!("{}: {said}", payload.name)).collect()
    };
    let all: Vec<String> = whole.flat_map(named).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}
