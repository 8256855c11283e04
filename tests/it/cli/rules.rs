//! `--message-ids` and `--without-phone`.

use crate::support::bodies::{SUPPORT, cloud, status, text};
use crate::support::command::{Folder, run_on};
use serde_json::{Value, json};

/// One message's id in both grammars.
const CLOUD_ID: &str = "wamid.HBgMOTE4ODg0MDc1NTU3FQIAERgSNEFENTkxMkEwMzU2MEEzRUI1AA==";
const FLAT_ID: &str = "gBEGkYiEB1VXAglK1ZEqA1YKPrU";

fn translated(arguments: &[&str], body: &str) -> Value {
    let arguments: Vec<&str> = ["translate"].iter().chain(arguments).copied().collect();
    serde_json::from_str(&run_on(&arguments, body).clean()).expect("one line")
}

#[test]
fn message_ids_are_kept_unless_told_otherwise() {
    let body = cloud(SUPPORT, &json!({"messages": [text("918884075557", CLOUD_ID, "x")]}));
    for (rule, id) in
        [(vec![], CLOUD_ID), (vec!["--message-ids", "keep"], CLOUD_ID), (vec!["--message-ids", "convert"], FLAT_ID)]
    {
        let arguments: Vec<&str> = ["--to", "onprem"].into_iter().chain(rule).collect();
        assert_eq!(translated(&arguments, &body).pointer("/messages/0/id"), Some(&json!(id)));
    }
}

#[test]
fn message_ids_are_converted_wherever_they_stand_and_both_ways() {
    let mut message = text("918884075557", FLAT_ID, "x");
    message["context"] = json!({"id": FLAT_ID, "from": "15550783881"});
    let arguments = ["--to", "cloud", "--message-ids", "convert"];
    let body = translated(&arguments, &json!({"messages": [message]}).to_string());
    let at = |pointer: &str| body.pointer(&format!("/entry/0/changes/0/value{pointer}")).cloned();
    assert_eq!(at("/messages/0/id"), Some(json!(CLOUD_ID)));
    assert_eq!(at("/messages/0/context/id"), Some(json!(CLOUD_ID)));
    let body = translated(&arguments, &json!({"statuses": [status("918884075557", FLAT_ID, "read")]}).to_string());
    assert_eq!(body.pointer("/entry/0/changes/0/value/statuses/0/id"), Some(&json!(CLOUD_ID)));
}

#[test]
fn ids_that_do_not_fit_are_kept() {
    let body = cloud(SUPPORT, &json!({"messages": [text("918884075557", "wamid.short", "x")]}));
    let body = translated(&["--to", "onprem", "--message-ids", "convert"], &body);
    assert_eq!(body.pointer("/messages/0/id"), Some(&json!("wamid.short")));
}

fn without_phone() -> String {
    let mut message = text("", "wamid.a", "x");
    message.as_object_mut().unwrap().remove("from");
    message["from_user_id"] = json!("US.13491208655302741918");
    cloud(SUPPORT, &json!({"messages": [message, text("15550102001", "wamid.b", "y")]}))
}

#[test]
fn a_phone_number_that_was_withheld_is_the_user_id() {
    for arguments in [vec!["--to", "onprem"], vec!["--to", "onprem", "--without-phone", "user_id"]] {
        let body = translated(&arguments, &without_phone());
        assert_eq!(body.pointer("/messages/0/from"), Some(&json!("US.13491208655302741918")));
        assert_eq!(body.pointer("/messages/1/from"), Some(&json!("15550102001")));
    }
}

#[test]
fn or_its_message_is_left_out_and_listed() {
    let folder = Folder::new();
    let file = folder.path("losses.ndjson");
    let arguments =
        ["translate", "--to", "onprem", "--without-phone", "dead_letter", "--losses", file.to_str().unwrap()];
    let body: Value = serde_json::from_str(&run_on(&arguments, &without_phone()).clean()).unwrap();
    assert_eq!(body["messages"].as_array().map(Vec::len), Some(1));
    assert_eq!(body.pointer("/messages/0/id"), Some(&json!("wamid.b")));
    let listed = folder.read("losses.ndjson");
    let loss: Value = listed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|loss: &Value| loss["code"] == "without_phone")
        .unwrap();
    assert_eq!(loss.pointer("/value/id"), Some(&json!("wamid.a")));
}
