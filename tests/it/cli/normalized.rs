//! To the normalized event and back, and the schema that it promises to keep.

use super::fixtures;
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::command::{run, run_on};
use serde_json::Value;

fn translate(arguments: &[&str], input: &str) -> String {
    let arguments: Vec<&str> = ["translate"].iter().chain(arguments).copied().collect();
    run_on(&arguments, input).clean()
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).expect("a JSON document a line")
}

/// All fixtures as normalized events.
fn events(file: &str) -> String {
    let files = fixtures(file);
    let mut arguments = vec!["translate", "--to", "normalized"];
    arguments.extend(files.iter().map(|path| path.to_str().expect("a path of ours is text")));
    run(&arguments).clean()
}

#[test]
fn a_body_comes_back_as_it_was() {
    for (format, body) in [("cloud", cloud_text(SUPPORT)), ("onprem", flat_text())] {
        let event = translate(&["--to", "normalized"], &body);
        assert_eq!(json(&translate(&["--from", "normalized", "--to", format], &event)), json(&body));
    }
}

#[test]
fn or_in_the_other_format_as_if_it_had_gone_there_directly() {
    for (format, body) in [("onprem", cloud_text(SUPPORT)), ("cloud", flat_text())] {
        let event = translate(&["--to", "normalized"], &body);
        assert_eq!(json(&translate(&["--to", format], &event)), json(&translate(&["--to", format], &body)));
    }
}

/// The bodies may be cut otherwise than they came; their events are the same.
#[test]
fn the_events_of_every_fixture_survive_the_way_there_and_back() {
    for (file, format) in [("cloud.json", "cloud"), ("on_premises.json", "onprem")] {
        let there = events(file);
        let back = translate(&["--from", "normalized", "--to", format], &there);
        let again = translate(&["--to", "normalized"], &back);
        let without_id = |text: &str| {
            let mut events: Vec<Value> = text.lines().map(json).collect();
            for event in &mut events {
                event.as_object_mut().unwrap().remove("id");
            }
            events
        };
        let (there, again) = (without_id(&there), without_id(&again));
        assert_eq!(there.len(), again.len());
        for (index, (before, after)) in there.iter().zip(&again).enumerate() {
            assert_eq!(before, after, "event {index} of {file}");
        }
    }
}

#[test]
fn every_event_keeps_to_the_published_schema() {
    let schema: Value = serde_json::from_str(&run(&["schema"]).clean()).expect("a JSON Schema");
    assert!(schema["$schema"].as_str().is_some_and(|draft| draft.contains("2020-12")));
    let validator = jsonschema::validator_for(&schema).expect("a schema that is one");
    for file in ["cloud.json", "on_premises.json"] {
        for line in events(file).lines() {
            let event = json(line);
            let errors: Vec<String> = validator.iter_errors(&event).map(|error| error.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{line}");
        }
    }
    assert!(!validator.is_valid(&json(&cloud_text(SUPPORT))));
}
