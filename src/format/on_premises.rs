//! The flat body of the On-Premises client: `contacts`, `messages`, `statuses`, `errors`, each
//! optional, around nothing. It names no number; that comes from the URL or `X-WA-Account-Id`.
//! Turn.io and other providers add members at every level, which stay where they are.

use crate::event::Number;
use crate::json::{Node, Object};

/// The arrays of a flat body.
pub const LISTS: [&str; 4] = ["contacts", "messages", "statuses", "errors"];

/// Whether an object without `entry` is a flat body.
#[must_use]
pub fn is_flat(root: &Object<'_>) -> bool {
    LISTS.iter().any(|key| matches!(root.get(key), Some(Node::List(_))))
}

/// A flat body.
#[derive(Debug, Clone)]
pub struct Body<'a> {
    /// The body itself.
    pub flat: Object<'a>,
    /// The number it belongs to, where what held the body said so.
    pub number: Option<Number>,
}

impl<'a> Body<'a> {
    /// A body that says nothing of its number.
    #[must_use]
    pub const fn new(flat: Object<'a>) -> Self {
        Self { flat, number: None }
    }
}
