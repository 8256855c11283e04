//! Law 1: decode then encode in one format gives JSON equal to the input, with nothing lost.

use crate::translation::say;
use crate::tree::Tree;
use cutover::format::{Document, Format};

/// The format that the library sees in a body.
pub(crate) fn format_of(text: &str) -> Format {
    Document::read(text.as_bytes(), None).unwrap_or_else(|reason| panic!("{reason}: {text}")).format()
}

/// What the law has to complain about.
pub(crate) fn complaints(text: &str) -> Vec<String> {
    let said = say(text, format_of(text));
    let mut complaints = Vec::new();
    if said.bodies != [Tree::read(text)] {
        complaints.push(format!("{text}\nbecame {:?}", said.texts));
    }
    if !said.losses.is_empty() {
        complaints.push(format!("{text}\nlost {:?}", said.losses));
    }
    complaints
}
