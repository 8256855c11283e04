//! The envelope of the Cloud API: `{object, entry: [{id, time, changes: [{field, value}]}]}`.
//!
//! Several entries (accounts), changes and items may come in one body. Only the value of a
//! `messages` change is opened further; any other field is one of the Business Management fields or
//! one of tomorrow's, and stays as it stands.

use super::on_premises::has_items;
use crate::json::{Frame, Node, Object};

/// `object` of every WhatsApp webhook.
pub const OBJECT: &str = "whatsapp_business_account";

/// A Cloud body.
#[derive(Debug, Clone)]
pub struct Body<'a> {
    /// The members beside `entry`.
    pub frame: Frame<'a>,
    /// One for each account.
    pub entries: Vec<Entry<'a>>,
}

/// What one account reports.
#[derive(Debug, Clone)]
pub enum Entry<'a> {
    /// An entry as it should be.
    Known {
        /// The members beside `changes`: `id`, perhaps `time`.
        frame: Frame<'a>,
        /// Its changes.
        changes: Vec<Change<'a>>,
    },
    /// No object, or one without a list of changes.
    Stray(Node<'a>),
}

/// One change of one account.
#[derive(Debug, Clone)]
pub enum Change<'a> {
    /// A change as it should be.
    Known {
        /// The members beside `value`: `field`.
        frame: Frame<'a>,
        /// What changed.
        value: Option<Node<'a>>,
    },
    /// No object.
    Stray(Node<'a>),
}

impl<'a> Body<'a> {
    /// Takes the envelope apart.
    #[must_use]
    pub fn new(root: Object<'a>) -> Self {
        let (frame, entries) = Frame::around("entry", root);
        let entries = match entries {
            Some(Node::List(entries)) => entries.into_iter().map(Entry::new).collect(),
            _ => Vec::new(),
        };
        Self { frame, entries }
    }

    /// The values of its changes, as far as they are objects.
    pub fn values(&self) -> impl Iterator<Item = &Object<'a>> {
        self.entries.iter().flat_map(Entry::changes).filter_map(Change::value)
    }

    /// The business's phone number, where its first change names it.
    #[must_use]
    pub fn display_phone_number(&self) -> Option<String> {
        let mut metadata = self.values().next()?.get("metadata")?.clone();
        let phone = metadata.open()?.text("display_phone_number")?.into_owned();
        Some(phone).filter(|phone| phone.contains(|c: char| c.is_ascii_digit()))
    }

    /// The values of its changes, changeable.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Object<'a>> {
        let changes = self.entries.iter_mut().flat_map(|entry| match entry {
            Entry::Known { changes, .. } => changes.as_mut_slice(),
            Entry::Stray(_) => &mut [],
        });
        changes.filter_map(|change| match change {
            Change::Known { value: Some(Node::Object(value)), .. } => Some(value),
            Change::Known { .. } | Change::Stray(_) => None,
        })
    }

    /// Puts it together again.
    #[must_use]
    pub fn into_object(self) -> Object<'a> {
        let entries = self.entries.into_iter().map(Entry::into_node).collect();
        self.frame.close("entry", Node::List(entries))
    }
}

impl<'a> Entry<'a> {
    fn changes(&self) -> &[Change<'a>] {
        match self {
            Entry::Known { changes, .. } => changes,
            Entry::Stray(_) => &[],
        }
    }

    fn new(node: Node<'a>) -> Self {
        match node {
            Node::Object(entry) if matches!(entry.get("changes"), Some(Node::List(_))) => {
                let (frame, changes) = Frame::around("changes", entry);
                let changes = match changes {
                    Some(Node::List(changes)) => changes.into_iter().map(Change::new).collect(),
                    _ => Vec::new(),
                };
                Entry::Known { frame, changes }
            }
            node => Entry::Stray(node),
        }
    }

    /// Puts it together again.
    #[must_use]
    pub fn into_node(self) -> Node<'a> {
        match self {
            Entry::Known { frame, changes } => {
                frame.close("changes", Node::List(changes.into_iter().map(Change::into_node).collect())).into()
            }
            Entry::Stray(node) => node,
        }
    }
}

impl<'a> Change<'a> {
    fn new(node: Node<'a>) -> Self {
        match node {
            Node::Object(change) => {
                let (frame, value) = Frame::around("value", change);
                Change::Known { frame, value }
            }
            node => Change::Stray(node),
        }
    }

    /// Puts it together again.
    #[must_use]
    pub fn into_node(self) -> Node<'a> {
        match self {
            Change::Known { frame, value: Some(value) } => frame.close("value", value).into(),
            Change::Known { frame, value: None } => frame.rest.into(),
            Change::Stray(node) => node,
        }
    }

    fn value(&self) -> Option<&Object<'a>> {
        match self {
            Change::Known { value: Some(Node::Object(value)), .. } => Some(value),
            Change::Known { .. } | Change::Stray(_) => None,
        }
    }

    /// The word under `field`.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        match self {
            Change::Known { frame, .. } => frame.rest.text("field").map(std::borrow::Cow::into_owned),
            Change::Stray(_) => None,
        }
    }

    /// Whether it reports messages, statuses or errors of a number. Some examples of Meta's leave
    /// `field` out.
    #[must_use]
    pub fn is_messages(&self) -> bool {
        let Change::Known { frame, value: Some(Node::Object(value)) } = self else { return false };
        frame.rest.get("field").is_none_or(|field| field.is("messages")) && has_items(value)
    }

    /// The change by what it reports.
    #[must_use]
    pub fn report(self) -> Report<'a> {
        if !self.is_messages() {
            return Report::Other(self.into_node());
        }
        match self {
            Change::Known { frame, value: Some(Node::Object(value)) } => Report::Messages { frame, value },
            other => Report::Other(other.into_node()),
        }
    }
}

/// What a change reports.
#[derive(Debug)]
pub enum Report<'a> {
    /// Messages, statuses or errors of a number, at least one.
    Messages {
        /// The members beside `value`.
        frame: Frame<'a>,
        /// What holds them.
        value: Object<'a>,
    },
    /// Anything else: the whole change as it stood.
    Other(Node<'a>),
}

/// A body of one change of the field `messages`.
#[must_use]
pub fn wrap<'a>(account: Node<'a>, value: Object<'a>) -> Object<'a> {
    let mut change = Object::with_capacity(2);
    change.push("value", value.into());
    change.push("field", Node::literal("\"messages\""));
    let mut entry = Object::with_capacity(2);
    entry.push("id", account);
    entry.push("changes", Node::List(vec![change.into()]));
    let mut root = Object::with_capacity(2);
    root.push("object", Node::string(OBJECT));
    root.push("entry", Node::List(vec![entry.into()]));
    root
}
