//! Message ids and hashes: rewritten by their grammar, the same in either spelling.

use super::{REDACTOR, redacted, value};
use crate::laws::config;
use crate::tree::Tree;
use cutover::format::Format;
use cutover::format::message_id::{Spelling, convert};
use cutover::translate::{MessageIds, Rules, translate};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use proptest::prelude::*;

/// An id in the Cloud's spelling.
pub(super) fn cloud_id(peer: &str, from_me: bool, key: &str) -> String {
    let length = |text: &str| u8::try_from(text.len()).expect("short");
    let mut bytes = vec![0x1c, 0x18, length(peer)];
    bytes.extend(peer.bytes());
    bytes.extend([0x15, 0x02, 0x00, if from_me { 0x11 } else { 0x12 }, 0x18, length(key)]);
    bytes.extend(key.bytes().chain([0]));
    format!("wamid.{}", BASE64.encode(&bytes))
}

/// The peer of an id in the Cloud's spelling.
fn peer(id: &str) -> String {
    let bytes = BASE64.decode(id.strip_prefix("wamid.").expect("an id").as_bytes()).expect("base64");
    let (length, rest) = bytes.get(2..).expect("a header").split_first().expect("a length");
    String::from_utf8(rest.get(..usize::from(*length)).expect("a peer").to_vec()).expect("digits")
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        "(3A|3EB0)[0-9A-F]{16}",
        "[0-9A-F]{32}",
        "[0-9A-Z]{4}",
        "[0-9A-F]{3}",
        "sys-1555[0-9]{7}@s[.]whatsapp[.]net-1574080102213-change"
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn converting_and_redacting_commute(phone in "[1-9][0-9]{9,12}", from_me: bool, key in keys()) {
        let cloud = cloud_id(&phone, from_me, &key);
        let other = value(&cloud);
        prop_assert_eq!(other.len(), cloud.len());
        prop_assert_eq!(peer(&other), value(&phone));
        let (plain, shown) = (value(&phone), value(&format!("+{phone}")));
        prop_assert_eq!(shown.strip_prefix('+'), Some(plain.as_str()));
        if let Some(flat) = convert(&cloud, Spelling::OnPremises) {
            let other_flat = value(&flat);
            prop_assert_eq!(convert(&other, Spelling::OnPremises), Some(other_flat.clone()));
            prop_assert_eq!(convert(&other_flat, Spelling::Cloud), Some(other));
        }
    }

    #[test]
    fn a_hash_is_the_same_in_either_spelling(bytes: [u8; 32]) {
        let (base64, hex) = (value(&BASE64.encode(&bytes)), value(&HEXLOWER.encode(&bytes)));
        prop_assert_eq!(BASE64.decode(base64.as_bytes()).ok(), HEXLOWER.decode(hex.as_bytes()).ok());
        prop_assert_ne!(hex, HEXLOWER.encode(&bytes));
    }

    #[test]
    fn what_is_no_hash_does_not_become_one(text in "[A-Za-z0-9+/]{43}=") {
        let is_hash = |text: &str| BASE64.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == 32);
        prop_assert_eq!(is_hash(&value(&text)), is_hash(&text));
    }
}

/// The ids of a body still convert, and to the same as before.
#[test]
fn a_redacted_body_converts_its_ids() {
    let ids = [cloud_id("15550102001", false, "3EB0C767D097E4F1B2A3"), cloud_id("15550102001", true, "sys-x")];
    let body = format!(
        r#"{{"entry":[{{"id":"0","changes":[{{"field":"messages","value":{{"messages":[{{"id":"{}","from":"15550102001","type":"text","context":{{"id":"{}"}}}}]}}}}]}}]}}"#,
        ids[0], ids[1]
    );
    let converted = |body: &str| {
        let rules = Rules { message_ids: MessageIds::Convert, ..Rules::default() };
        let said = translate(body.as_bytes(), None, Format::OnPremises, rules).expect("readable");
        said.bodies.first().expect("one body").clone()
    };
    let (first, second) = (redacted(&converted(&body)), converted(&redacted(&body)));
    let at = |body: &str, pointer: &str| Tree::read(body).at(pointer).and_then(Tree::string).map(str::to_owned);
    for pointer in ["/messages/0/id", "/messages/0/context/id", "/messages/0/from"] {
        assert!(at(&first, pointer).is_some());
        assert_eq!(at(&first, pointer), at(&second, pointer), "{pointer}");
    }
}

#[test]
fn ids_of_no_grammar_keep_their_beginning_and_classes() {
    let other = value("wamid.gBGGFVUBAgABAgm2Z9plHrf2Mh-o");
    assert!(other.starts_with("wamid.") && other.len() == 34 && other.rfind('-') == Some(32), "{other}");
    // Upper-case hex under the tag for text: it would not come back, and is no id to us.
    let bytes = [&[0x00, 0x11, 0x86][..], &HEXUPPER.decode(b"15550102001F").expect("hex"), &[3, 2], b"AB"].concat();
    let odd = BASE64URL_NOPAD.encode(&bytes);
    assert_eq!(convert(&odd, Spelling::Cloud), None);
    assert_eq!(convert(&value(&odd), Spelling::Cloud), None);
}

#[test]
fn the_test_button_and_the_number_route_as_they_did() {
    let body = redacted(
        r#"{"entry":[{"id":"0","changes":[{"value":{"metadata":{"phone_number_id":"106540352242922","display_phone_number":"+1 555-078-3881"}}}]}]}"#,
    );
    let tree = Tree::read(&body);
    let at = |pointer: &str| tree.at(pointer).and_then(Tree::string).expect("a string").to_owned();
    assert_eq!(at("/entry/0/id"), "0");
    assert_eq!(at("/entry/0/changes/0/value/metadata/phone_number_id"), REDACTOR.text("106540352242922"));
    let shown = at("/entry/0/changes/0/value/metadata/display_phone_number");
    assert_eq!(shown.replace(['+', ' ', '-'], ""), REDACTOR.text("15550783881"));
    assert_eq!((shown.get(..1), shown.get(2..3), shown.get(6..7)), (Some("+"), Some(" "), Some("-")));
}
