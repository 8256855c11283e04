#![no_main]
//! A body in its own format stays what it is, and its items survive the way through the normalized
//! event and back.

use cutover::format::{Document, Format};
use cutover::json::{Node, Object, Shape, read, same};
use cutover::translate::{Rules, translate};
use libfuzzer_sys::fuzz_target;

const LISTS: [&str; 3] = ["messages", "statuses", "errors"];

fuzz_target!(|text: &str| {
    let Ok(document) = Document::read(text.as_bytes(), None) else { return };
    let own = document.format();
    let Some(source) = parsed(text) else { return };
    let [body] = &bodies(text, own)[..] else { panic!("not one body in its own format") };
    assert!(parsed(body).is_some_and(|body| same(&source, &body)), "changed in its own format:\n{body}");
    if own == Format::Normalized {
        return;
    }
    let events = bodies(text, Format::Normalized);
    let back: Vec<String> = events.iter().flat_map(|event| bodies(event, own)).collect();
    let deep = back.iter().chain(&events).any(|body| parsed(body).is_none());
    if deep {
        return;
    }
    let expected = items(text);
    let found: Vec<String> = back.iter().flat_map(|body| items(body)).collect();
    assert_eq!(expected.len(), found.len(), "items:\n{expected:#?}\n{found:#?}");
    for (expected, found) in expected.iter().zip(&found) {
        let equal = parsed(expected).zip(parsed(found)).is_some_and(|(a, b)| same(&a, &b));
        assert!(equal, "another item:\n{expected}\n{found}");
    }
});

/// `None` for what the event's own levels made too deep.
fn parsed(text: &str) -> Option<Node<'_>> {
    read(text, &Shape::Leaf).ok()
}

fn bodies(text: &str, to: Format) -> Vec<String> {
    translate(text.as_bytes(), None, to, Rules::default()).map_or_else(|_| Vec::new(), |translation| translation.bodies)
}

/// The messages, statuses and errors of a body, in their order.
fn items(text: &str) -> Vec<String> {
    let of = |body: &Object<'_>| -> Vec<String> {
        LISTS.iter().flat_map(|list| body.items(list)).map(Node::to_json).collect()
    };
    match Document::read(text.as_bytes(), None) {
        Ok(Document::Cloud(body)) => body.values().flat_map(of).collect(),
        Ok(Document::OnPremises(body)) => of(&body.flat),
        Ok(Document::Normalized(_)) | Err(_) => Vec::new(),
    }
}
