//! `--losses`: nothing leaves the input without being in the output or in this list.

use crate::support::bodies::{SUPPORT, cloud, cloud_text, flat_text, status, template_event};
use crate::support::command::{Folder, run_on};
use serde_json::{Value, json};

/// The losses of these lines.
fn losses(to: &str, input: &str) -> Vec<Value> {
    let folder = Folder::new();
    let file = folder.path("losses.ndjson");
    run_on(&["translate", "--to", to, "--losses", file.to_str().unwrap()], input).clean();
    folder.read("losses.ndjson").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn each_line_says_which_input_where_why_and_what() {
    let played = cloud(SUPPORT, &json!({"statuses": [status("15550102001", "s", "played")]}));
    let lines = format!("{}\n{played}\n{}\n", flat_text(), template_event(SUPPORT.account));
    let losses = losses("onprem", &lines);
    assert!(losses.iter().all(|loss| loss["input"] != 1), "a flat body loses nothing on the way to its own format");
    assert!(losses.contains(&json!({
        "input": 2, "path": "/entry/0/changes/0/value/statuses/0/status", "code": "status_played", "value": "played"
    })));
    assert!(losses.contains(&json!({
        "input": 2, "path": "/entry/0/id", "code": "envelope", "value": SUPPORT.account
    })));
    let change = losses.iter().find(|loss| loss["code"] == "no_counterpart").expect("the template");
    assert_eq!((&change["input"], &change["path"]), (&json!(3), &json!("/entry/0/changes/0")));
    assert_eq!(change.pointer("/value/field"), Some(&json!("message_template_status_update")));
    for loss in &losses {
        let keys: Vec<&str> = loss.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["code", "input", "path", "value"]);
    }
}

/// Each path leads to what was lost.
#[test]
fn a_path_is_a_pointer_into_the_source() {
    for body in
        [cloud_text(SUPPORT), template_event("1"), cloud(SUPPORT, &json!({"errors": [{"code": 9, "a/b~c": 1}]}))]
    {
        let source: Value = serde_json::from_str(&body).unwrap();
        for loss in losses("onprem", &body) {
            let path = loss["path"].as_str().unwrap();
            assert_eq!(source.pointer(path), Some(&loss["value"]), "{path}");
        }
    }
}

#[test]
fn without_losses_the_list_is_empty() {
    assert_eq!(losses("normalized", &cloud_text(SUPPORT)), Vec::<Value>::new());
    assert_eq!(losses("cloud", &flat_text()), Vec::<Value>::new());
}

#[test]
fn thousands_of_inputs_are_counted_through() {
    let lines = format!("{}\n", template_event("1")).repeat(5000);
    let losses = losses("onprem", &lines);
    let inputs: Vec<u64> = losses
        .iter()
        .filter(|loss| loss["code"] == "no_counterpart")
        .map(|loss| loss["input"].as_u64().unwrap())
        .collect();
    assert!(inputs.iter().copied().eq(1..=5000));
}
