//! Files: one document, or one a line, by name or by what stands in it.

use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::command::{Folder, Outcome, run, run_on};
use serde_json::Value;

fn message_ids(outcome: Outcome) -> Vec<String> {
    let id = |line: &str| {
        let body: Value = serde_json::from_str(line).expect("JSON");
        body.pointer("/messages/0/id").and_then(Value::as_str).expect("an id").to_owned()
    };
    outcome.clean().lines().map(id).collect()
}

fn body(id: &str) -> String {
    cloud_text(SUPPORT).replace("wamid.a", id)
}

#[test]
fn a_document_a_line_told_by_name_or_content() {
    let lines = format!("{}\n\n{}\r\n   \n{}", body("1"), body("2"), body("3"));
    let folder = Folder::new();
    for name in ["capture.ndjson", "capture.jsonl", "capture.json", "capture"] {
        let file = folder.write(name, &lines);
        assert_eq!(message_ids(run(&["translate", "--to", "onprem", &file])), ["1", "2", "3"], "{name}");
    }
    assert_eq!(message_ids(run_on(&["translate", "--to", "onprem"], &lines)), ["1", "2", "3"]);
}

#[test]
fn one_document_over_many_lines() {
    let value: Value = serde_json::from_str(&body("1")).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert!(pretty.lines().count() > 10);
    for text in [pretty.clone(), format!("\n\n{pretty}\n\n"), pretty.replace('\n', "\r\n")] {
        assert_eq!(message_ids(run_on(&["translate", "--to", "onprem"], &text)), ["1"]);
    }
}

#[test]
fn several_files_keep_the_order_of_the_arguments() {
    let folder = Folder::new();
    let one = folder.write("one.json", body("1"));
    let many = folder.write("many.ndjson", format!("{}\n{}\n", body("2"), body("3")));
    let flat = folder.write("flat.json", flat_text());
    let outcome = run(&["translate", "--to", "onprem", &many, &flat, &one, &many]);
    assert_eq!(message_ids(outcome), ["2", "3", "ABGG", "1", "2", "3"]);
}

/// Blocks of the input are worked on by all cores at once; the output is in order all the same.
#[test]
fn thousands_of_documents_come_out_in_order() {
    const COUNT: usize = 20_000;
    let lines: String = (0..COUNT).map(|id| format!("{}\n", body(&format!("id-{id}")))).collect();
    let found = message_ids(run_on(&["translate", "--to", "onprem"], &lines));
    let expected: Vec<String> = (0..COUNT).map(|id| format!("id-{id}")).collect();
    assert!(found == expected, "{} lines, or out of order", found.len());
}

#[test]
fn one_large_document_beside_small_ones() {
    let large = body("large").replace("hi", &"x".repeat(3_000_000));
    let lines = format!("{}\n{large}\n{}\n", body("1"), body("2"));
    assert_eq!(message_ids(run_on(&["translate", "--to", "onprem"], &lines)), ["1", "large", "2"]);
}
