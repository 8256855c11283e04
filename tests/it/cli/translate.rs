//! `translate`: what comes out, one JSON document a line.

use super::fixtures;
use crate::support::bodies::{
    SALES, SUPPORT, cloud, cloud_of, cloud_text, contact, entry, flat_text, messages_of, status, template_event, text,
};
use crate::support::command::{Folder, run, run_on};
use serde_json::{Value, json};

const ADA: &str = "15550102001";

fn json(line: &str) -> Value {
    serde_json::from_str(line).expect("a JSON document a line")
}

#[test]
fn the_input_is_standard_input_unless_files_are_named() {
    let named = Folder::new().write("body.json", "gone with the folder");
    assert!(!std::path::Path::new(&named).exists());
    let folder = Folder::new();
    let file = folder.write("body.json", cloud_text(SUPPORT));
    let expected = run_on(&["translate", "--to", "onprem"], &cloud_text(SUPPORT)).clean();
    assert_eq!(json(&expected), json(&flat_text().replace("ABGG", "wamid.a")));
    assert_eq!(run_on(&["translate", "--to", "onprem", "-"], &cloud_text(SUPPORT)).clean(), expected);
    assert_eq!(run(&["translate", "--to", "onprem", &file]).clean(), expected);
    let mixed = run_on(&["translate", "--to", "onprem", &file, "-", &file], &cloud_text(SUPPORT)).clean();
    assert_eq!(mixed, expected.repeat(3));
}

#[test]
fn push_to_talk_changes_its_name() {
    let body = std::fs::read_to_string(crate::support::command::repository("tests/fixtures/message_voice/cloud.json"));
    let output = run_on(&["translate", "--to", "onprem"], &body.unwrap()).clean();
    assert_eq!(json(&output).pointer("/messages/0/type"), Some(&json!("voice")));
    assert_eq!(output.lines().count(), 1, "a pretty-printed document becomes one line");
}

#[test]
fn to_onprem_each_number_is_a_line_and_messages_and_statuses_never_share_one() {
    let members = |id: &str| json!({"messages": [text(ADA, id, "x")], "statuses": [status(ADA, id, "read")]});
    let body =
        cloud_of(&[entry(SUPPORT.account, &[messages_of(SUPPORT, &members("a")), messages_of(SALES, &members("b"))])]);
    let outcome = run_on(&["translate", "--to", "onprem"], &body);
    let shapes: Vec<(bool, bool, bool)> = outcome
        .lines()
        .iter()
        .map(|line| (line.contains("\"messages\""), line.contains("\"statuses\""), line.contains("\"a\"")))
        .collect();
    assert_eq!(shapes, [(true, false, true), (false, true, true), (true, false, false), (false, true, false)]);
    outcome.clean();
}

#[test]
fn to_cloud_the_number_is_the_configured_one_or_zero() {
    let folder = Folder::new();
    let consumer = "[[consumer]]\nname = \"crm\"\nurl = \"http://127.0.0.1:1/\"\nformat = \"onprem\"\n";
    let config = folder.write("cutover.toml", format!("{consumer}{}", SUPPORT.section("support", "\"crm\"")));
    let without = json(&run_on(&["translate", "--to", "cloud"], &flat_text()).clean());
    let with = json(&run_on(&["translate", "--to", "cloud", "--config", &config], &flat_text()).clean());
    for (body, account, id, phone) in [(without, "0", "0", "0"), (with, SUPPORT.account, SUPPORT.id, SUPPORT.phone)] {
        assert_eq!(body.pointer("/entry/0/id"), Some(&json!(account)));
        let metadata = body.pointer("/entry/0/changes/0/value/metadata");
        assert_eq!(metadata, Some(&json!({"display_phone_number": phone, "phone_number_id": id})));
    }
}

#[test]
fn to_cloud_one_body_is_a_line() {
    let body = json!({"contacts": [contact(ADA, "Ada")], "messages": [text(ADA, "a", "1"), text(ADA, "b", "2")]});
    let output = run_on(&["translate", "--to", "cloud"], &body.to_string()).clean();
    assert_eq!(output.lines().count(), 1);
    assert_eq!(json(&output).pointer("/entry/0/changes/0/value/messages/1/id"), Some(&json!("b")));
}

#[test]
fn to_normalized_each_event_is_a_line() {
    let members =
        json!({"messages": [text(ADA, "a", "1"), text(ADA, "b", "2")], "statuses": [status(ADA, "c", "read")]});
    let output = run_on(&["translate", "--to", "normalized"], &cloud(SUPPORT, &members)).clean();
    let types: Vec<Value> = output.lines().map(|line| json(line)["type"].clone()).collect();
    assert_eq!(types, ["whatsapp.message", "whatsapp.message", "whatsapp.status"]);
}

#[test]
fn what_is_in_the_format_already_stays_what_it_is() {
    for (format, body) in [("onprem", flat_text()), ("cloud", cloud_text(SUPPORT)), ("cloud", template_event("1"))] {
        assert_eq!(json(&run_on(&["translate", "--to", format], &body).clean()), json(&body));
    }
}

/// Success with nothing to say: an event without a counterpart is no error.
#[test]
fn what_has_no_counterpart_is_no_line() {
    let outcome = run_on(&["translate", "--to", "onprem"], &template_event(SUPPORT.account));
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (Some(0), "", ""));
}

/// The fixtures' own expectations are checked elsewhere; here, that the command takes all of them.
#[test]
fn every_fixture_goes_through() {
    for (file, to) in [("cloud.json", "onprem"), ("on_premises.json", "cloud")] {
        let files = fixtures(file);
        let mut arguments = vec!["translate", "--to", to];
        arguments.extend(files.iter().map(|path| path.to_str().expect("a path of ours is text")));
        run(&arguments).clean().lines().for_each(|line| assert!(json(line).is_object()));
    }
}
