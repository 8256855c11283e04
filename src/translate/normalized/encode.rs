//! Bodies into events: one for each message, status and error, one for each change of another field.

use super::ITEMS;
use super::draft::Draft;
use super::surroundings::Surroundings;
use super::words::Item;
use crate::event::Number;
use crate::format::cloud::{self, Change, Entry};
use crate::format::contact;
use crate::format::normalized::Platform;
use crate::format::on_premises::{self, has_items};
use crate::json::{Node, Object, Shared};

/// The events of a Cloud body.
pub(in crate::translate) fn of_cloud<'a>(body: cloud::Body<'a>) -> Vec<Object<'a>> {
    let cloud::Body { frame, entries } = body;
    let mut rest = frame.rest;
    let mut around = Surroundings::new(Platform::Cloud);
    around.object = Shared::new(rest.remove("object"));
    let mut events = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry {
            Entry::Known { frame, changes } if !changes.is_empty() => {
                around.account = Shared::new(Some(frame.rest.into()));
                for change in changes {
                    of_change(change, &mut around, &mut events);
                }
            }
            stray => {
                around.account = Shared::default();
                let whole = Draft { object: around.object.give(), ..Draft::new(Platform::Cloud) };
                events.push(whole.stray("entry", stray.into_node()));
            }
        }
    }
    if events.is_empty() {
        events.push(around.draft().stray("body", Node::literal("[]")));
    }
    if let Some(first) = events.first_mut() {
        first.beside("root", rest);
    }
    events.into_iter().map(Draft::finish).collect()
}

fn of_change<'a>(change: Change<'a>, around: &mut Surroundings<'a>, events: &mut Vec<Draft<'a>>) {
    (around.field, around.messaging_product, around.number) = Default::default();
    let from = events.len();
    let reports_items = change.is_messages();
    let mut rest = match change {
        Change::Stray(node) => return events.push(around.draft().stray("change", node)),
        Change::Known { frame, value: Some(Node::Object(mut value)) } if reports_items => {
            let mut rest = frame.rest;
            around.field = Shared::new(rest.remove("field"));
            around.messaging_product = Shared::new(value.remove("messaging_product"));
            around.number = Shared::new(value.remove("metadata"));
            of_items(value, around, events);
            rest
        }
        Change::Known { frame, value } => {
            events.push(Draft { value, ..around.draft() });
            frame.rest
        }
    };
    if let Some(first) = events.get_mut(from) {
        if first.field.is_none() {
            first.field = rest.remove("field");
        }
        first.beside("change", rest);
    }
}

/// The events of a flat body.
pub(in crate::translate) fn of_on_premises<'a>(
    body: on_premises::Body<'a>,
    number: Option<&Number>,
) -> Vec<Object<'a>> {
    let on_premises::Body { flat, number: own } = body;
    let mut around = Surroundings::new(Platform::OnPremises);
    if let Some(number) = own.as_ref().or(number) {
        around.name(number);
    }
    let mut events = Vec::with_capacity(1);
    if has_items(&flat) {
        of_items(flat, &mut around, &mut events);
    } else {
        events.push(Draft { value: Some(flat.into()), ..around.draft() });
    }
    events.into_iter().map(Draft::finish).collect()
}

/// An event for each item of `body`; what belongs to no one item goes with the first.
fn of_items<'a>(mut body: Object<'a>, around: &mut Surroundings<'a>, events: &mut Vec<Draft<'a>>) {
    let contacts = take_items(&mut body, "contacts");
    let mut shared: Vec<Shared<'a>> = contacts.iter().map(|contact| Shared::new(Some(contact.clone()))).collect();
    let from = events.len();
    for (list, _) in ITEMS {
        let items = take_items(&mut body, list);
        let first = events.len();
        let owners = match list {
            "errors" => vec![None; items.len()],
            _ => contact::owners(&contacts, &items),
        };
        for (node, owner) in items.into_iter().zip(owners) {
            let contact = owner.and_then(|owner| shared.get_mut(owner)).and_then(Shared::give);
            let event = Draft { contact, ..around.draft() };
            events.push(if node.is_object() { event.item(Item::of_list(list), node) } else { event.stray(list, node) });
        }
        // A list that stands twice: the last counts, and only beside its items the other does not.
        if let Some(first) = events.get_mut(first) {
            first.beside("value", take_all(&mut body, list));
        }
    }
    let nobodys: Vec<Node<'a>> = shared.into_iter().filter_map(Shared::left).collect();
    if let Some(first) = events.get_mut(from) {
        first.beside("value", body);
        if !nobodys.is_empty() {
            first.beside.push("contacts", Node::List(nobodys));
        }
    }
}

/// Takes all members of this key out.
fn take_all<'a>(body: &mut Object<'a>, key: &str) -> Object<'a> {
    let taken = body.iter().filter(|member| member.key == key).cloned().collect();
    body.retain(|member| member.key != key);
    taken
}

/// Takes a list that holds something out; an empty one stays beside the items.
fn take_items<'a>(body: &mut Object<'a>, list: &str) -> Vec<Node<'a>> {
    if body.items(list).is_empty() {
        return Vec::new();
    }
    match body.remove(list) {
        Some(Node::List(items)) => items,
        _ => Vec::new(),
    }
}
