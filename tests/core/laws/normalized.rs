//! Law 2: from X to normalized and back gives the events of X, field by field, and every leaf of X
//! stands in one of the bodies that come back.

use super::same_format::format_of;
use crate::translation::{NUMBER, Said, say, say_each};
use crate::tree::Tree;
use cutover::format::{Document, Format};
use std::collections::BTreeSet;

/// One event: an item with the number and the account it belongs to, or what is no item as it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    Item { account: Tree, number: Option<Tree>, list: &'static str, item: Tree },
    Whole(Tree),
}

const LISTS: [&str; 3] = ["messages", "statuses", "errors"];

/// The events of a body, read without the library.
pub(crate) fn events(body: &Tree) -> Vec<Event> {
    match body.get("entry") {
        Some(Tree::List(entries)) => entries.iter().flat_map(events_of_entry).collect(),
        _ if has_items(body) => items(body, &Tree::Object(Vec::new())),
        _ => vec![Event::Whole(body.clone())],
    }
}

fn events_of_entry(entry: &Tree) -> Vec<Event> {
    let changes = entry.items("changes");
    if changes.is_empty() {
        return vec![Event::Whole(entry.clone())];
    }
    let account = entry.without(&["changes"]);
    let of_change = |change: &Tree| match change.get("value") {
        Some(value) if is_messages(change) && has_items(value) => items(value, &account),
        _ => vec![Event::Item { account: account.clone(), number: None, list: "changes", item: change.clone() }],
    };
    changes.iter().flat_map(of_change).collect()
}

fn is_messages(change: &Tree) -> bool {
    change.get("field").is_none_or(|field| field.string() == Some("messages"))
}

fn has_items(body: &Tree) -> bool {
    LISTS.iter().any(|list| !body.items(list).is_empty())
}

fn items(body: &Tree, account: &Tree) -> Vec<Event> {
    let number = body.get("metadata").filter(|_| !account.members().is_empty());
    let event = |list: &'static str, item: &Tree| Event::Item {
        account: account.clone(),
        number: number.cloned(),
        list,
        item: item.clone(),
    };
    LISTS.iter().flat_map(|list| body.items(list).iter().map(move |item| event(list, item))).collect()
}

/// What the law has to complain about.
pub(crate) fn complaints(text: &str) -> Vec<String> {
    let format = format_of(text);
    let normalized = say(text, Format::Normalized);
    let back = say_each(&normalized.texts, format);
    let source = Tree::read(text);
    let mut complaints = missing_leaves(&source, &back);
    let (wanted, found) = (events(&source), back.bodies.iter().flat_map(events).collect::<Vec<_>>());
    if wanted != found {
        complaints.push(format!("{text}\nhas the events {wanted:#?}\nbut came back with {found:#?}"));
    }
    if !normalized.losses.is_empty() || !back.losses.is_empty() {
        complaints.push(format!("{text}\nlost {:?} {:?}", normalized.losses, back.losses));
    }
    if format == Format::OnPremises {
        complaints.extend(normalized.bodies.iter().filter_map(|event| unnamed(event, text)));
    }
    complaints
}

/// A flat body names no number, so its events have to name the configured one.
fn unnamed(event: &Tree, text: &str) -> Option<String> {
    let id = event.at("/data/number/phone_number_id").and_then(Tree::string);
    (id != NUMBER.phone_number_id.as_deref()).then(|| format!("{text}\nhas an event without its number: {event:?}"))
}

fn missing_leaves(source: &Tree, back: &Said) -> Vec<String> {
    let of = |tree: &Tree| {
        let leaf = |leaf: &crate::tree::Leaf| (leaf.route().join("/"), leaf.literal.clone());
        tree.leaves().iter().map(leaf).collect::<BTreeSet<_>>()
    };
    let found: BTreeSet<_> = back.bodies.iter().flat_map(of).collect();
    of(source).difference(&found).map(|(route, literal)| format!("{route} = {literal} did not come back")).collect()
}

/// A list that does not count must not become one that does, in the body of another item.
#[test]
fn a_list_that_stands_twice_makes_no_more_events() {
    for body in [
        r#"{"messages":[{"id":"a"}],"errors":[{"code":1}],"errors":[{"code":2}]}"#,
        r#"{"statuses":[{"id":"a"}],"errors":[{"code":1}],"messages":[{"id":"b"}],"statuses":[{"id":"c"}]}"#,
    ] {
        let back = say_each(&say(body, Format::Normalized).texts, Format::OnPremises).texts;
        let items = |text: &str| -> usize {
            let Ok(Document::OnPremises(body)) = Document::read(text.as_bytes(), None) else { panic!("{text}") };
            LISTS.iter().map(|list| body.flat.items(list).len()).sum()
        };
        assert_eq!(back.iter().map(|text| items(text)).sum::<usize>(), items(body), "{body} came back as {back:?}");
    }
}

/// The last of them counts, as everywhere; the others are carried beside it.
#[test]
fn lists_that_stand_twice_come_back_in_their_order() {
    for body in [
        r#"{"messages":[{"id":"a"}],"messages":[{"id":"x"}]}"#,
        r#"{"messages":[{"id":"a"}],"messages":[{"id":"b"}],"messages":[{"id":"c"}]}"#,
        r#"{"contacts":[{"wa_id":"1"}],"contacts":[{"wa_id":"2"}],"messages":[],"messages":[{"from":"2"}]}"#,
    ] {
        let back = say_each(&say(body, Format::Normalized).texts, Format::OnPremises).texts;
        let read = |text: &str| cutover::json::compact(text);
        let last = |text: &str| text.rsplit_once("\"messages\":").map(|(_, rest)| rest.to_owned());
        let [back] = back.as_slice() else { panic!("{body} came back as {back:?}") };
        assert_eq!(read(back).len(), body.len(), "{body} came back as {back}");
        assert_eq!(last(back), last(body), "{body} came back as {back}");
    }
}
