//! The normalized event: CloudEvents 1.0, JSON format, one event each. `schema.json` beside this file
//! is the published schema; `translate` fills it.

use super::Unreadable;
use crate::event::{Kind, Number};
use crate::json::{Node, Object};

/// JSON Schema of the normalized event, draft 2020-12.
pub const SCHEMA: &str = include_str!("normalized/schema.json");

/// What comes before the kind in `type`.
pub const TYPE_PREFIX: &str = "whatsapp.";

/// The platform an event came from, the word under `data.platform`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// `cloud`
    Cloud,
    /// `onprem`
    OnPremises,
}

/// A normalized event.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    root: Object<'a>,
    /// Where it came from.
    pub platform: Platform,
}

/// Whether an object is an event of ours rather than a body of a platform.
#[must_use]
pub fn is_event(root: &Object<'_>) -> bool {
    root.has("specversion") && root.text("type").is_some_and(|kind| kind.starts_with(TYPE_PREFIX))
}

impl<'a> Event<'a> {
    pub(super) fn new(mut root: Object<'a>) -> Result<Self, Unreadable> {
        let refuse = |reason: &str| Err(Unreadable::NotNormalized(reason.to_owned()));
        let kind = root.text("type").and_then(|kind| Kind::named(kind.strip_prefix(TYPE_PREFIX)?));
        if kind.is_none() {
            return refuse("`type` is none of the schema's");
        }
        let Some(data) = root.open("data") else { return refuse("`data` is no object") };
        let platform = match data.text("platform").as_deref() {
            Some("cloud") => Platform::Cloud,
            Some("onprem") => Platform::OnPremises,
            _ => return refuse("`data.platform` is neither \"cloud\" nor \"onprem\""),
        };
        Ok(Self { root, platform })
    }

    /// The event as it stood.
    #[must_use]
    pub fn into_object(self) -> Object<'a> {
        self.root
    }

    /// `data`.
    #[must_use]
    pub fn into_data(self) -> Object<'a> {
        let mut root = self.root;
        match root.remove("data") {
            Some(Node::Object(data)) => data,
            _ => Object::default(),
        }
    }
}

/// The number an event names, as far as it does.
#[must_use]
pub fn number_of(data: &Object<'_>) -> Option<Number> {
    let mut data = data.clone();
    let account = data.open("account").and_then(|account| Some(account.text("id")?.into_owned()));
    let number = data.open("number")?;
    let text = |key| number.text(key).map(std::borrow::Cow::into_owned);
    Some(Number {
        name: String::new(),
        phone_number_id: text("phone_number_id"),
        display_phone_number: text("display_phone_number"),
        business_account_id: account,
    })
}
