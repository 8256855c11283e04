//! Law 7: any input is answered without a panic, and no answer is larger than a small multiple of its
//! input: [`TIMES`] for what is carried, and an envelope for each thing that may get one of its own.

use crate::translation::rules;
use cutover::format::{Format, Unreadable};
use cutover::json::{MAX_DEPTH, Malformed};
use cutover::translate::translate;
use std::time::{Duration, Instant};

/// How often a byte may be repeated: in an event, as it was received, and beside its contact.
const TIMES: usize = 8;
/// What an item may get around it: an envelope, an error, or the words of an event.
const AROUND: usize = 900;

/// A member that nobody would call small.
const BLOB: usize = 50_000;

const FORMATS: [Format; 3] = [Format::Cloud, Format::OnPremises, Format::Normalized];

/// What the law has to complain about.
pub(crate) fn complaints(bytes: &[u8]) -> Vec<String> {
    // Each item but the first is preceded by a comma.
    let items = 1 + bytes.iter().filter(|byte| **byte == b',').count();
    let bound = TIMES * bytes.len() + AROUND * items;
    let answers = FORMATS.iter().filter_map(|to| Some((to, translate(bytes, None, *to, rules()).ok()?)));
    let sizes = answers.map(|(to, said)| {
        let losses = said.losses.iter().map(|loss| loss.path.len() + loss.value.to_json().len());
        (to, losses.chain(said.bodies.iter().map(String::len)).sum::<usize>())
    });
    let beyond = sizes.filter(|(_, size)| *size > bound);
    beyond.map(|(to, size)| format!("{} bytes became {size} to {to}, more than {bound}", bytes.len())).collect()
}

fn assert_bounded(body: &str) {
    let complaints = complaints(body.as_bytes());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn repeated(item: &str, times: usize) -> String {
    vec![item; times].join(",")
}

#[test]
fn a_large_root_is_not_copied_into_each_of_many_bodies() {
    let root: Vec<String> = (0..500).map(|index| format!("\"zz{index}\":0")).collect();
    let changes = repeated(r#"{"value":{"errors":[0]}}"#, 500);
    assert_bounded(&format!(r#"{{{},"entry":[{{"changes":[{changes}]}}]}}"#, root.join(",")));
}

#[test]
fn a_large_envelope_is_not_copied_into_each_of_many_events() {
    let blob = "x".repeat(BLOB);
    let errors = repeated("{}", 300);
    for holder in ["metadata", "messaging_product"] {
        assert_bounded(&format!(
            r#"{{"entry":[{{"changes":[{{"value":{{"{holder}":"{blob}","errors":[{errors}]}}}}]}}]}}"#
        ));
    }
    assert_bounded(&format!(r#"{{"entry":[{{"id":"{blob}","changes":[{{"value":{{"errors":[{errors}]}}}}]}}]}}"#));
    assert_bounded(&format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{blob}","changes":[{errors}]}}]}}"#
    ));
}

#[test]
fn a_large_contact_is_not_copied_into_each_of_many_events() {
    let blob = "x".repeat(BLOB);
    let messages = repeated(r#"{"from":"1"}"#, 300);
    assert_bounded(&format!(r#"{{"contacts":[{{"wa_id":"1","name":"{blob}"}}],"messages":[{messages}]}}"#));
}

#[test]
fn a_large_user_id_of_the_lone_contact_is_not_copied_into_each_message() {
    let blob = "x".repeat(BLOB);
    let messages = repeated("{}", 300);
    let value = format!(r#"{{"contacts":[{{"user_id":"{blob}"}}],"messages":[{messages}]}}"#);
    assert_bounded(&format!(r#"{{"entry":[{{"changes":[{{"value":{value}}}]}}]}}"#));
}

/// Far more than a body of this size takes, and far less than the square of it.
const PATIENCE: Duration = Duration::from_secs(3);

#[test]
fn time_does_not_grow_with_the_square_of_a_list() {
    let each = |print: fn(usize) -> String| (0..5_000).map(print).collect::<Vec<_>>().join(",");
    let senders = each(|index| format!(r#"{{"from":"{index}"}}"#));
    let contacts = each(|index| format!(r#"{{"wa_id":"{index}"}}"#));
    let members = each(|index| format!(r#""zz{index}":0"#));
    for (name, body) in [
        ("distinct senders", format!(r#"{{"messages":[{senders}]}}"#)),
        ("distinct senders with contacts", format!(r#"{{"contacts":[{contacts}],"messages":[{senders}]}}"#)),
        ("members of the root", format!(r#"{{{members},"entry":[{{"changes":[{{"value":{{"errors":[0]}}}}]}}]}}"#)),
    ] {
        let begun = Instant::now();
        let complaints = complaints(body.as_bytes());
        assert!(begun.elapsed() < PATIENCE, "5000 {name} took {:?}", begun.elapsed());
        assert!(complaints.is_empty(), "{name}: {}", complaints.join("\n"));
    }
}

#[test]
fn nesting_deeper_than_the_bound_is_refused_wherever_it_stands() {
    for levels in [2 * MAX_DEPTH, 50_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}0{}", open.repeat(levels), close.repeat(levels));
            for body in [
                deep.clone(),
                format!(r#"{{"messages":[{deep}]}}"#),
                format!(r#"{{"messages":[{{"text":{deep}}}]}}"#),
                format!(r#"{{"entry":[{{"changes":[{{"value":{deep}}}]}}]}}"#),
                format!(r#"{{"zz":{deep},"statuses":[]}}"#),
            ] {
                for to in FORMATS {
                    let refused = translate(body.as_bytes(), None, to, rules()).err();
                    assert_eq!(refused, Some(Unreadable::Malformed(Malformed::TooDeep)), "{levels} levels to {to}");
                }
            }
        }
    }
}
