//! An event while it is put together, and its CloudEvents attributes.

use super::words::{self, Item};
use crate::event::{Direction, Kind, rfc3339};
use crate::format::contact::User;
use crate::format::identity::recipient;
use crate::format::normalized::{Platform, TYPE_PREFIX};
use crate::format::on_premises::is_outbound;
use crate::json::{Node, Object, quote, same};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// An event while it is put together.
#[derive(Debug, Clone)]
pub(super) struct Draft<'a> {
    pub(super) platform: Platform,
    pub(super) kind: Kind,
    pub(super) direction: Option<Direction>,
    pub(super) object: Option<Node<'a>>,
    pub(super) account: Option<Node<'a>>,
    pub(super) field: Option<Node<'a>>,
    pub(super) messaging_product: Option<Node<'a>>,
    pub(super) number: Option<Node<'a>>,
    pub(super) contact: Option<Node<'a>>,
    /// The item under its word, and as it was received where that differs.
    pub(super) item: Option<(&'static str, Node<'a>)>,
    pub(super) as_received: Option<Node<'a>>,
    pub(super) value: Option<Node<'a>>,
    pub(super) stray: Option<Object<'a>>,
    pub(super) beside: Object<'a>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(platform: Platform) -> Self {
        Self {
            platform,
            kind: Kind::Other,
            direction: None,
            object: None,
            account: None,
            field: None,
            messaging_product: None,
            number: None,
            contact: None,
            item: None,
            as_received: None,
            value: None,
            stray: None,
            beside: Object::default(),
        }
    }

    /// Adds members that belong to no one item, under the place where they stood.
    pub(super) fn beside(&mut self, place: &'static str, members: Object<'a>) {
        if members.is_empty() {
            return;
        }
        match self.beside.open(place) {
            Some(others) => others.extend(members),
            None => self.beside.push(place, members.into()),
        }
    }

    pub(super) fn stray(mut self, place: &'static str, node: Node<'a>) -> Self {
        let mut stray = Object::with_capacity(1);
        stray.push(place, node);
        self.stray = Some(stray);
        self
    }

    pub(super) fn item(mut self, item: Item, node: Node<'a>) -> Self {
        let outbound = item == Item::Message && is_outbound(&node);
        let (kind, word, direction) = match item {
            Item::Message if outbound => (Kind::Other, "message", Some(Direction::Outbound)),
            Item::Message => (Kind::Message, "message", Some(Direction::Inbound)),
            Item::Status => (Kind::Status, "status", None),
            Item::Error => (Kind::Error, "error", None),
        };
        let said = words::say(node.clone(), item, self.platform);
        if !same(&words::unsay(said.clone(), item, self.platform), &node) {
            self.as_received = Some(node);
        }
        (self.kind, self.direction, self.item) = (kind, direction, Some((word, said)));
        self
    }

    /// The kind and direction of a change that holds no items of ours.
    fn settle_kind(&mut self) {
        let (Some(field), Some(value)) = (self.field.as_ref().and_then(Node::text), &self.value) else { return };
        if self.item.is_none() {
            (self.kind, self.direction) = (Kind::of_field(&field), direction_of(&field, value));
        }
    }

    pub(super) fn finish(mut self) -> Object<'a> {
        self.settle_kind();
        let (id, subject, time) = (self.id(), self.subject(), self.time());
        let mut event = Object::with_capacity(8);
        event.push("specversion", Node::literal("\"1.0\""));
        event.push("id", id);
        event.push("source", Node::string(&self.source()));
        event.push("type", Node::string(&format!("{TYPE_PREFIX}{}", self.kind.label())));
        push_some(&mut event, "subject", subject);
        push_some(&mut event, "time", time);
        event.push("datacontenttype", Node::literal("\"application/json\""));
        event.push("data", self.data().into());
        event
    }

    fn data(self) -> Object<'a> {
        let user = self.user();
        let mut data = Object::with_capacity(12);
        let platform = match self.platform {
            Platform::Cloud => "\"cloud\"",
            Platform::OnPremises => "\"onprem\"",
        };
        data.push("platform", Node::literal(platform));
        push_some(&mut data, "direction", self.direction.map(|direction| Node::string(direction.label())));
        push_some(&mut data, "number", self.number);
        push_some(&mut data, "account", self.account);
        push_some(&mut data, "user", user);
        push_some(&mut data, "contact", self.contact);
        if let Some((word, item)) = self.item {
            data.push(word, item);
        }
        push_some(&mut data, "field", self.field);
        push_some(&mut data, "value", self.value);
        push_some(&mut data, "as_received", self.as_received);
        push_some(&mut data, "object", self.object);
        push_some(&mut data, "messaging_product", self.messaging_product);
        push_some(&mut data, "stray", self.stray.map(Node::from));
        if !self.beside.is_empty() {
            data.push("beside", self.beside.into());
        }
        data
    }

    /// The item's user: phone, user id, or both.
    fn user(&self) -> Option<Node<'a>> {
        let user = User::of(self.item.as_ref()?.1.object()?);
        let of_contact = |key| self.contact.as_ref().and_then(Node::object).and_then(|contact| contact.filled(key));
        let mut named = Object::with_capacity(2);
        push_some(&mut named, "phone", user.phone.cloned());
        push_some(&mut named, "user_id", user.id.or_else(|| of_contact("user_id")).cloned());
        (!named.is_empty()).then(|| named.into())
    }

    fn subject(&self) -> Option<Node<'a>> {
        let user = self.user()?;
        let user = user.object()?;
        user.get("phone").or_else(|| user.get("user_id")).cloned()
    }

    fn time(&self) -> Option<Node<'a>> {
        let stamp = match &self.item {
            Some((_, item)) => item.object()?.get("timestamp"),
            None => self.account.as_ref()?.object()?.get("time"),
        }?;
        let text = stamp.escaped().or_else(|| stamp.number())?;
        rfc3339(text).map(|time| Node::string(&time))
    }

    /// A URI reference that names the number, else the account.
    fn source(&self) -> String {
        let mut number = self.number.clone();
        let number = number.as_mut().and_then(Node::open);
        let id = number
            .as_ref()
            .and_then(|number| number.text("phone_number_id").or_else(|| number.text("display_phone_number")));
        let account = self.account.as_ref().and_then(|account| account.object()?.text("id"));
        match (id, account) {
            (Some(id), _) => format!("/whatsapp/numbers/{}", percent_encoded(&id)),
            (None, Some(account)) => format!("/whatsapp/accounts/{}", percent_encoded(&account)),
            (None, None) => "/whatsapp".to_owned(),
        }
    }

    /// Stable over redelivery: a message by its id; a status by id, status, timestamp and recipient;
    /// anything else by its bytes.
    fn id(&self) -> Node<'a> {
        let item = self.item.as_ref().and_then(|(word, item)| Some((*word, item.object()?)));
        if let Some((word, item)) = item
            && let Some(id) = item.filled("id").and_then(Node::escaped)
        {
            if word == "message" {
                return Node::Raw(format!("\"{id}\"").into());
            }
            let part =
                |key| item.get(key).and_then(|node: &Node<'_>| node.escaped().or_else(|| node.number())).unwrap_or("");
            let recipient = recipient(item);
            return Node::Raw(format!("\"{id}/{}/{}/{recipient}\"", part("status"), part("timestamp")).into());
        }
        let mut bytes = self.number.as_ref().map(Node::to_json).unwrap_or_default();
        let item = self.item.as_ref().map(|(_, item)| item);
        let parts = [self.as_received.as_ref(), self.value.as_ref(), item, self.field.as_ref()];
        for part in parts.into_iter().flatten() {
            part.write(&mut bytes);
        }
        if let Some(stray) = &self.stray {
            stray.write(&mut bytes);
        }
        if let Some(account) = &self.account {
            account.write(&mut bytes);
        }
        Node::Raw(quote(&HEXLOWER.encode(&Sha256::digest(bytes.as_bytes()))).into())
    }
}

/// Who sent what a change of another field tells, where that can be told: echoes are the business's,
/// `standby` holds either.
fn direction_of(field: &str, value: &Node<'_>) -> Option<Direction> {
    match field {
        "smb_message_echoes" | "message_echoes" => Some(Direction::Outbound),
        "standby" => {
            let mut value = value.clone();
            let standby = value.open()?.open("standby")?;
            Some(if standby.has("messages") { Direction::Inbound } else { Direction::Outbound })
        }
        _ => None,
    }
}

fn push_some<'a>(object: &mut Object<'a>, key: &'static str, value: Option<Node<'a>>) {
    if let Some(value) = value {
        object.push(key, value);
    }
}

/// As RFC 3986 wants it in a path segment.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
