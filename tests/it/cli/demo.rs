//! `demo`: a tour without a network, an account or a file.

use crate::support::command::run;
use serde_json::{Value, json};

#[test]
fn a_voice_note_from_each_platform_arrives_as_the_same_thing() {
    let output = run(&["demo"]).clean();
    let after = |words: &str| -> Vec<String> {
        let found = output.lines().filter_map(|line| line.trim().strip_prefix(words));
        found.map(|rest| rest.trim().to_owned()).collect()
    };
    let received: Vec<Value> =
        after("consumer receives").iter().map(|body| serde_json::from_str(body).expect("JSON")).collect();
    assert_eq!(received.len(), 2, "{output}");
    for body in &received {
        assert_eq!(body.pointer("/messages/0/type"), Some(&json!("voice")));
        assert_eq!(body.pointer("/contacts/0/profile/name"), Some(&json!("Ada")));
    }
    let hash = |body: &Value| body.pointer("/messages/0/voice/sha256").cloned();
    assert_eq!(hash(&received[0]), hash(&received[1]), "the same recording");
    assert_eq!(after("platform is told").len(), 2);
    assert!(after("platform is told").iter().all(|told| told.starts_with("200")), "{output}");
    let sent = after("platform sends");
    assert_eq!(serde_json::from_str::<Value>(&sent[0]).unwrap(), received[0], "nothing had to change");
}
