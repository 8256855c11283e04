//! The published schema of the normalized event, against every event of the fixtures and the corpus,
//! and against broken ones.

use crate::translation::say;
use crate::{corpus, fixtures};
use cutover::format::Format;
use cutover::format::normalized::SCHEMA;
use jsonschema::Validator;
use serde_json::{Value, json};

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

fn validator() -> Validator {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema()).unwrap_or_else(|error| panic!("the schema is none: {error}"))
}

/// An event as serde_json can hold it: half a character, which it cannot, gives way to U+FFFD.
fn value(event: &str) -> Value {
    let mut whole = String::with_capacity(event.len());
    let mut characters = event.chars();
    while let Some(character) = characters.next() {
        whole.push(character);
        if character != '\\' {
            continue;
        }
        let escape: String = characters.by_ref().take(1).collect();
        let digits: String = if escape == "u" { characters.by_ref().take(4).collect() } else { String::new() };
        let surrogate = u32::from_str_radix(&digits, 16).is_ok_and(|unit| (0xd800..0xe000).contains(&unit));
        whole.push_str(&escape);
        whole.push_str(if surrogate { "fffd" } else { &digits });
    }
    serde_json::from_str(&whole).unwrap_or_else(|error| panic!("{error}: {whole}"))
}

fn complaints<'e>(events: impl Iterator<Item = (&'e str, &'e str)>) -> Vec<String> {
    let validator = validator();
    let mut complaints = Vec::new();
    for (source, event) in events {
        let value = value(event);
        let errors = validator.iter_errors(&value);
        complaints.extend(errors.map(|error| format!("{source}: {error} at {}\n  {event}", error.instance_path())));
    }
    complaints
}

fn report(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints\n\n{}", complaints.len(), complaints.join("\n\n"));
}

#[test]
fn the_schema_says_what_it_is_and_what_it_demands() {
    let schema = schema();
    assert_eq!(schema.get("$schema"), Some(&json!("https://json-schema.org/draft/2020-12/schema")));
    assert!(schema.get("$id").is_some_and(Value::is_string), "a published schema has an $id");
    let required = schema.get("required").and_then(Value::as_array).expect("required members are listed");
    for member in ["specversion", "id", "source", "type", "data"] {
        assert!(required.contains(&json!(member)), "{member} is not required");
    }
}

#[test]
fn it_takes_every_event_of_the_fixtures() {
    let cases = fixtures::events();
    let events =
        cases.iter().flat_map(|(case, events)| events.iter().map(move |event| (case.as_str(), event.as_str())));
    report(&complaints(events));
}

#[test]
fn it_takes_every_event_of_the_corpus() {
    let Some(payloads) = corpus::payloads("it_takes_every_event_of_the_corpus") else { return };
    let readable = payloads.iter().filter(|payload| payload.is_whole());
    let said: Vec<(&str, Vec<String>)> =
        readable.map(|payload| (payload.name.as_str(), say(&payload.text, Format::Normalized).texts)).collect();
    report(&complaints(said.iter().flat_map(|(name, events)| events.iter().map(move |event| (*name, event.as_str())))));
}

/// A sound event of a message.
fn sound() -> Value {
    let body = r#"{"messages":[{"from":"15550102001","id":"wamid.m1","timestamp":"1764000001","type":"text","text":{"body":"hello"}}]}"#;
    let said = say(body, Format::Normalized);
    value(said.texts.first().expect("a message is an event"))
}

fn is_refused(event: &Value) -> bool {
    !validator().is_valid(event)
}

#[test]
fn it_refuses_an_event_without_what_it_demands() {
    assert!(!is_refused(&sound()), "the sound event is taken");
    for member in ["specversion", "id", "source", "type", "data"] {
        let mut event = sound();
        event.as_object_mut().expect("an event is an object").remove(member);
        assert!(is_refused(&event), "without {member}");
    }
    let mut event = sound();
    event["data"].as_object_mut().expect("data is an object").remove("platform");
    assert!(is_refused(&event), "without data.platform");
}

#[test]
fn it_refuses_an_event_with_wrong_values() {
    let wrong = [
        ("/specversion", json!("0.3")),
        ("/type", json!("whatsapp.nonsense")),
        ("/type", json!(7)),
        ("/id", json!(7)),
        ("/id", json!("")),
        ("/source", json!(null)),
        ("/time", json!("yesterday")),
        ("/data", json!("hello")),
        ("/data/platform", json!("telegram")),
        ("/data/direction", json!("sideways")),
        ("/data/message", json!("hello")),
        ("/data/user", json!(["15550102001"])),
    ];
    let taken = wrong.iter().filter(|(pointer, value)| {
        let mut event = sound();
        *event.pointer_mut(pointer).unwrap_or_else(|| panic!("a sound event has {pointer}")) = value.clone();
        !is_refused(&event)
    });
    let taken: Vec<String> = taken.map(|(pointer, value)| format!("{pointer} = {value}")).collect();
    assert!(taken.is_empty(), "the schema takes {taken:?}");
}
