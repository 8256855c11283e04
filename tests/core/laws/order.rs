//! Law 6: what stays in an object stays in its order. That literals survive is part of the other
//! laws, which compare them as they are written.

use super::other;
use super::same_format::format_of;
use crate::translation::say;
use crate::tree::Tree;

/// What the law has to complain about: values in their own format, items in the other.
pub(crate) fn complaints(text: &str) -> Vec<String> {
    let source = Tree::read(text);
    let format = format_of(text);
    let own = say(text, format).bodies;
    let pairs = own.iter().flat_map(|body| values(&source).into_iter().zip(values(body)));
    let mut complaints: Vec<String> = pairs.flat_map(|(before, after)| disorder(before, after)).collect();
    let translated: Vec<Tree> = say(text, other(format)).bodies;
    let found: Vec<(&str, &Tree)> = translated.iter().flat_map(items_by_id).collect();
    for (id, item) in items_by_id(&source) {
        let same_id = found.iter().filter(|(other, _)| *other == id);
        complaints.extend(same_id.flat_map(|(_, other)| disorder(item, other)));
    }
    complaints
}

/// The same for the whole body in its own format, with the envelope around the values.
pub(crate) fn envelope_complaints(text: &str) -> Vec<String> {
    let source = Tree::read(text);
    say(text, format_of(text)).bodies.iter().flat_map(|body| disorder(&source, body)).collect()
}

/// The values of a Cloud body's changes; a flat body is its own value.
fn values(body: &Tree) -> Vec<&Tree> {
    let changes = body.items("entry").iter().flat_map(|entry| entry.items("changes"));
    let flat = Some(body).filter(|body| body.get("entry").is_none());
    changes.filter_map(|change| change.get("value")).chain(flat).collect()
}

/// The items of a body that have an id, wherever its envelope holds them.
fn items_by_id(body: &Tree) -> Vec<(&str, &Tree)> {
    let lists = |value| ["messages", "statuses"].into_iter().flat_map(move |list| Tree::items(value, list));
    let items = values(body).into_iter().flat_map(lists);
    items.filter_map(|item| Some((item.get("id")?.string()?, item))).collect()
}

/// Objects whose common keys stand in another order, at any depth.
fn disorder(before: &Tree, after: &Tree) -> Vec<String> {
    match (before, after) {
        (Tree::Object(old), Tree::Object(new)) => {
            let common = |members: &[(String, Tree)], other: &Tree| -> Vec<String> {
                let keys = members.iter().map(|(key, _)| key);
                keys.filter(|key| other.get(key).is_some()).cloned().collect()
            };
            let (was, is) = (common(old, after), common(new, before));
            if was != is {
                return vec![format!("the keys {was:?} became {is:?}")];
            }
            old.iter().filter_map(|(key, value)| Some(disorder(value, after.get(key)?))).flatten().collect()
        }
        (Tree::List(old), Tree::List(new)) if old.len() == new.len() => {
            old.iter().zip(new).flat_map(|(old, new)| disorder(old, new)).collect()
        }
        _ => Vec::new(),
    }
}
