//! The flat body of the On-Premises client: `contacts`, `messages`, `statuses`, `errors`, each
//! optional, around nothing. It names no number; that comes from the URL or `X-WA-Account-Id`.
//! Turn.io and other providers add members at every level, which stay where they are.

use crate::event::{Kind, Number};
use crate::json::{Node, Object};

/// The arrays of a flat body.
pub const LISTS: [&str; 4] = ["contacts", "messages", "statuses", "errors"];

/// Those that hold events, each of one kind.
pub const ITEMS: [(&str, Kind); 3] = [("messages", Kind::Message), ("statuses", Kind::Status), ("errors", Kind::Error)];

/// Whether there is any event in it.
#[must_use]
pub fn has_items(body: &Object<'_>) -> bool {
    ITEMS.iter().any(|(list, _)| !body.items(list).is_empty())
}

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

/// Whether this is Turn.io's copy of a message the business sent itself (`_vnd.v1.direction`).
#[must_use]
pub fn is_outbound(node: &Node<'_>) -> bool {
    let Some(vendor) = node.object().and_then(|message| message.get("_vnd")) else { return false };
    let mut vendor = vendor.clone();
    let version = vendor.open().and_then(|vendor| vendor.open("v1"));
    version.is_some_and(|version| version.get("direction").is_some_and(|word| word.is("outbound")))
}
