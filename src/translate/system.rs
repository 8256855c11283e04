//! System messages: a user's number or identity changed.

use crate::json::{Node, Object};

/// `wa_id` was `new_wa_id` until v12 of the Cloud, and always in the flat format.
pub(super) fn down(message: &mut Object<'_>) {
    let Some(system) = message.open("system") else { return };
    match kind(system) {
        Some(Change::Number) => {
            system.set("type", Node::literal("\"user_changed_number\""));
            system.rename("wa_id", "new_wa_id");
        }
        Some(Change::CloudIdentity) => {
            system.set("type", Node::literal("\"user_identity_changed\""));
            system.rename("customer", "user");
        }
        Some(Change::FlatIdentity) | None => {}
    }
}

/// The way back.
pub(super) fn up(message: &mut Object<'_>) {
    let Some(system) = message.open("system") else { return };
    match kind(system) {
        Some(Change::Number) => {
            system.set("type", Node::literal("\"user_changed_number\""));
            system.rename("new_wa_id", "wa_id");
        }
        Some(Change::FlatIdentity) => {
            system.set("type", Node::literal("\"customer_identity_changed\""));
            system.rename("user", "customer");
        }
        Some(Change::CloudIdentity) | None => {}
    }
}

enum Change {
    Number,
    CloudIdentity,
    FlatIdentity,
}

fn kind(system: &Object<'_>) -> Option<Change> {
    match system.text("type")?.as_ref() {
        "user_changed_number" | "customer_changed_number" => Some(Change::Number),
        "customer_identity_changed" => Some(Change::CloudIdentity),
        "user_identity_changed" => Some(Change::FlatIdentity),
        _ => None,
    }
}
