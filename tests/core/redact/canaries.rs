//! Phones, names, texts and ids are planted wherever a body can hold them, and must not be found
//! again: not as they are, and not inside what message ids pack.

use super::ids::cloud_id;
use super::redacted;
use crate::generate::{self, Manners};
use crate::laws::config;
use crate::tree::Tree;
use cutover::format::message_id::{Spelling, convert};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use proptest::prelude::*;

const PHONE: &str = "15550199777";
const NAME: &str = "Canaria Planted";
const TEXT: &str = "the canary sings at noon";
const KEY: &str = "3EB0CA4A12B7E5D90F11";
const USER: &str = "US.15550199777123";
const PERSONAL: [&str; 9] =
    [PHONE, "Canaria", "Planted", "canary", "sings", KEY, "15550199777123", "5550199777", "0199-777"];

fn body() -> String {
    let id = cloud_id(PHONE, false, KEY);
    let flat = convert(&id, Spelling::OnPremises).expect("it fits");
    let early = format!("wamid.{flat}");
    let message = serde_json::json!({
        "id": id, "from": PHONE, "from_user_id": USER, "timestamp": "1764000001", "type": "text",
        "text": {"body": format!("{TEXT}, {PHONE}")},
        "context": {"id": flat, "from": format!("+{PHONE}")},
        "reaction": {"message_id": early, "emoji": NAME},
        "contacts": [{"name": {"formatted_name": NAME}, "phones": [{"phone": "+1 (555) 0199-777", "wa_id": PHONE, "type": NAME}]}],
        "location": {"latitude": 55.501_997_77, "longitude": -55.501_997_77, "name": NAME},
        "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": format!("{{\"a\":\"{NAME}\"}}")}},
        "unheard_of": {PHONE: [NAME, {"type": NAME, "status": PHONE, "n": 15_550_199_777_u64}], flat.as_str(): TEXT, "x": id},
        "order": {"text": TEXT, "catalog_id": USER},
    });
    let status = serde_json::json!({
        "id": id, "recipient_id": PHONE, "status": "failed", "timestamp": PHONE,
        "errors": [{"code": 15_550_199_777_u64, "title": NAME, "message": TEXT, "error_data": {"details": format!("unknown contact {PHONE}")}, "href": format!("https://{TEXT}")}],
        "biz_opaque_callback_data": TEXT, "conversation": {"id": HEXLOWER.encode(PHONE.as_bytes())},
    });
    let value = serde_json::json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": PHONE, "phone_number_id": "15550199777000"},
        "contacts": [{"profile": {"name": NAME, "username": "canary"}, "wa_id": PHONE, "user_id": USER}],
        "messages": [message, NAME, 15_550_199_777_u64], "statuses": [status], NAME.replace(' ', "@").as_str(): 1,
    });
    serde_json::json!({"object": "whatsapp_business_account", "entry": [{"id": PHONE, "time": PHONE, "changes": [{"field": "messages", "value": value}]}]})
        .to_string()
}

/// Everything in a text that may be base64 of either alphabet, decoded, as it is and in hex.
fn unpacked(text: &str) -> String {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/-_".contains(c)));
    let mut out = String::new();
    for word in words.filter(|word| word.len() >= 8) {
        for from in 0..word.len().min(4) {
            let tail = word.get(from..).unwrap_or_default();
            let whole = tail.get(..tail.len() / 4 * 4).unwrap_or_default();
            let decoded = [&BASE64, &BASE64_NOPAD, &BASE64URL_NOPAD].map(|alphabet| alphabet.decode(whole.as_bytes()));
            for bytes in decoded.into_iter().flatten() {
                out.push_str(&format!("{}\n{}\n", String::from_utf8_lossy(&bytes), HEXUPPER.encode(&bytes)));
            }
        }
    }
    out
}

fn found(text: &str) -> Vec<&'static str> {
    let all = format!("{text}\n{}", unpacked(text));
    PERSONAL.into_iter().filter(|canary| all.contains(canary)).collect()
}

#[test]
fn none_comes_through() {
    let body = body();
    assert_eq!(found(&body).len(), PERSONAL.len(), "they can be found where they are");
    let packed = convert(&cloud_id(PHONE, false, KEY), Spelling::OnPremises).expect("it fits");
    assert_eq!(found(&packed), [PHONE, KEY, "5550199777"], "packed digits too");
    let other = redacted(&body);
    assert_eq!(found(&other), Vec::<&str>::new(), "{other}");
    // What makes it a body is there all the same.
    let tree = Tree::read(&other);
    assert_eq!(tree.at("/entry/0/changes/0/value/statuses/0/status").and_then(Tree::string), Some("failed"));
}

#[test]
fn one_person_stays_one_person() {
    let tree = Tree::read(&redacted(&body()));
    let at = |pointer: &str| tree.at(&format!("/entry/0/changes/0/value{pointer}")).and_then(Tree::string);
    let phone = at("/contacts/0/wa_id").expect("a phone");
    assert_eq!(at("/messages/0/from"), Some(phone));
    assert_eq!(at("/messages/0/context/from"), Some(format!("+{phone}").as_str()));
    assert_eq!(at("/statuses/0/recipient_id"), Some(phone));
    assert_eq!(at("/messages/0/id"), at("/statuses/0/id"));
    assert!(at("/messages/0/text/body").is_some_and(|text| text.ends_with(phone)));
    let details = at("/statuses/0/errors/0/error_data/details").expect("details");
    assert_eq!(details, format!("unknown contact {phone}"));
}

/// Texts of generated bodies: a word of eight letters is nowhere again by chance.
fn words(tree: &Tree) -> Vec<String> {
    let is_word = |text: &&str| text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    let leaves = tree.leaves().into_iter();
    let personal = leaves
        .filter(|leaf| leaf.route().last().is_some_and(|key| matches!(*key, "body" | "name" | "caption" | "text")));
    personal.map(|leaf| leaf.literal.trim_matches('"').to_owned()).filter(|text| is_word(&text.as_str())).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_text_of_a_generated_body_comes_through(body in prop_oneof![generate::cloud(Manners::Wild), generate::flat(Manners::Wild)]) {
        let other = redacted(&body);
        for word in words(&Tree::read(&body)) {
            prop_assert!(!other.contains(&word), "{} in {}", word, other);
        }
        for phone in ["15550102001", "15550102002", "5511955501020", "13550102001", "9955010200"] {
            prop_assert!(!other.contains(phone), "{} in {}", phone, other);
        }
    }
}
