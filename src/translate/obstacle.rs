//! What a target format never had: asked before a translation, by those who would rather set such
//! events aside than say them in other words.

use super::contacts::lone_user_id;
use super::message::{FLAT_TYPES, revoked};
use super::phone::{RECIPIENT, SENDER, UserKeys};
use crate::format::{Document, Format};
use crate::json::{Node, Object};

/// Why an event has no full counterpart in a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The platform withheld the phone number, and the format has no other name for a user.
    WithoutPhone,
    /// The format never had a message of this type, or a status of this name.
    Unknown,
}

/// The types the Cloud API sends, and those that become one of them.
const CLOUD_TYPES: [&str; 19] = [
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "button",
    "interactive",
    "order",
    "reaction",
    "system",
    "unsupported",
    "unknown",
    "request_welcome",
    "edit",
    "revoke",
];
const FLAT_INTERACTIVE: [&str; 3] = ["button_reply", "list_reply", "nfm_reply"];
/// `played` is said as `read`.
const FLAT_STATUSES: [&str; 8] = ["sending", "sent", "delivered", "read", "played", "failed", "deleted", "warning"];
const CLOUD_STATUSES: [&str; 5] = ["sent", "delivered", "read", "played", "failed"];

/// The obstacle of each message and status of a document, where it has one: body by body, messages
/// before statuses. Nothing is in the way into the format it came in, nor into normalized events.
#[must_use]
pub fn obstacles(document: &Document<'_>, to: Format) -> Vec<Option<Obstacle>> {
    let from = document.format();
    let of_body = |body: &Object<'_>| {
        let lone_user_id = lone_user_id(body).is_some();
        let messages = body.items("messages").iter().map(move |item| of_message(item, lone_user_id, from, to));
        let statuses = body.items("statuses").iter().map(move |item| of_status(item, from, to));
        messages.chain(statuses).collect::<Vec<_>>()
    };
    document.bodies().flat_map(of_body).collect()
}

fn of_message(node: &Node<'_>, lone_user_id: bool, from: Format, to: Format) -> Option<Obstacle> {
    let message = node.object()?;
    match (from, to) {
        (Format::Cloud, Format::OnPremises) if is_withheld(message, &SENDER, lone_user_id) => {
            Some(Obstacle::WithoutPhone)
        }
        (Format::Cloud, Format::OnPremises) => (!is_flat(message)).then_some(Obstacle::Unknown),
        (Format::OnPremises, Format::Cloud) => (!has_word(message, "type", &CLOUD_TYPES)).then_some(Obstacle::Unknown),
        _ => None,
    }
}

fn of_status(node: &Node<'_>, from: Format, to: Format) -> Option<Obstacle> {
    let status = node.object()?;
    let known: &[&str] = match (from, to) {
        (Format::Cloud, Format::OnPremises) if is_withheld(status, &RECIPIENT, false) => {
            return Some(Obstacle::WithoutPhone);
        }
        (Format::Cloud, Format::OnPremises) => &FLAT_STATUSES,
        (Format::OnPremises, Format::Cloud) => &CLOUD_STATUSES,
        _ => return None,
    };
    // Both formats had statuses of payments, with words of their own.
    let is_payment = status.get("type").is_some_and(|kind| kind.is("payment"));
    (!is_payment && !has_word(status, "status", known)).then_some(Obstacle::Unknown)
}

fn is_withheld(item: &Object<'_>, keys: &UserKeys, lone_user_id: bool) -> bool {
    item.lacks(keys.phone) && (lone_user_id || item.filled(keys.user_id).is_some())
}

fn is_flat(message: &Object<'_>) -> bool {
    let is = |kind| message.get("type").is_some_and(|word| word.is(kind));
    if is("interactive") {
        let mut inner = message.get("interactive").cloned();
        return inner.as_mut().and_then(Node::open).is_none_or(|inner| has_word(inner, "type", &FLAT_INTERACTIVE));
    }
    is("unsupported") || has_word(message, "type", &FLAT_TYPES) || (is("revoke") && revoked(&mut message.clone()))
}

