//! Cutting a body loses nothing: every leaf is in a piece under the same keys, every item in exactly
//! one, and all pieces together stay linear in what they were cut from.

use crate::tree::{Leaf, Tree};
use cutover::format::{By, Document, split};
use std::collections::BTreeSet;

/// What a piece may repeat: what stands around its items, and the contact of its user.
const AROUND: usize = 8_000;

/// The pieces as bodies of their own.
fn pieces(text: &str, by: By) -> Option<Vec<String>> {
    let document = Document::read(text.as_bytes(), None).ok()?;
    let print = |document| match document {
        Document::Cloud(body) => body.into_object().to_json(),
        Document::OnPremises(body) => body.flat.to_json(),
        Document::Normalized(event) => event.into_object().to_json(),
    };
    Some(split(document, by).into_iter().map(|piece| print(piece.document)).collect())
}

/// Where a leaf belongs and what it is, whatever list it was cut into.
fn leaves(text: &str) -> BTreeSet<(String, String)> {
    let tree = Tree::read(text);
    let place = |leaf: &Leaf| (leaf.route().join("/"), leaf.literal.clone());
    tree.leaves().iter().map(place).collect()
}

/// The messages and statuses, in their order.
fn items(text: &str) -> Vec<Tree> {
    let body = Tree::read(text);
    let changes = body.items("entry").iter().flat_map(|entry| entry.items("changes"));
    let is_messages = |change: &&Tree| change.get("field").is_none_or(|field| field.string() == Some("messages"));
    let values: Vec<&Tree> = changes.filter(is_messages).filter_map(|change| change.get("value")).collect();
    let holders = if body.get("entry").is_some() { values } else { vec![&body] };
    let lists = |holder: &&Tree| ["messages", "statuses"].map(|list| holder.items(list).to_vec()).concat();
    holders.iter().flat_map(lists).collect()
}

/// What the law has to complain about.
pub(crate) fn complaints(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for by in [By::Conversation, By::Event] {
        let Some(pieces) = pieces(text, by) else { continue };
        let found: BTreeSet<(String, String)> = pieces.iter().flat_map(|piece| leaves(piece)).collect();
        // The lists themselves go when all of their items are elsewhere.
        let lost = leaves(text).into_iter().filter(|leaf| !found.contains(leaf));
        complaints.extend(lost.map(|(route, literal)| format!("{by:?}: {route} = {literal} is in no piece of {text}")));
        let cut: Vec<Tree> = pieces.iter().flat_map(|piece| items(piece)).collect();
        let whole = items(text);
        if cut.len() != whole.len() || whole.iter().any(|item| !cut.contains(item)) {
            complaints.push(format!("{by:?}: {} items became {} of {text}", whole.len(), cut.len()));
        }
        if by == By::Event && cut != whole {
            complaints.push(format!("{by:?}: the order of items changed in {text}"));
        }
        let size: usize = pieces.iter().map(String::len).sum();
        let bound = 2 * text.len() + AROUND * pieces.len();
        if size > bound {
            complaints.push(format!("{by:?}: {} bytes became {size} in {} pieces", text.len(), pieces.len()));
        }
    }
    complaints
}

#[test]
fn what_is_large_is_not_copied_into_each_piece() {
    let blob = "x".repeat(50_000);
    let messages: Vec<String> = (0..300).map(|index| format!(r#"{{"from":"{index}"}}"#)).collect();
    let messages = messages.join(",");
    let changes = vec![r#"{"field":"calls","value":{}}"#; 300].join(",");
    for body in [
        format!(r#"{{"zz":"{blob}","entry":[{{"id":"{blob}","changes":[{changes}]}}]}}"#),
        format!(
            r#"{{"entry":[{{"changes":[{{"zz":"{blob}","value":{{"metadata":{{"zz":"{blob}"}},"messages":[{messages}]}}}}]}}]}}"#
        ),
        format!(r#"{{"contacts":[{{"wa_id":"1","zz":"{blob}"}}],"messages":[{messages}]}}"#),
    ] {
        let complaints = complaints(&body);
        assert!(
            complaints.is_empty(),
            "{}",
            complaints.iter().map(|text| text.chars().take(200).collect::<String>()).collect::<Vec<_>>().join("\n")
        );
    }
}

#[test]
fn a_body_of_nothing_is_one_piece() {
    for body in [r#"{"object":"whatsapp_business_account","entry":[]}"#, r#"{"entry":[{"id":"1","changes":[]}]}"#] {
        assert_eq!(pieces(body, By::Conversation).map(|pieces| pieces.len()), Some(1), "{body}");
    }
}
