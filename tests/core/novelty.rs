//! What is new in a body: found where it stands, and nothing that either platform documents.

use crate::corpus::payloads;
use crate::generate::{self, INVENTED, Manners};
use crate::laws::config;
use cutover::format::Document;
use cutover::format::novelty::{MAX_REPORTED, Novelty, What, novelties, presentable_path};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn found(body: &str) -> Vec<Novelty> {
    Document::read(body.as_bytes(), None).map(|document| novelties(&document)).unwrap_or_default()
}

/// What was found, as `what path word`.
fn said(body: &str) -> Vec<String> {
    found(body).into_iter().map(|new| format!("{} {} {}", new.what.label(), new.path, new.word)).collect()
}

/// A Cloud body with these members beside its metadata.
fn cloud(members: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"5","changes":[{{"field":"messages","value":{{{members}}}}}]}}]}}"#
    )
}

#[test]
fn each_kind_is_found_where_it_stands() {
    let body = r#"{"hello":1,"entry":[{"id":"5","region":"x","changes":[
        {"seq":1,"field":"hologram_messages","value":{"beam":{}}},
        {"field":"messages","value":{"aura":1,"contacts":[{"mood":"x"}],"errors":[{"code":1,"hue":2}],
            "messages":[{"type":"hologram","hologram":{},"halo":1}],"statuses":[{"status":"teleported","speed":1}]}}]}]}"#;
    let value = "/entry/0/changes/1/value";
    let expected = [
        "member /hello hello".to_owned(),
        "member /entry/0/region region".to_owned(),
        "member /entry/0/changes/0/seq seq".to_owned(),
        "field /entry/0/changes/0/field hologram_messages".to_owned(),
        format!("member {value}/aura aura"),
        format!("member {value}/contacts/0/mood mood"),
        format!("member {value}/errors/0/hue hue"),
        format!("message_type {value}/messages/0/type hologram"),
        format!("member {value}/messages/0/halo halo"),
        format!("status {value}/statuses/0/status teleported"),
        format!("member {value}/statuses/0/speed speed"),
    ];
    assert_eq!(said(body), expected);
}

#[test]
fn a_flat_body_is_read_by_the_same_words() {
    let body = r#"{"aura":1,"messages":[{"type":"hologram","_vnd":{}},{"type":"voice"}],"statuses":[{"status":"x"}]}"#;
    let expected = ["member /aura aura", "message_type /messages/0/type hologram", "status /statuses/0/status x"];
    assert_eq!(said(body), expected);
}

#[test]
fn what_is_no_news() {
    for members in [
        r#""statuses":[{"status":"captured","type":"payment"}]"#,
        r#""messages":[{"ty\u0070e":"te\u0078t","id":"a"},{"id":"without a type"},7,null]"#,
        r#""messages":[{"type":"request_welcome","request_welcome":{}}]"#,
        r#""messages":[{"type":"text","text":{"anything":{}},"context":{"anything":1}}]"#,
        r#""messages":{"anything":1},"statuses":"none""#,
    ] {
        assert_eq!(said(&cloud(members)), Vec::<String>::new(), "{members}");
    }
    for body in [
        r#"{"entry":[{"id":"5","changes":[{"field":"calls","value":{"calls":[{"x":1}],"statuses":[{"status":"RINGING"}]}}]}]}"#,
        r#"{"entry":[{"id":"5","changed_fields":["messages"]},7,{"changes":[7,{"field":"messages"}]}]}"#,
        r#"{"entry":[{"changes":[{"value":{"anything":1}}]}]}"#,
    ] {
        assert_eq!(said(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn what_stands_for_a_word_without_being_one_is_new() {
    let body = r#"{"messages":[{"type":7}],"statuses":[{"status":null}]}"#;
    assert_eq!(said(body), ["message_type /messages/0/type ", "status /statuses/0/status "]);
}

#[test]
fn a_hostile_body_is_reported_in_part() {
    let members: Vec<String> = (0..1_000).map(|index| format!(r#""m{index}":0"#)).collect();
    assert_eq!(found(&cloud(&members.join(","))).len(), MAX_REPORTED);
    // A member that was asked for anew each time would take minutes.
    let message = vec![r#""x":0"#; 200_000].join(",");
    assert_eq!(found(&cloud(&format!(r#""messages":[{{"type":"x",{message}}}]"#))).len(), 1);
}

/// The cases that are about something unknown; all others hold only what a platform documents.
const CASES: [&str; 11] = [
    "envelope_entry_and_change_members",
    "envelope_root_members",
    "message_revoke_other_members",
    "message_type_of_tomorrow_down",
    "message_type_of_tomorrow_up",
    "mixed_up_with_errors_and_unknown_members",
    "no_counterpart_tomorrows_field",
    "status_words_carried",
    "unknown_members_at_every_level_of_a_message",
    "unknown_members_at_every_level_of_a_status",
    "unknown_members_nested_deep",
];

#[test]
fn fixtures_about_the_unknown_and_no_others_hold_news() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut cases = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the fixtures are there") {
        let case = entry.expect("a readable entry").path();
        let bodies = ["cloud.json", "on_premises.json"].map(|file| fs::read_to_string(case.join(file)));
        let news: Vec<String> = bodies.iter().flatten().flat_map(|body| said(body)).collect();
        if !news.is_empty() {
            cases.insert(format!("{} {news:?}", case.file_name().expect("a folder's name").display()));
        }
    }
    let names: BTreeSet<&str> = cases.iter().filter_map(|case| case.split(' ').next()).collect();
    assert_eq!(names, BTreeSet::from(CASES), "{cases:#?}");
}

/// What the collected payloads hold that no reference lists.
const COLLECTED: [&str; 4] = [
    // An example of Meta's prints both inside an entry, where they do not belong.
    "member field",
    "member object",
    // Placeholders of examples, never sent.
    "message_type <MESSAGE_TYPE>",
    "status <STATUS>",
];

#[test]
fn collected_payloads_hold_no_other_news() {
    let Some(payloads) = payloads("collected_payloads_hold_no_other_news") else { return };
    let label = |new: Novelty| format!("{} {}", new.what.label(), new.word);
    let news = payloads.iter().flat_map(|payload| found(&payload.text)).map(label);
    let news: BTreeSet<String> = news.collect();
    assert_eq!(news, COLLECTED.map(str::to_owned).into());
}

/// As many as may be reported at most; the path may always be shown in part.
fn assert_bounded(bytes: &[u8]) {
    let Ok(document) = Document::read(bytes, None) else { return };
    let news = novelties(&document);
    assert!(news.len() <= MAX_REPORTED, "{} novelties", news.len());
    for new in news {
        let shown = presentable_path(&new.path);
        assert_eq!(shown.matches('/').count(), new.path.matches('/').count(), "{} became {shown}", new.path);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn of_the_members_of_a_body_only_the_invented_are_new(
        body in prop_oneof![generate::cloud(Manners::Proper), generate::flat(Manners::Proper)]
    ) {
        for new in found(&body).iter().filter(|new| new.what == What::Member) {
            prop_assert!(new.word.starts_with(INVENTED), "{new:?}");
        }
    }

    #[test]
    fn any_bytes_are_looked_at(bytes in generate::bytes()) {
        assert_bounded(&bytes);
    }

    #[test]
    fn any_json_is_looked_at(json in generate::json()) {
        assert_bounded(json.as_bytes());
    }
}
