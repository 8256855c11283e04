//! Events back into the body they came from.

use super::ITEMS;
use super::words::{self, Item};
use crate::format::cloud::{Body, Change, Entry};
use crate::format::normalized::{Event, Platform, number_of};
use crate::format::{Document, on_premises};
use crate::json::{Node, Object};

/// The platform's body around what one event tells.
pub(in crate::translate) fn source_of<'a>(event: Event<'a>) -> Document<'a> {
    let platform = event.platform;
    let mut data = event.into_data();
    let mut beside = Beside(take_object(&mut data, "beside"));
    match platform {
        Platform::OnPremises => {
            let number = number_of(&data);
            let flat = match data.remove("value") {
                Some(mut value) => value.open().cloned().unwrap_or_default(),
                None => body_of(&mut data, platform, &mut beside),
            };
            Document::OnPremises(on_premises::Body { flat: opened(flat), number })
        }
        Platform::Cloud => Document::Cloud(cloud_body(&mut data, &mut beside)),
    }
}

fn cloud_body<'a>(data: &mut Object<'a>, beside: &mut Beside<'a>) -> Body<'a> {
    let mut rest = Object::with_capacity(2);
    move_member(data, "object", &mut rest, "object");
    rest.extend(beside.take("root"));
    let mut stray = take_object(data, "stray");
    if stray.has("body") {
        return Body { frame: rest.into(), entries: Vec::new() };
    }
    if let Some(entry) = stray.remove("entry") {
        let mut body = Object::with_capacity(1);
        body.push("entry", Node::List(vec![opened_entry(entry)]));
        return Body { frame: rest.into(), ..Body::new(body) };
    }
    let account = take_object(data, "account");
    let change = match stray.remove("change") {
        Some(node) => Change::Stray(node),
        None => known_change(data, beside, stray),
    };
    let entry = Entry::Known { frame: account.into(), changes: vec![change] };
    Body { frame: rest.into(), entries: vec![entry] }
}

fn known_change<'a>(data: &mut Object<'a>, beside: &mut Beside<'a>, stray: Object<'a>) -> Change<'a> {
    let mut rest = Object::with_capacity(1);
    move_member(data, "field", &mut rest, "field");
    rest.extend(beside.take("change"));
    let has_item = !stray.is_empty() || ITEMS.iter().any(|(_, word)| data.has(word));
    if !has_item {
        return Change::Known { frame: rest.into(), value: data.remove("value") };
    }
    if !stray.is_empty() {
        data.push("stray", stray.into());
    }
    let mut value = Object::with_capacity(6);
    move_member(data, "messaging_product", &mut value, "messaging_product");
    move_member(data, "number", &mut value, "metadata");
    value.extend(body_of(data, Platform::Cloud, beside));
    Change::Known { frame: rest.into(), value: Some(opened(value).into()) }
}

/// Contacts, the one item, and what stood beside them.
fn body_of<'a>(data: &mut Object<'a>, platform: Platform, beside: &mut Beside<'a>) -> Object<'a> {
    // Of members that stand twice the last counts: what stood beside the item goes before it.
    let mut body = beside.take("value");
    let mut contacts: Vec<Node<'a>> = data.remove("contact").into_iter().collect();
    contacts.extend(beside.take_list("contacts"));
    if !contacts.is_empty() {
        body.push("contacts", Node::List(contacts));
    }
    let mut stray = take_object(data, "stray");
    for (list, word) in ITEMS {
        let said = data.remove(word).map(|node| match data.remove("as_received") {
            Some(received) => received,
            None => words::unsay(node, Item::of_list(list), platform),
        });
        if let Some(item) = said.or_else(|| stray.remove(list)) {
            body.push(list, Node::List(vec![item]));
        }
    }
    body
}

/// Opened as the reader would have opened it.
fn opened(mut body: Object<'_>) -> Object<'_> {
    for list in on_premises::LISTS {
        let items = body.get_mut(list).and_then(Node::open_list);
        for item in items.into_iter().flatten() {
            item.open();
        }
    }
    body
}

fn opened_entry(mut entry: Node<'_>) -> Node<'_> {
    if let Some(changes) = entry.open().and_then(|entry| entry.get_mut("changes")) {
        changes.open_list();
    }
    entry
}

fn take_object<'a>(data: &mut Object<'a>, key: &str) -> Object<'a> {
    let mut node = data.remove(key);
    node.as_mut().and_then(Node::open).map(std::mem::take).unwrap_or_default()
}

fn move_member<'a>(from: &mut Object<'a>, key: &str, to: &mut Object<'a>, new: &'static str) {
    if let Some(value) = from.remove(key) {
        to.push(new, value);
    }
}

/// What stood beside the item, by where it stood.
struct Beside<'a>(Object<'a>);

impl<'a> Beside<'a> {
    fn take_list(&mut self, place: &str) -> Vec<Node<'a>> {
        let mut node = self.0.remove(place);
        node.as_mut().and_then(Node::open_list).map(std::mem::take).unwrap_or_default()
    }

    fn take(&mut self, place: &str) -> Object<'a> {
        take_object(&mut self.0, place)
    }
}

/// A pointer into the body of [`source_of`] as a pointer into the event.
pub(in crate::translate) fn pointer_into_event(pointer: &str) -> String {
    /// The most particular place first; what stands nowhere else was beside the item.
    const MOVED: [(&str, &str); 18] = [
        ("/entry/0/changes/0/value/messages/0", "/data/message"),
        ("/entry/0/changes/0/value/statuses/0", "/data/status"),
        ("/entry/0/changes/0/value/errors/0", "/data/error"),
        ("/entry/0/changes/0/value/contacts", "/data/contact"),
        ("/entry/0/changes/0/value/metadata", "/data/number"),
        ("/entry/0/changes/0/value/messaging_product", "/data/messaging_product"),
        ("/entry/0/changes/0/value", "/data/beside/value"),
        ("/entry/0/changes/0/field", "/data/field"),
        ("/entry/0/changes/0", "/data/beside/change"),
        ("/entry/0", "/data/account"),
        ("/entry", "/data/stray/body"),
        ("/object", "/data/object"),
        ("/messages/0", "/data/message"),
        ("/statuses/0", "/data/status"),
        ("/errors/0", "/data/error"),
        ("/contacts", "/data/contact"),
        ("/metadata", "/data/beside/value/metadata"),
        ("", "/data/beside/root"),
    ];
    let whole_changes = ["", "/entry/0/changes/0"];
    if whole_changes.contains(&pointer) {
        return "/data".to_owned();
    }
    let below = |from: &str| pointer.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let found = MOVED.iter().find_map(|(from, to)| Some(format!("{to}{}", below(from)?)));
    found.unwrap_or_else(|| "/data".to_owned())
}

#[cfg(test)]
mod tests {
    use super::pointer_into_event;

    #[test]
    fn pointers_follow_their_members_into_the_event() {
        for (body, event) in [
            ("/entry/0/changes/0/value/messages/0/type", "/data/message/type"),
            ("/entry/0/changes/0/value/metadata", "/data/number"),
            ("/entry/0/changes/0/value/extra", "/data/beside/value/extra"),
            ("/entry/0/changes/0/extra", "/data/beside/change/extra"),
            ("/entry/0/id", "/data/account/id"),
            ("/object", "/data/object"),
            ("/object_id", "/data/beside/root/object_id"),
            ("/statuses/0/errors/0/code", "/data/status/errors/0/code"),
            ("", "/data"),
            ("/entry/0/changes/0", "/data"),
        ] {
            assert_eq!(pointer_into_event(body), event, "{body}");
        }
    }
}
