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
