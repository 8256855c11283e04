//! The ids of messages and statuses, where the operator's rule asks for the other spelling. The grammar
//! is [`format::message_id`](crate::format::message_id)'s.

use super::rules::MessageIds;
use crate::format::message_id::{Spelling, convert};
use crate::json::{Node, Object};

/// Converts the ids of a message, where a rule asks for it: its own, the one it quotes, reacts to,
/// edits or revokes.
pub(super) fn in_message(message: &mut Object<'_>, to: Spelling, rule: MessageIds) {
    if rule == MessageIds::Keep {
        return;
    }
    in_member(message, "id", to);
    let quoted = [
        ("context", "id"),
        ("reaction", "message_id"),
        ("revoke", "original_message_id"),
        ("edit", "original_message_id"),
    ];
    for (holder, key) in quoted {
        if let Some(object) = message.open(holder) {
            in_member(object, key, to);
        }
    }
}

/// Converts the id of a status, where a rule asks for it.
pub(super) fn in_status(status: &mut Object<'_>, to: Spelling, rule: MessageIds) {
    if rule == MessageIds::Convert {
        in_member(status, "id", to);
    }
}

fn in_member(object: &mut Object<'_>, key: &'static str, to: Spelling) {
    if let Some(new) = object.text(key).and_then(|id| convert(&id, to)) {
        object.set(key, Node::string(&new));
    }
}
