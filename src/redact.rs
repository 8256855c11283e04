//! A body without its people: phones, names, texts and ids are replaced by keyed pseudonyms of the
//! same shape, so that it still translates as it did.
//!
//! Safe by default: what is not known to be structure (`kept`) is replaced, under unknown members
//! too. The same text gives the same pseudonym wherever it stands, and another text another one;
//! whoever has the key could turn it around. It knows nothing of files, headers and clocks.

mod cipher;
mod kept;
mod number;
mod spelling;
mod text;

use crate::json::{self, Malformed, Member, Node, Object, Shape};
use cipher::Cipher;
use kept::Scope;

/// What is neither string nor number, object nor array.
const WORDS: [&str; 3] = ["true", "false", "null"];

/// Replaces what is personal, the same way for as long as its key is the same.
#[derive(Clone)]
pub struct Redactor {
    cipher: Cipher,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
struct Place<'k> {
    key: &'k str,
    /// Of the object that holds it.
    scope: Scope,
}

impl Redactor {
    /// A redactor with this key, which may have any length.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self { cipher: Cipher::new(key) }
    }

    /// A webhook body of either format, or any other JSON, without its people.
    ///
    /// # Errors
    /// What is no JSON cannot be redacted.
    pub fn body(&self, json: &[u8]) -> Result<String, Malformed> {
        let document = json::read_bytes(json, &Shape::Leaf)?;
        let mut out = String::with_capacity(json.len());
        self.node(document, Place { key: "", scope: Scope::Plain }).write(&mut out);
        Ok(out)
    }

    /// A phone, an id or any other text that stands alone, such as a header's value; it becomes what
    /// it becomes inside a body.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        text::pseudonym(&self.cipher, text)
    }

    /// Recursion is bounded by [`json::MAX_DEPTH`], which the reader enforces.
    fn node<'a>(&self, mut node: Node<'a>, place: Place<'_>) -> Node<'a> {
        if let Some(object) = node.open() {
            return self.object(std::mem::take(object), place.scope.under(place.key)).into();
        }
        if let Some(items) = node.open_list() {
            return Node::List(std::mem::take(items).into_iter().map(|item| self.node(item, place)).collect());
        }
        let new = match (node.escaped(), node.number()) {
            (Some(escaped), _) => self.string(escaped, &node, place),
            (None, Some(literal)) => number::pseudonym(&self.cipher, literal, place.key),
            // What cannot be opened, though it was read as a whole, is not let through either.
            (None, None) if !WORDS.iter().any(|word| node.is_literal(word)) => Some("null".to_owned()),
            (None, None) => None,
        };
        new.map_or(node, |new| Node::Raw(new.into()))
    }

    fn object<'a>(&self, object: Object<'a>, scope: Scope) -> Object<'a> {
        let member = |member: Member<'a>| {
            let value = self.node(member.value, Place { key: &member.key, scope });
            let key = match kept::keeps_key(&member.key) {
                true => member.key,
                false => text::key(&self.cipher, &member.key).into(),
            };
            Member { key, value }
        };
        object.into_iter().map(member).collect()
    }

    /// The JSON of a string's pseudonym; `None` where the string stays.
    fn string(&self, escaped: &str, node: &Node<'_>, place: Place<'_>) -> Option<String> {
        let text = node.text();
        if text.as_deref().is_some_and(|text| kept::keeps_text(text, place.key, place.scope)) {
            return None;
        }
        if let Some(coordinate) = text.as_deref().and_then(|text| number::coordinate(&self.cipher, text, place.key)) {
            return Some(json::quote(&coordinate));
        }
        Some(format!("\"{}\"", text::escaped(&self.cipher, escaped, text.as_deref(), place.scope)))
    }
}
