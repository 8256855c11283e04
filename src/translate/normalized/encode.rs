//! Bodies into events: one for each message, status and error, one for each change of another field.

use super::ITEMS;
use super::draft::Draft;
use super::words::Item;
use crate::event::Number;
use crate::format::cloud::{self, Change, Entry};
use crate::format::contact;
use crate::format::normalized::Platform;
use crate::format::on_premises;
use crate::json::{Node, Object};
use crate::translate::envelope::has_items;

/// The events of a Cloud body.
pub(in crate::translate) fn of_cloud<'a>(body: cloud::Body<'a>) -> Vec<Object<'a>> {
    let cloud::Body { mut rest, entries } = body;
    let object = rest.remove("object");
    let mut events = Vec::with_capacity(entries.len());
    for entry in entries {
        let (account, changes) = match entry {
            Entry::Known { rest, changes } if !changes.is_empty() => (rest, changes),
            stray => {
                events.push(Draft::new(Platform::Cloud, object.clone()).stray("entry", stray.into_node()));
                continue;
            }
        };
        for change in changes {
            let mut draft = Draft::new(Platform::Cloud, object.clone());
            draft.account = Some(account.clone());
            of_change(change, draft, &mut events);
        }
    }
    if let Some(first) = events.first_mut() {
        first.beside("root", rest);
    } else {
        let mut draft = Draft::new(Platform::Cloud, object).stray("body", Node::literal("[]"));
        draft.beside("root", rest);
        events.push(draft);
    }
    events.into_iter().map(Draft::finish).collect()
}

fn of_change<'a>(change: Change<'a>, mut draft: Draft<'a>, events: &mut Vec<Draft<'a>>) {
    let (mut rest, value) = match change {
        Change::Known { rest, value } => (rest, value),
        Change::Stray(node) => return events.push(draft.stray("change", node)),
    };
    draft.field = rest.remove("field");
    match value {
        Some(Node::Object(mut value)) if draft.reports_items() && has_items(&value) => {
            draft.messaging_product = value.remove("messaging_product");
            draft.number = value.remove("metadata");
            let from = events.len();
            of_items(value, &draft, events);
            if let Some(first) = events.get_mut(from) {
                first.beside("change", rest);
            }
        }
        value => {
            draft.value = value;
            draft.beside("change", rest);
            events.push(draft);
        }
    }
}

/// The events of a flat body.
pub(in crate::translate) fn of_on_premises<'a>(
    body: on_premises::Body<'a>,
    number: Option<&Number>,
) -> Vec<Object<'a>> {
    let on_premises::Body { flat, number: own } = body;
    let mut draft = Draft::new(Platform::OnPremises, None);
    if let Some(number) = own.as_ref().or(number) {
        draft.name(number);
    }
    let mut events = Vec::with_capacity(1);
    if has_items(&flat) {
        of_items(flat, &draft, &mut events);
    } else {
        draft.value = Some(flat.into());
        events.push(draft);
    }
    events.into_iter().map(Draft::finish).collect()
}

/// An event for each item of `body`; what belongs to no one item goes with the first.
fn of_items<'a>(mut body: Object<'a>, draft: &Draft<'a>, events: &mut Vec<Draft<'a>>) {
    let mut contacts = match body.get_mut("contacts") {
        Some(Node::List(contacts)) => std::mem::take(contacts),
        _ => Vec::new(),
    };
    if !contacts.is_empty() {
        body.remove("contacts");
    }
    let from = events.len();
    let mut taken = vec![false; contacts.len()];
    for (list, _) in ITEMS {
        let items = match body.get_mut(list) {
            Some(Node::List(items)) if !items.is_empty() => std::mem::take(items),
            _ => continue,
        };
        body.remove(list);
        let owners = match list {
            "errors" => vec![None; items.len()],
            _ => contact::owners(&contacts, &items),
        };
        for (node, owner) in items.into_iter().zip(owners) {
            let mut event = draft.clone();
            if let Some(owner) = owner {
                event.contact = contacts.get(owner).cloned();
                taken.get_mut(owner).into_iter().for_each(|taken| *taken = true);
            }
            events.push(if node.is_object() { event.item(Item::of_list(list), node) } else { event.stray(list, node) });
        }
    }
    let mut unowned = taken.into_iter();
    contacts.retain(|_| unowned.next() == Some(false));
    if !contacts.is_empty() {
        body.push("contacts", Node::List(contacts));
    }
    if let Some(first) = events.get_mut(from) {
        first.beside("value", body);
    }
}
