//! The walk through what reading has opened. Places are chains to the root, and become text only where
//! something was found.

use super::{MAX_REPORTED, Novelty, What, known};
use crate::format::cloud::{self, Change, Entry};
use crate::format::on_premises::has_items;
use crate::json::{Node, Object, Path};

/// What was found so far.
#[derive(Default)]
pub(super) struct Search {
    found: Vec<Novelty>,
}

impl Search {
    pub(super) fn into_found(self) -> Vec<Novelty> {
        self.found
    }

    /// A Cloud body.
    pub(super) fn cloud(&mut self, body: &cloud::Body<'_>) {
        self.members(&body.frame.rest, known::is_of_root, &Path::ROOT);
        let entries = Path::ROOT.word("entry");
        for (index, entry) in body.entries.iter().enumerate() {
            let path = entries.index(index);
            match entry {
                Entry::Known { frame, changes } => {
                    self.members(&frame.rest, known::is_of_entry, &path);
                    let list = path.word("changes");
                    for (index, change) in changes.iter().enumerate() {
                        self.change(change, &list.index(index));
                    }
                }
                Entry::Stray(node) => self.opened(node, known::is_of_entry, &path),
            }
        }
    }

    /// What another field than `messages` reports has members of its own, and is not looked into.
    fn change(&mut self, change: &Change<'_>, path: &Path<'_>) {
        let Change::Known { frame, value } = change else { return };
        self.members(&frame.rest, known::is_of_change, path);
        let field = frame.rest.get("field");
        if let Some(field) = field {
            self.word(field, What::Field, known::is_field, &path.word("field"));
        }
        if let Some(Node::Object(value)) = value
            && field.map_or_else(|| has_items(value), |field| field.is("messages"))
        {
            self.body(value, &path.word("value"));
        }
    }

    /// The value of a Cloud change, or a flat body.
    pub(super) fn body(&mut self, body: &Object<'_>, path: &Path<'_>) {
        for member in body {
            let list = || member.value.list().unwrap_or_default().iter().enumerate();
            let place = path.key(&member.key);
            match member.key.as_ref() {
                "messages" => list().for_each(|(index, item)| self.message(item, &place.index(index))),
                "statuses" => list().for_each(|(index, item)| self.status(item, &place.index(index))),
                "contacts" => {
                    list().for_each(|(index, item)| self.opened(item, known::is_of_contact, &place.index(index)));
                }
                "errors" => list().for_each(|(index, item)| self.opened(item, known::is_of_error, &place.index(index))),
                key if known::is_of_body(key) => {}
                key => self.note(What::Member, &place, key),
            }
        }
    }

    fn message(&mut self, node: &Node<'_>, path: &Path<'_>) {
        let Some(message) = node.object() else { return };
        // Read once: a hostile message has many members and a long type.
        let kind = message.text("type");
        for member in message {
            match member.key.as_ref() {
                "type" => self.word(&member.value, What::MessageType, known::is_message_type, &path.word("type")),
                key if known::is_of_message(key) => {}
                // The content of a new type is no second novelty.
                key if kind.as_deref() == Some(key) => {}
                key => self.note(What::Member, &path.key(key), key),
            }
        }
    }

    fn status(&mut self, node: &Node<'_>, path: &Path<'_>) {
        let Some(status) = node.object() else { return };
        let is_payment = status.get("type").is_some_and(|kind| kind.is("payment"));
        for member in status {
            match member.key.as_ref() {
                "status" => {
                    let is_known = |word: &str| is_payment || known::is_status(word);
                    self.word(&member.value, What::Status, is_known, &path.word("status"));
                }
                key if known::is_of_status(key) => {}
                key => self.note(What::Member, &path.key(key), key),
            }
        }
    }

    fn opened(&mut self, node: &Node<'_>, is_known: fn(&str) -> bool, path: &Path<'_>) {
        if let Some(object) = node.object() {
            self.members(object, is_known, path);
        }
    }

    fn members(&mut self, object: &Object<'_>, is_known: fn(&str) -> bool, path: &Path<'_>) {
        for member in object.iter().filter(|member| !is_known(&member.key)) {
            self.note(What::Member, &path.key(&member.key), &member.key);
        }
    }

    fn word(&mut self, node: &Node<'_>, what: What, is_known: impl Fn(&str) -> bool, path: &Path<'_>) {
        if node.escaped().is_some_and(&is_known) {
            return;
        }
        // It may be written with needless escapes.
        let word = node.text().unwrap_or_default();
        if !is_known(&word) {
            self.note(what, path, &word);
        }
    }

    #[cold]
    fn note(&mut self, what: What, path: &Path<'_>, word: &str) {
        if self.found.len() < MAX_REPORTED {
            self.found.push(Novelty { what, path: path.pointer(), word: word.to_owned() });
        }
    }
}
