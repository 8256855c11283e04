//! An object with one member taken out, and the place it left: order of keys is kept when it is put
//! back.

use super::{Node, Object};

/// What stands around one member.
#[derive(Debug, Clone, Default)]
pub struct Frame<'a> {
    /// The other members.
    pub rest: Object<'a>,
    at: usize,
}

impl<'a> Frame<'a> {
    /// Takes a member out.
    #[must_use]
    pub fn around(key: &str, mut object: Object<'a>) -> (Self, Option<Node<'a>>) {
        match object.take(key) {
            Some((at, node)) => (Self { rest: object, at }, Some(node)),
            None => (Self::from(object), None),
        }
    }

    /// Puts a member into the place.
    #[must_use]
    pub fn close(self, key: &'static str, node: Node<'a>) -> Object<'a> {
        let mut object = self.rest;
        object.insert(self.at, key, node);
        object
    }
}

/// With the place at the end.
impl<'a> From<Object<'a>> for Frame<'a> {
    fn from(rest: Object<'a>) -> Self {
        Self { at: rest.len(), rest }
    }
}
