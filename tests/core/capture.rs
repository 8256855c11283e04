//! The line of a capture: printed and parsed, redacted, and told from any other document.

use crate::generate::{self, Manners};
use crate::laws::config;
use crate::tree::Tree;
use cutover::capture::Line;
use cutover::format::Format;
use cutover::redact::Redactor;
use proptest::collection::vec;
use proptest::prelude::*;

fn line(source: Format, path: &str, headers: &[(&str, &str)], body: &str) -> Line {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (at, path, body) = ("2026-11-24T10:00:00Z".to_owned(), path.to_owned(), body.to_owned());
    Line { at, source, path, headers, body }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_printed_is_parsed(
        cloud: bool,
        path in "/webhooks(/\\PC{0,9})?",
        headers in vec(("x-turn-[a-z]{1,5}", "\\PC{0,20}"), 0..4),
        body in "(?s).{0,200}",
    ) {
        let source = if cloud { Format::Cloud } else { Format::OnPremises };
        let line = Line { headers, ..line(source, &path, &[], &body) };
        let printed = line.print();
        prop_assert!(!printed.contains('\n') && Tree::read(&printed).get("cutover_capture").is_some());
        prop_assert_eq!(Line::parse(printed.as_bytes()), Some(line.clone()));
        prop_assert_eq!(Line::parse(format!("  {printed}\r\n").as_bytes()), Some(line));
    }

    #[test]
    fn no_other_document_is_taken_for_one(body in prop_oneof![generate::cloud(Manners::Wild), generate::flat(Manners::Wild), generate::json()]) {
        prop_assert_eq!(Line::parse(body.as_bytes()), None);
    }

    #[test]
    fn a_redacted_line_is_a_line(body in generate::flat(Manners::Wild)) {
        let redactor = Redactor::new(b"key");
        let redacted = line(Format::OnPremises, "/webhooks", &[], &body).redacted(&redactor, |_| true).expect("JSON");
        prop_assert_eq!(Line::parse(redacted.print().as_bytes()), Some(redacted));
    }
}

#[test]
fn a_line_looks_like_this() {
    let line =
        line(Format::Cloud, "/webhooks/cloud", &[("x-hub-signature-256", "sha256=00")], "{\"a\":\"\\u00e9\\/\"}\n");
    let printed = r#"{"cutover_capture":1,"at":"2026-11-24T10:00:00Z","source":"cloud","path":"/webhooks/cloud","headers":{"x-hub-signature-256":"sha256=00"},"body":"{\"a\":\"\\u00e9\\/\"}\n"}"#;
    assert_eq!(line.print(), printed);
}

#[test]
fn what_is_cut_or_of_another_version_is_no_line() {
    let printed = line(Format::Cloud, "/webhooks", &[("x-turn-a", "b")], "{}").print();
    for end in 0..printed.len() {
        assert_eq!(Line::parse(&printed.as_bytes()[..end]), None);
    }
    for (from, to) in [
        ("capture\":1", "capture\":2"),
        ("\"cloud\"", "\"normalized\""),
        ("\"b\"", "7"),
        ("x-turn-a", "x-turn \\\"a\\\""),
        ("\"body\":\"{}\"", "\"body\":{}"),
        ("\"body\"", "\"nobody\""),
    ] {
        assert_eq!(Line::parse(printed.replace(from, to).as_bytes()), None, "{to}");
    }
}

#[test]
fn a_redacted_line_names_its_number_as_its_body_does() {
    let redactor = Redactor::new(b"key");
    let headers = [
        ("x-wa-account-id", "15550783881"),
        ("x-turn-hook-signature", "c2lnbmF0dXJl"),
        ("x-turn-claim", "canary-claim"),
    ];
    let body = r#"{"messages":[{"from":"15550783881"}]}"#;
    for path in ["/webhooks/onprem/15550783881", "/webhooks/%2B15550783881"] {
        let line = line(Format::OnPremises, path, &headers, body);
        let redacted = line.redacted(&redactor, |name| name == "x-turn-hook-signature").expect("JSON");
        let pseudonym = redactor.text("15550783881");
        let (head, number) = redacted.path.rsplit_once('/').expect("a path");
        assert_eq!(
            (head, number.trim_start_matches('+')),
            (path.rsplit_once('/').expect("a path").0, pseudonym.as_str())
        );
        assert_eq!(redacted.headers.first().map(|(_, value)| value.as_str()), Some(pseudonym.as_str()));
        assert_eq!(redacted.headers.len(), 2);
        assert!(redacted.body.contains(&pseudonym) && !redacted.print().contains("canary"));
    }
}
