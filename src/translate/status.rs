//! `statuses[]`.

use super::Scope;
use super::error;
use super::error_codes::Place;
use super::loss::LossCode;
use super::message_id;
use super::phone::{self, RECIPIENT};
use crate::format::message_id::Spelling;
use crate::json::{Node, Object, Path, same};

/// Into the flat format. The recipient is written in every place where a generation of clients had
/// it, so that every generation of consumers finds its own. `None`: left out, and in the loss list.
pub(super) fn down<'a>(mut node: Node<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>) -> Option<Node<'a>> {
    let Some(status) = node.open() else { return Some(node) };
    if phone::down(status, &RECIPIENT, None, scope.rules.without_phone).is_err() {
        scope.ledger.lose(path, LossCode::WithoutPhone, node);
        return None;
    }
    into_flat_words(status, path, scope);
    Some(node)
}

/// The rows of a status whose recipient is settled.
pub(super) fn into_flat_words<'a>(status: &mut Object<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>) {
    if status.get("status").is_some_and(|word| word.is("played")) {
        scope.ledger.lose(&path.word("status"), LossCode::StatusPlayed, Node::literal("\"played\""));
        status.set("status", Node::literal("\"read\""));
    }
    repeat_recipient(status);
    if !status.has("type") {
        status.push("type", Node::literal("\"message\""));
    }
    message_id::in_status(status, Spelling::OnPremises, scope.rules.message_ids);
    error::list_down(status, Place::Status, path, &mut scope.ledger);
}

fn repeat_recipient(status: &mut Object<'_>) {
    if status.lacks("recipient_id") {
        return;
    }
    let Some(recipient) = status.get("recipient_id").cloned() else { return };
    if !status.has("message") {
        status.push("message", Object::with_capacity(1).into());
    }
    if let Some(message) = status.open("message")
        && !message.has("recipient_id")
    {
        message.push("recipient_id", recipient);
    }
}

/// Into the Cloud's format: one recipient, at the root.
pub(super) fn up<'a>(mut node: Node<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>) -> Node<'a> {
    let Some(status) = node.open() else { return node };
    settle_recipient(status, path, scope);
    if status.get("type").is_some_and(|kind| kind.is("message")) {
        status.remove("type");
    }
    phone::up(status, &RECIPIENT, None);
    message_id::in_status(status, Spelling::Cloud, scope.rules.message_ids);
    error::list_up(status, path, &mut scope.ledger);
    node
}

fn settle_recipient<'a>(status: &mut Object<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>) {
    let nested = status.open("message").and_then(|message| message.remove("recipient_id"));
    if let Some(root) = status.get_mut("recipient_id") {
        *root = without_plus(root);
    }
    let Some(nested) = nested else { return };
    if status.get("message").and_then(Node::object).is_some_and(Object::is_empty) {
        status.remove("message");
    }
    let plain = without_plus(&nested);
    match status.get("recipient_id") {
        Some(root) if !root.is_literal("\"\"") => {
            if !same(root, &plain) {
                scope.ledger.lose(&path.word("message").key("recipient_id"), LossCode::RecipientId, nested);
            }
        }
        _ => status.set("recipient_id", plain),
    }
}

fn without_plus<'a>(phone: &Node<'a>) -> Node<'a> {
    match phone.escaped().and_then(|text| text.strip_prefix('+')) {
        Some(digits) => Node::Raw(format!("\"{digits}\"").into()),
        None => phone.clone(),
    }
}
