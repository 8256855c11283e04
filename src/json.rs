//! JSON that remembers how it was written.
//!
//! serde_json does the grammar; this module keeps what its `Value` gives up: the text of every
//! number and string, the order of members, members that stand twice. A document is opened only as
//! far as somebody asks ([`Shape`]); what is not opened stays the text it was ([`Node::Raw`]) and is
//! printed as it came. It knows nothing of WhatsApp.

mod frame;
mod object;
mod path;
mod print;
mod read;
mod same;
mod shared;

pub use frame::Frame;
pub use object::{Member, Object};
pub use path::Path;
pub use print::{compact, quote};
pub use read::{Malformed, Shape, read, read_bytes};
pub use same::same;
pub use shared::{REPEATED_MAX_BYTES, Shared};

use std::borrow::Cow;

/// How deep a value may be nested. The formats use nine levels; most parsers of consumers give up
/// somewhere between 128 and 1,000.
pub const MAX_DEPTH: usize = 128;

/// A JSON value, opened as far as it was asked for.
#[derive(Debug, Clone)]
pub enum Node<'a> {
    /// The text of a value that was not opened, exactly as it stood. Owned only when it was made
    /// here, and then it is a scalar.
    Raw(Cow<'a, str>),
    /// An opened object.
    Object(Object<'a>),
    /// An opened array.
    List(Vec<Node<'a>>),
}

impl<'a> Node<'a> {
    /// A value from JSON text known at compile time, such as `"true"` or `"\"voice\""`.
    #[must_use]
    pub const fn literal(json: &'static str) -> Self {
        Node::Raw(Cow::Borrowed(json))
    }

    /// A string value.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Node::Raw(Cow::Owned(quote(text)))
    }

    /// The text between the quotes as it was written, escapes included; `None` for anything but a
    /// string.
    #[must_use]
    pub fn escaped(&self) -> Option<&str> {
        match self {
            Node::Raw(text) => text.strip_prefix('"')?.strip_suffix('"'),
            Node::Object(_) | Node::List(_) => None,
        }
    }

    /// The string, unescaped; `None` for anything but a string, and for a string that no Rust
    /// string can hold (a lone surrogate).
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        if !self.has_escapes() {
            return self.escaped().map(Cow::Borrowed);
        }
        match self {
            Node::Raw(text) => serde_json::from_str(text).ok().map(Cow::Owned),
            Node::Object(_) | Node::List(_) => None,
        }
    }

    fn has_escapes(&self) -> bool {
        self.escaped().is_some_and(|text| text.as_bytes().contains(&b'\\'))
    }

    /// Whether this is the string `text`.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.escaped().is_some_and(|found| found == text)
            || self.has_escapes() && self.text().is_some_and(|found| found == text)
    }

    /// Whether the value's text is exactly this JSON, such as `true`.
    #[must_use]
    pub fn is_literal(&self, json: &str) -> bool {
        matches!(self, Node::Raw(text) if text == json)
    }

    /// The number's text; `None` for anything but a number.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        match self {
            Node::Raw(text) if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => Some(text),
            Node::Raw(_) | Node::Object(_) | Node::List(_) => None,
        }
    }

    /// Whether this is an object, opened or not.
    #[must_use]
    pub fn is_object(&self) -> bool {
        match self {
            Node::Raw(text) => text.starts_with('{'),
            Node::Object(_) => true,
            Node::List(_) => false,
        }
    }

    /// The items of an opened array.
    #[must_use]
    pub fn list(&self) -> Option<&[Node<'a>]> {
        match self {
            Node::List(items) => Some(items),
            Node::Raw(_) | Node::Object(_) => None,
        }
    }

    /// The opened object.
    #[must_use]
    pub fn object(&self) -> Option<&Object<'a>> {
        match self {
            Node::Object(object) => Some(object),
            Node::Raw(_) | Node::List(_) => None,
        }
    }

    /// The object, opened now if it was not yet; `None` for anything but an object.
    pub fn open(&mut self) -> Option<&mut Object<'a>> {
        if let Node::Raw(Cow::Borrowed(text)) = *self
            && text.starts_with('{')
        {
            *self = read(text, &Shape::Object(&[])).ok()?;
        }
        match self {
            Node::Object(object) => Some(object),
            Node::Raw(_) | Node::List(_) => None,
        }
    }

    /// The array, opened now if it was not yet; `None` for anything but an array.
    pub fn open_list(&mut self) -> Option<&mut Vec<Node<'a>>> {
        if let Node::Raw(Cow::Borrowed(text)) = *self
            && text.starts_with('[')
        {
            *self = read(text, &Shape::List(&Shape::Leaf)).ok()?;
        }
        match self {
            Node::List(items) => Some(items),
            Node::Raw(_) | Node::Object(_) => None,
        }
    }
}

impl<'a> From<Object<'a>> for Node<'a> {
    fn from(object: Object<'a>) -> Self {
        Node::Object(object)
    }
}
