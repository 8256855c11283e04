//! The three formats a body can have, and telling them apart.
//!
//! Add a format: a file here, a variant of [`Format`], a column in the fixtures. Formats know their
//! own shape; what becomes of what on the way from one to another is [`translate`](crate::translate)'s.

pub mod cloud;
pub mod contact;
pub mod identity;
pub mod message_id;
pub mod normalized;
pub mod novelty;
pub mod on_premises;
mod split;

pub use identity::{Identities, Identity, Told};
pub use split::{By, Piece, split};

use crate::json::{self, Malformed, Node, Object, Shape};
use std::fmt;
use std::str::FromStr;

/// A format that a consumer understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `{object, entry[].changes[].value}`
    Cloud,
    /// Flat `{contacts, messages, statuses, errors}`
    OnPremises,
    /// CloudEvents with our own words in `data`
    Normalized,
}

impl Format {
    /// The word of command line, configuration and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Format::Cloud => "cloud",
            Format::OnPremises => "onprem",
            Format::Normalized => "normalized",
        }
    }
}

impl Format {
    /// The `Content-Type` of a request body in this format.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Cloud | Format::OnPremises => "application/json",
            Format::Normalized => "application/cloudevents-batch+json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.label())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let all = [Format::Cloud, Format::OnPremises, Format::Normalized];
        let found = all.into_iter().find(|format| format.label() == word);
        found.ok_or_else(|| format!("{word:?} is no format: write onprem, cloud or normalized"))
    }
}

/// Why a body as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No JSON document that can be worked on.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// JSON, but no webhook body of WhatsApp.
    #[error("neither a Cloud nor an On-Premises body: {0}")]
    NeitherShape(String),
    /// A readable body of another format than the one asked for.
    #[error("not {wanted} but {found}")]
    OtherFormat {
        /// The format asked for.
        wanted: Format,
        /// The format it has.
        found: Format,
    },
    /// A normalized event without what it takes to rebuild the source's body.
    #[error("no event of cutover's schema: {0}")]
    NotNormalized(String),
}

/// A body of one of the platforms, opened as far as its envelope.
#[derive(Debug, Clone)]
pub enum Document<'a> {
    /// From the Cloud API.
    Cloud(cloud::Body<'a>),
    /// From an On-Premises client, or a provider that speaks its format.
    OnPremises(on_premises::Body<'a>),
    /// An event of ours; the platform's body is inside.
    Normalized(normalized::Event<'a>),
}

const CHANGE: Shape = Shape::Object(&[("value", BODY)]);
/// What both formats hold inside their envelope: the flat body is the value of a Cloud change.
const BODY: Shape = Shape::Object(&[
    ("contacts", Shape::List(&Shape::Object(&[]))),
    ("messages", Shape::List(&MESSAGE)),
    ("statuses", Shape::List(&Shape::Object(&[]))),
    ("errors", Shape::List(&Shape::Object(&[]))),
]);
/// Media objects are opened at once: their hashes are respelled.
const MESSAGE: Shape = Shape::Object(&[
    ("image", Shape::Object(&[])),
    ("document", Shape::Object(&[])),
    ("audio", Shape::Object(&[])),
    ("voice", Shape::Object(&[])),
    ("video", Shape::Object(&[])),
    ("sticker", Shape::Object(&[])),
]);
static ROOT: Shape = Shape::Object(&[
    ("entry", Shape::List(&Shape::Object(&[("changes", Shape::List(&CHANGE))]))),
    ("contacts", Shape::List(&Shape::Object(&[]))),
    ("messages", Shape::List(&MESSAGE)),
    ("statuses", Shape::List(&Shape::Object(&[]))),
    ("errors", Shape::List(&Shape::Object(&[]))),
]);

impl<'a> Document<'a> {
    /// Reads a body. The envelope tells which format it is, never the ids in it; with `wanted` any
    /// other format is refused.
    ///
    /// # Errors
    /// [`Unreadable`] says why nothing can be done with it.
    pub fn read(bytes: &'a [u8], wanted: Option<Format>) -> Result<Self, Unreadable> {
        let Node::Object(root) = json::read_bytes(bytes, &ROOT)? else {
            return Err(Unreadable::NeitherShape("the document is no object".to_owned()));
        };
        let document = Self::detect(root)?;
        match wanted {
            Some(wanted) if wanted != document.format() => {
                Err(Unreadable::OtherFormat { wanted, found: document.format() })
            }
            _ => Ok(document),
        }
    }

    fn detect(root: Object<'a>) -> Result<Self, Unreadable> {
        let neither = |reason: &str| Err(Unreadable::NeitherShape(reason.to_owned()));
        match root.get("entry") {
            Some(Node::List(_)) => match root.get("object") {
                None => Ok(Document::Cloud(cloud::Body::new(root))),
                Some(object) if object.is(cloud::OBJECT) => Ok(Document::Cloud(cloud::Body::new(root))),
                Some(_) => neither("`object` is not \"whatsapp_business_account\": a webhook of another Meta product"),
            },
            Some(_) => neither("`entry` is no array"),
            None if normalized::is_event(&root) => normalized::Event::new(root).map(Document::Normalized),
            None if on_premises::is_flat(&root) => Ok(Document::OnPremises(on_premises::Body::new(root))),
            None => neither("no `entry`, and none of `contacts`, `messages`, `statuses`, `errors` is an array"),
        }
    }

    /// The objects that hold its items.
    pub fn bodies(&self) -> impl Iterator<Item = &Object<'a>> {
        let (cloud, flat) = match self {
            Document::Cloud(body) => (Some(body.values()), None),
            Document::OnPremises(body) => (None, Some(&body.flat)),
            Document::Normalized(_) => (None, None),
        };
        cloud.into_iter().flatten().chain(flat)
    }

    /// The objects that hold its items, changeable.
    pub fn bodies_mut(&mut self) -> impl Iterator<Item = &mut Object<'a>> {
        let (cloud, flat) = match self {
            Document::Cloud(body) => (Some(body.values_mut()), None),
            Document::OnPremises(body) => (None, Some(&mut body.flat)),
            Document::Normalized(_) => (None, None),
        };
        cloud.into_iter().flatten().chain(flat)
    }

    /// The document as text; what was not opened stands as it came.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self.clone() {
            Document::Cloud(body) => body.into_object().to_json(),
            Document::OnPremises(body) => body.flat.to_json(),
            Document::Normalized(event) => event.into_object().to_json(),
        }
    }

    /// The format it has.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self {
            Document::Cloud(_) => Format::Cloud,
            Document::OnPremises(_) => Format::OnPremises,
            Document::Normalized(_) => Format::Normalized,
        }
    }
}
