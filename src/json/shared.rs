//! A value that several documents made from one are to hold. Copies must not grow with the square of
//! a hostile body: what is large goes with the first of them only.

use super::Node;

/// What may be repeated. A contact or the metadata of a number has some 200 bytes.
pub const REPEATED_MAX_BYTES: usize = 1024;

/// A value to be repeated.
#[derive(Debug, Clone, Default)]
pub struct Shared<'a> {
    node: Option<Node<'a>>,
    large: bool,
    given: bool,
}

impl<'a> Shared<'a> {
    /// Nothing, or something to be repeated.
    #[must_use]
    pub fn new(node: Option<Node<'a>>) -> Self {
        let large = node.as_ref().is_some_and(|node| node.to_json().len() > REPEATED_MAX_BYTES);
        Self { node, large, given: false }
    }

    /// A copy for the next document.
    pub fn give(&mut self) -> Option<Node<'a>> {
        let first = !std::mem::replace(&mut self.given, true);
        if first || !self.large { self.node.clone() } else { None }
    }

    /// It, if nobody has it yet.
    #[must_use]
    pub fn left(self) -> Option<Node<'a>> {
        self.node.filter(|_| !self.given)
    }
}
