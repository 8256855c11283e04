//! Shapes: what a pseudonym has in common with what it stands for, and what stays.

use super::{REDACTOR, redacted, value};
use crate::laws::config;
use crate::tree::Tree;
use cutover::redact::Redactor;
use proptest::prelude::*;

fn class(c: char) -> char {
    match c {
        '0'..='9' => '9',
        'a'..='z' => 'a',
        'A'..='Z' => 'A',
        other => other,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn ascii_keeps_its_classes(text in "[ -~\\n\\t]{0,90}") {
        let classes = |text: &str| text.chars().map(class).collect::<String>();
        let hash = matches!(text.len(), 44 | 64);
        prop_assert!(hash || classes(&value(&text)) == classes(&text));
    }

    #[test]
    fn any_text_keeps_its_length_and_becomes_ascii(text in "\\PC{0,60}") {
        let other = value(&text);
        prop_assert_eq!(other.chars().count(), text.chars().count());
        prop_assert!(other.chars().all(|c| !c.is_alphanumeric() || c.is_ascii()));
    }

    #[test]
    fn different_texts_stay_different(one in "[a-z]{3}", two in "[a-z]{3}") {
        prop_assert_eq!(one == two, value(&one) == value(&two));
    }

    #[test]
    fn a_phone_is_a_phone(phone in "[1-9][0-9]{6,14}") {
        let other = value(&phone);
        prop_assert!(!other.starts_with('0') && other.len() == phone.len());
        let number = redacted(&format!("{{\"id\":{phone}}}"));
        prop_assert_eq!(number, format!("{{\"id\":{other}}}"));
        let said = value(&format!("call {phone}!"));
        prop_assert!(said.contains(&other), "{}", said);
    }
}

#[test]
fn the_key_decides() {
    let other = Redactor::new(b"another key");
    assert_ne!(REDACTOR.text("15550102001"), other.text("15550102001"));
    assert_eq!(REDACTOR.text("15550102001"), Redactor::new(b"a key of the tests").text("15550102001"));
}

#[test]
fn words_of_the_platforms_stay() {
    for body in [
        r#"{"object":"whatsapp_business_account","field":"messages","messaging_product":"whatsapp"}"#,
        r#"{"type":"of_tomorrow","status":"played","timestamp":"1764000001","direction":"outbound"}"#,
        r#"{"mime_type":"audio/ogg; codecs=opus","event":"APPROVED","recipient_type":"group"}"#,
        r#"{"errors":[{"code":131000,"title":"Something went wrong"},{"code":"0131026"}]}"#,
        r#"{"inserted_at":"2025-08-25T10:43:20.000000Z","time":1764000001,"a":[1,-0.0,1e3,true,null,""]}"#,
        r#"{"phones":[{"type":"WORK"}]}"#,
    ] {
        assert_eq!(redacted(body), body);
    }
}

#[test]
fn a_listed_key_vouches_for_no_other_content() {
    for (key, text) in [
        ("type", "15550102001"),
        ("status", "Ada Lovelace"),
        ("event", "Ada"),
        ("field", "order_15550102001"),
        ("timestamp", "15550102001"),
        ("timestamp", "4915550102001"),
        ("mime_type", "Ada/Lovelace"),
        ("mime_type", "text/plain; name=ada.txt"),
        ("code", "483920"),
        ("title", "Something went wrong"),
    ] {
        let body = format!(r#"{{"{key}":"{text}"}}"#);
        assert_ne!(redacted(&body), body);
    }
    let card = r#"{"phones":[{"type":"grandma"}]}"#;
    assert_ne!(redacted(card), card);
}

#[test]
fn escapes_and_cut_characters_do_not_break_it() {
    let body = r#"{"a":"caf\u00e9 \/ \ud83d\n\u0031555\u00300102001","\ud83dx":"\u0041\ud83d\ude00"}"#;
    let other = redacted(body);
    let (before, after) = (Tree::read(body), Tree::read(&other));
    assert_eq!(before.leaves().len(), after.leaves().len());
    assert!(other.contains(r"\ud83d\n\u003"), "{other}");
    assert!(!other.contains("0102001") && !other.contains("caf"), "{other}");
    // A digit that was written as an escape is one all the same.
    assert_eq!(redacted(r#"{"a":"\u0031555010200\u0031"}"#).matches("\\u00").count(), 2);
}

#[test]
fn addresses_keep_their_scheme() {
    let other = value("https://media.example.com/v/15550102001.jpg");
    assert!(other.starts_with("https://") && !other.contains("example"), "{other}");
    assert_eq!(other.matches(['/', '.']).count(), 7);
}

#[test]
fn names_of_members_that_are_numbers_or_ids_do_not_stay() {
    let body = r#"{"15550102001":1,"+1555010200":2,"user_15550102001":3,"a@example.com":4,"gBEGkVVQECABAglK1ZEqA1Y":6,"ordinary_2":5}"#;
    let other = redacted(body);
    assert!(!other.contains("15550102001") && !other.contains("1555010200") && !other.contains("example"), "{other}");
    assert!(!other.contains("gBEGkVVQ") && !other.contains("A1Y"), "an id that was cut: {other}");
    assert!(other.contains(r#""ordinary_2":5"#) && other.contains(r#""user_"#), "{other}");
    assert!(other.contains(&format!("\"{}\":1", value("15550102001"))), "{other}");
}

#[test]
fn what_is_no_json_is_refused() {
    for bytes in [b"".as_slice(), b"{", b"{\"a\":\"\xff\"}"] {
        assert!(REDACTOR.body(bytes).is_err());
    }
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert!(REDACTOR.body(deep.as_bytes()).is_err());
}