/// Whether a word is one of those known; one that is missing is not unknown.
fn has_word(item: &Object<'_>, key: &str, known: &[&str]) -> bool {
    item.get(key).is_none_or(|word| known.iter().any(|known| word.is(known)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::novelty::novelties;

    fn found(body: &str, to: Format) -> Vec<Option<Obstacle>> {
        obstacles(&Document::read(body.as_bytes(), None).expect("readable"), to)
    }

    /// A Cloud body with these members beside its metadata.
    fn cloud(members: &str) -> String {
        format!(r#"{{"entry":[{{"id":"5","changes":[{{"field":"messages","value":{{{members}}}}}]}}]}}"#)
    }

    #[test]
    fn what_the_flat_format_never_had() {
        let say =
            |message: &str| found(&cloud(&format!(r#""messages":[{{"from":"1",{message}}}]"#)), Format::OnPremises);
        for known in [
            r#""type":"text""#,
            r#""type":"audio""#,
            r#""type":"unsupported""#,
            r#""type":"reaction""#,
            r#""type":"interactive","interactive":{"type":"button_reply"}"#,
            r#""type":"revoke","revoke":{"original_message_id":"a"}"#,
            r#""id":"without a type""#,
        ] {
            assert_eq!(say(known), [None], "{known}");
        }
        for unknown in [
            r#""type":"poll_creation""#,
            r#""type":"request_welcome""#,
            r#""type":"interactive","interactive":{"type":"call_permission_reply"}"#,
            r#""type":"revoke""#,
            r#""type":7"#,
        ] {
            assert_eq!(say(unknown), [Some(Obstacle::Unknown)], "{unknown}");
        }
    }

    #[test]
    fn whose_phone_is_withheld() {
        let withheld = Some(Obstacle::WithoutPhone);
        let to = Format::OnPremises;
        assert_eq!(found(&cloud(r#""messages":[{"from_user_id":"US.1","type":"text"}]"#), to), [withheld]);
        assert_eq!(found(&cloud(r#""contacts":[{"user_id":"US.1"}],"messages":[{"type":"text"}]"#), to), [withheld]);
        assert_eq!(found(&cloud(r#""messages":[{"type":"text"}]"#), to), [None]);
        let status =
            r#""statuses":[{"status":"sent","recipient_user_id":"US.1"},{"status":"sent","recipient_id":"1"}]"#;
        assert_eq!(found(&cloud(status), to), [withheld, None]);
    }

    #[test]
    fn statuses_by_the_words_of_each_side() {
        let cloud_status = |word: &str| cloud(&format!(r#""statuses":[{{"status":"{word}","recipient_id":"1"}}]"#));
        let flat_status = |word: &str| format!(r#"{{"statuses":[{{"status":"{word}","recipient_id":"1"}}]}}"#);
        for (word, down, up) in [("played", None, None), ("deleted", None, Some(Obstacle::Unknown))] {
            assert_eq!(found(&cloud_status(word), Format::OnPremises), [down], "{word}");
            assert_eq!(found(&flat_status(word), Format::Cloud), [up], "{word}");
        }
        assert_eq!(found(&cloud_status("telepathy"), Format::OnPremises), [Some(Obstacle::Unknown)]);
        for same in [found(&cloud_status("x"), Format::Cloud), found(&flat_status("x"), Format::Normalized)] {
            assert_eq!(same, [None]);
        }
    }

    #[test]
    fn no_word_of_these_lists_is_news() {
        for word in CLOUD_TYPES.into_iter().chain(FLAT_TYPES) {
            let body = cloud(&format!(r#""messages":[{{"type":"{word}"}}]"#));
            assert_eq!(novelties(&Document::read(body.as_bytes(), None).expect("readable")), [], "{word}");
        }
        for word in CLOUD_STATUSES.into_iter().chain(FLAT_STATUSES) {
            let body = cloud(&format!(r#""statuses":[{{"status":"{word}"}}]"#));
            assert_eq!(novelties(&Document::read(body.as_bytes(), None).expect("readable")), [], "{word}");
        }
    }
}
