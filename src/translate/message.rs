//! `messages[]`. A new message type of the Cloud needs nothing here: it is said as `unknown` with
//! its content carried, unless [`FLAT_TYPES`] has it.

use super::error;
use super::error_codes::{self, Place};
use super::loss::LossCode;
use super::message_id;
use super::phone::{self, SENDER};
use super::{Scope, media, status, system};
use crate::format::message_id::Spelling;
use crate::json::{Node, Object, Path};

/// The types the On-Premises client had.
pub(crate) const FLAT_TYPES: [&str; 16] = [
    "text",
    "image",
    "document",
    "audio",
    "voice",
    "video",
    "sticker",
    "location",
    "contacts",
    "button",
    "interactive",
    "order",
    "system",
    "reaction",
    "ephemeral",
    "unknown",
];

/// What the client said of a type it did not know.
const UNKNOWN_TYPE: u32 = 501;

/// What a message of the Cloud is in the flat format.
pub(super) enum Down<'a> {
    Message(Node<'a>),
    /// A revocation: there it is the status `deleted` of what was revoked.
    Status(Node<'a>),
    /// Left out, and in the loss list.
    Nothing,
}

/// Into the flat format; `lone` is the user id of the only contact beside it.
pub(super) fn down<'a>(
    mut node: Node<'a>,
    lone: Option<&Node<'a>>,
    path: &Path<'_>,
    scope: &mut Scope<'_, 'a>,
) -> Down<'a> {
    let Some(message) = node.open() else { return Down::Message(node) };
    if phone::down(message, &SENDER, lone, scope.rules.without_phone).is_err() {
        scope.ledger.lose(path, LossCode::WithoutPhone, node);
        return Down::Nothing;
    }
    if revoked(message) {
        revocation(message, path, scope);
        return Down::Status(node);
    }
    message_id::in_message(message, Spelling::OnPremises, scope.rules.message_ids);
    error::list_down(message, Place::Elsewhere, path, &mut scope.ledger);
    identity_timestamp(message);
    media::hashes_down(message);
    type_down(message, path, scope);
    Down::Message(node)
}

fn type_down<'a>(message: &mut Object<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>) {
    let Some(kind) = message.get("type").cloned() else { return };
    match kind.text().as_deref() {
        Some("audio") => media::audio_down(message),
        Some("system") => system::down(message),
        Some("unsupported") => message.set("type", Node::literal("\"unknown\"")),
        Some(known) if FLAT_TYPES.contains(&known) => {}
        Some(_) | None => unknown_type(message, kind, path, scope),
    }
}

/// A type the flat format never had, said as the client said it; its content object is carried.
fn unknown_type<'a>(message: &mut Object<'a>, kind: Node<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>) {
    let Some(word) = kind.escaped() else { return };
    let mut error = Object::with_capacity(3);
    error.push("code", Node::Raw(UNKNOWN_TYPE.to_string().into()));
    error.push("title", Node::string(error_codes::on_premises_title(UNKNOWN_TYPE).unwrap_or_default()));
    error.push("details", Node::Raw(format!("\"Cloud API message type {word}\"").into()));
    match message.get_mut("errors") {
        None => message.push("errors", Node::List(vec![error.into()])),
        Some(errors) => {
            if let Some(list) = errors.open_list() {
                list.push(error.into());
            }
        }
    }
    scope.ledger.lose(&path.word("type"), LossCode::MessageType, kind);
    message.set("type", Node::literal("\"unknown\""));
}

/// Consumers of the flat format demand a number here.
fn identity_timestamp(message: &mut Object<'_>) {
    let Some(identity) = message.open("identity") else { return };
    let digits = identity.get("created_timestamp").and_then(Node::escaped).map(str::to_owned);
    let is_number = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
    };
    if let Some(digits) = digits.filter(|text| is_number(text)) {
        identity.set("created_timestamp", Node::Raw(digits.into()));
    }
}

/// Whether this is a revocation that a status can say.
pub(super) fn revoked(message: &mut Object<'_>) -> bool {
    message.get("type").is_some_and(|kind| kind.is("revoke"))
        && !["status", "recipient_id"].iter().any(|taken| message.has(taken))
        && message.open("revoke").is_some_and(|revoke| revoke.filled("original_message_id").is_some())
}

fn revocation<'a>(message: &mut Object<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>) {
    if let Some(id) = message.get("id").cloned() {
        scope.ledger.lose(&path.word("id"), LossCode::RevokeId, id);
    }
    if let Some(original) = message.open("revoke").and_then(|revoke| revoke.remove("original_message_id")) {
        message.set("id", original);
    }
    if message.get("revoke").and_then(Node::object).is_some_and(Object::is_empty) {
        message.remove("revoke");
    }
    message.remove("type");
    message.push("status", Node::literal("\"deleted\""));
    message.rename("from", "recipient_id");
    message_id::in_message(message, Spelling::OnPremises, scope.rules.message_ids);
    status::into_flat_words(message, path, scope);
}

/// Into the Cloud's format; `lone` as in [`down`].
pub(super) fn up<'a>(
    mut node: Node<'a>,
    lone: Option<&Node<'a>>,
    path: &Path<'_>,
    scope: &mut Scope<'_, 'a>,
) -> Node<'a> {
    let Some(message) = node.open() else { return node };
    message.rename("from_bsuid", SENDER.user_id);
    phone::up(message, &SENDER, lone);
    message_id::in_message(message, Spelling::Cloud, scope.rules.message_ids);
    error::list_up(message, path, &mut scope.ledger);
    media::hashes_up(message);
    let kind = message.text("type").map(std::borrow::Cow::into_owned);
    match kind.as_deref() {
        Some("voice") => media::audio_up(message, true),
        Some("audio") => media::audio_up(message, false),
        Some("system") => system::up(message),
        Some("unknown") => message.set("type", Node::literal("\"unsupported\"")),
        Some(_) | None => {}
    }
    node
}
