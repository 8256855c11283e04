//! What cannot be translated is named with file, line and reason; the rest is translated all the same.

use crate::support::bodies::{SUPPORT, cloud_text, flat_text, template_event};
use crate::support::command::{Folder, run, run_on};

#[test]
fn each_error_names_its_file_and_line_and_the_rest_is_translated() {
    let folder = Folder::new();
    let lines = format!(
        "{}\n{{\"broken\n\n[]\n{}\n{{\"object\":\"page\",\"entry\":[]}}\n{}\n",
        cloud_text(SUPPORT),
        flat_text(),
        cloud_text(SUPPORT)
    );
    let many = folder.write("many.ndjson", lines);
    let latin = folder.write("latin.json", b"{\"messages\":[\"caf\xe9\"]}");
    let empty = folder.write("empty.json", "");
    let good = folder.write("good.json", flat_text());
    let outcome = run(&["translate", "--to", "onprem", &many, &latin, &empty, &good]);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.lines().len(), 4, "{}", outcome.stdout);
    let errors: Vec<&str> = outcome.stderr.lines().collect();
    let expected = [
        (format!("error: {many}:2: "), "not JSON"),
        (format!("error: {many}:4: "), "the document is no object"),
        (format!("error: {many}:6: "), "another Meta product"),
        (format!("error: {latin}:1: "), "not UTF-8"),
        (format!("error: {empty}:1: "), "empty"),
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for (error, (place, reason)) in errors.iter().zip(expected) {
        assert!(error.starts_with(&place) && error.contains(reason), "{error}");
    }
}

#[test]
fn standard_input_is_called_by_its_dash() {
    let outcome = run_on(&["translate", "--to", "onprem"], &format!("{}\nnothing\n", flat_text()));
    assert_eq!((outcome.code, outcome.lines().len()), (Some(1), 1));
    assert!(outcome.stderr.starts_with("error: -:2: not JSON"), "{}", outcome.stderr);
}

#[test]
fn a_document_that_breaks_off() {
    let outcome = run_on(&["translate", "--to", "onprem"], "{\n  \"messages\": [\n    {\"id\": \"a\"\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    assert!(outcome.stderr.starts_with("error: -:1: not JSON"), "{}", outcome.stderr);
}

#[test]
fn nothing_at_all_is_an_error() {
    for input in ["", "\n", "  \n\n"] {
        let outcome = run_on(&["translate", "--to", "onprem"], input);
        assert_eq!(outcome.code, Some(1));
        assert_eq!(outcome.stderr, "error: -:1: empty\n");
    }
}

#[test]
fn a_body_of_another_format_than_was_promised() {
    let folder = Folder::new();
    let cloud = folder.write("cloud.json", cloud_text(SUPPORT));
    let flat = folder.write("flat.json", flat_text());
    for (from, wrong, found) in
        [("onprem", &cloud, "cloud"), ("cloud", &flat, "onprem"), ("normalized", &flat, "onprem")]
    {
        let outcome = run(&["translate", "--from", from, "--to", "cloud", wrong]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
        assert_eq!(outcome.stderr, format!("error: {wrong}:1: not {from} but {found}\n"));
    }
    for (from, right) in [("onprem", &flat), ("cloud", &cloud), ("auto", &cloud), ("auto", &flat)] {
        assert_eq!(run(&["translate", "--from", from, "--to", "onprem", right]).clean().lines().count(), 1);
    }
}

#[test]
fn usage_and_files_that_are_not_there_are_exit_code_2() {
    let folder = Folder::new();
    let good = folder.write("good.json", template_event("1"));
    let bad = folder.write("bad.toml", "surprise = 1\n");
    let nowhere = folder.path("nowhere").join("losses");
    for arguments in [
        ["translate"].as_slice(),
        &["translate", "--to", "xml", &good],
        &["translate", "--to", "onprem", "--from", "xml", &good],
        &["translate", "--to", "onprem", "--message-ids", "maybe", &good],
        &["translate", "--to", "onprem", "--surprise", &good],
        &["translate", "--to", "onprem", "/nowhere/body.json"],
        &["translate", "--to", "onprem", "--config", "/nowhere/cutover.toml", &good],
        &["translate", "--to", "onprem", "--config", &bad, &good],
        &["translate", "--to", "onprem", "--losses", nowhere.to_str().unwrap(), &good],
    ] {
        let outcome = run(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
    }
}
