//! Law 4: the second round trip changes nothing more, a contact made up on the way aside.

use super::other;
use super::same_format::format_of;
use crate::translation::{say, say_each};
use crate::tree::Tree;

/// What the law has to complain about: `f(g(f(x)))` against `f(x)`, for `f` into the other format.
pub(crate) fn complaints(text: &str) -> Vec<String> {
    let (home, away) = (format_of(text), other(format_of(text)));
    let once = say(text, away);
    let again = say_each(&say_each(&once.texts, home).texts, away);
    let alike = |(once, again): (&Tree, &Tree)| once == again || without_made_up(again, once) == *once;
    if once.bodies.len() == again.bodies.len() && once.bodies.iter().zip(&again.bodies).all(alike) {
        return Vec::new();
    }
    vec![format!("{text}\nis {:#?}\nbut after another round trip {:#?}", once.texts, again.texts)]
}

/// The body without its contacts, where the one before had none and all of them are made up. An
/// empty list gives way to them as well.
fn without_made_up(body: &Tree, before: &Tree) -> Tree {
    if !before.items("contacts").is_empty() || !body.items("contacts").iter().all(is_made_up) {
        return body.clone();
    }
    let Tree::Object(mut members) = body.without(&["contacts"]) else { return body.clone() };
    if let Some(empty) = before.get("contacts") {
        members.push(("contacts".to_owned(), empty.clone()));
    }
    Tree::Object(members)
}

/// Exactly `{"profile": {"name": ""}}` beside a phone, a user id, or one that stands for the other.
fn is_made_up(contact: &Tree) -> bool {
    let nameless = Tree::read(r#"{"name":""}"#);
    contact.get("profile") == Some(&nameless)
        && contact.members().iter().all(|(key, _)| ["profile", "wa_id", "user_id"].contains(&key.as_str()))
}
