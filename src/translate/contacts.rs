//! `contacts[]` beside messages.

use super::phone::{self, CONTACT};
use super::rules::WithoutPhone;
use crate::json::{Node, Object};
use std::collections::HashSet;

/// A user id has at most 131 characters; what is longer is none, and is not copied into every message.
const USER_ID_MAX_BYTES: usize = 256;

/// The user id of the only contact, if there is only one.
pub(super) fn lone_user_id<'a>(body: &Object<'a>) -> Option<Node<'a>> {
    match body.items("contacts") {
        [Node::Object(contact)] => {
            contact.filled("user_id").filter(|id| id.escaped().is_some_and(|id| id.len() <= USER_ID_MAX_BYTES)).cloned()
        }
        _ => None,
    }
}

/// Gives contacts without a phone their user id as `wa_id`, where the rule lets it stand for one.
pub(super) fn down(body: &mut Object<'_>, rule: WithoutPhone) {
    if rule == WithoutPhone::DeadLetter {
        return;
    }
    let contacts = body.get_mut("contacts").and_then(Node::open_list);
    for contact in contacts.into_iter().flatten().filter_map(Node::open) {
        if contact.lacks(CONTACT.phone)
            && let Some(user_id) = contact.filled(CONTACT.user_id).cloned()
        {
            contact.set(CONTACT.phone, user_id);
        }
    }
}

/// Leaves out a `wa_id` that is only the user id; makes up contacts where a body brings none, since
/// consumers of the Cloud read them.
pub(super) fn up(body: &mut Object<'_>) {
    let brought = match body.get_mut("contacts") {
        None => false,
        Some(contacts) => match contacts.open_list() {
            None => true,
            Some(list) => {
                for contact in list.iter_mut().filter_map(Node::open) {
                    phone::up(contact, &CONTACT, None);
                }
                !list.is_empty()
            }
        },
    };
    if brought {
        return;
    }
    let made = made_up(body.items("messages"));
    if made.is_empty() {
        return;
    }
    body.remove("contacts");
    body.insert_before("messages", "contacts", Node::List(made));
}

/// `{"profile": {"name": ""}, "wa_id": from}` for each distinct sender.
fn made_up<'a>(messages: &[Node<'a>]) -> Vec<Node<'a>> {
    let mut known: HashSet<(&str, &str)> = HashSet::new();
    let mut made = Vec::new();
    for message in messages.iter().filter_map(Node::object) {
        if message.get("type").is_some_and(|kind| kind.is("system")) {
            continue;
        }
        let phone = message.filled("from").map(|from| ("wa_id", from));
        let sender = phone.or_else(|| message.filled("from_user_id").map(|id| ("user_id", id)));
        if let Some((key, sender)) = sender
            && known.insert((key, sender.escaped().unwrap_or_default()))
        {
            made.push(made_up_contact(key, sender.clone()));
        }
    }
    made
}

fn made_up_contact<'a>(key: &'static str, sender: Node<'a>) -> Node<'a> {
    let mut profile = Object::with_capacity(1);
    profile.push("name", Node::literal("\"\""));
    let mut contact = Object::with_capacity(2);
    contact.push("profile", profile.into());
    contact.push(key, sender);
    contact.into()
}
