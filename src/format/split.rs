//! One body cut into pieces that stand alone: one for each change, conversation and kind, each still
//! a body of the format it came in.
//!
//! What belongs to no one item (errors, unknown members, contacts of nobody) stays with the first
//! piece of its change; each piece repeats the contact of its user.

use super::Document;
use super::cloud::{self, Change, Entry};
use super::contact;
use super::identity::conversation;
use super::on_premises::{self, is_outbound};
use crate::event::{Address, Kind};
use crate::json::{Frame, Member, Node, Object, REPEATED_MAX_BYTES, Shared};
use std::collections::{BTreeSet, HashMap};

/// What makes a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A group, else a user.
    Conversation,
    /// Each message and status.
    Event,
}

/// A part of a body.
#[derive(Debug, Clone)]
pub struct Piece<'a> {
    /// The part, as a body of its own.
    pub document: Document<'a>,
    /// The number it says it belongs to.
    pub address: Address,
    /// What it is about. Errors beside messages or statuses go with them.
    pub kind: Kind,
}

impl Piece<'_> {
    /// How many events of its kind it holds.
    #[must_use]
    pub fn events(&self) -> u64 {
        let list = match self.kind {
            Kind::Message => "messages",
            Kind::Status => "statuses",
            Kind::Error => "errors",
            // Copies of what the business sent stand among the messages.
            Kind::Other => "messages",
            Kind::Account | Kind::Call | Kind::Group | Kind::History => return 1,
        };
        let items = self.document.bodies().map(|body| body.items(list).len() as u64);
        items.sum::<u64>().max(1)
    }
}

impl<'a> Piece<'a> {
    /// What is left of it without the kinds nobody asked for, and how many events went.
    #[must_use]
    pub fn only(self, kinds: &[Kind]) -> (Option<Document<'a>>, u64) {
        let events = self.events();
        let mut document = self.document;
        match self.kind {
            Kind::Message | Kind::Status | Kind::Error => {
                let left_out = document.bodies_mut().map(|body| keep_kinds(body, kinds)).sum();
                let anything = document.bodies().any(on_premises::has_items);
                (anything.then_some(document), left_out)
            }
            kind if kinds.contains(&kind) => (Some(document), 0),
            _ => (None, events),
        }
    }
}

/// Leaves out items of other kinds and says how many.
fn keep_kinds(body: &mut Object<'_>, kinds: &[Kind]) -> u64 {
    let mut left_out = 0;
    for (list, kind) in on_premises::ITEMS {
        let Some(Node::List(items)) = body.get_mut(list) else { continue };
        let before = items.len();
        items.retain(|item| {
            let kind = if kind == Kind::Message && is_outbound(item) { Kind::Other } else { kind };
            kinds.contains(&kind)
        });
        left_out += before - items.len();
        if items.is_empty() && before > 0 {
            body.remove(list);
        }
    }
    left_out as u64
}

/// Cuts a body. Where nothing is to be cut the only piece is the body as it was.
#[must_use]
pub fn split(document: Document<'_>, by: By) -> Vec<Piece<'_>> {
    match document {
        Document::Cloud(body) => split_cloud(body, by),
        Document::OnPremises(body) => {
            let on_premises::Body { flat, number } = body;
            let parts = cut(flat, by).into_iter();
            let piece = |(kind, flat)| Piece {
                document: Document::OnPremises(on_premises::Body { flat, number: number.clone() }),
                address: Address { names_number: true, ..Address::default() },
                kind,
            };
            parts.map(piece).collect()
        }
        document @ Document::Normalized(_) => {
            vec![Piece { document, address: Address::default(), kind: Kind::Other }]
        }
    }
}

fn split_cloud<'a>(body: cloud::Body<'a>, by: By) -> Vec<Piece<'a>> {
    if let Some((address, kind)) = uncut(&body) {
        return vec![Piece { document: Document::Cloud(body), address, kind }];
    }
    let cloud::Body { frame, entries } = body;
    let mut root = Around::new(frame);
    let mut pieces = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry {
            Entry::Known { frame, changes } if !changes.is_empty() => {
                let account = frame.rest.text("id").map(std::borrow::Cow::into_owned);
                let mut entry = Around::new(frame);
                for change in changes {
                    let address = address(&change, account.clone());
                    for (kind, change) in cut_change(change, by) {
                        let entry = Entry::Known { frame: entry.give(), changes: vec![change] };
                        pieces.push(Piece::of(root.give(), Some(entry), address.clone(), kind));
                    }
                }
            }
            nothing => pieces.push(Piece::of(root.give(), Some(nothing), Address::default(), Kind::Other)),
        }
    }
    if pieces.is_empty() {
        pieces.push(Piece::of(root.give(), None, Address::default(), Kind::Other));
    }
    pieces
}

/// Address and kind of a body that is a piece already, as nearly all of them are: one change with at
/// most one item.
fn uncut(body: &cloud::Body<'_>) -> Option<(Address, Kind)> {
    let [Entry::Known { frame, changes }] = body.entries.as_slice() else { return None };
    let [change @ Change::Known { value: Some(Node::Object(value)), .. }] = changes.as_slice() else { return None };
    if !change.is_messages() || value.items("messages").len() + value.items("statuses").len() > 1 {
        return None;
    }
    let account = frame.rest.text("id").map(std::borrow::Cow::into_owned);
    Some((address(change, account), kind_of(value)))
}

/// What stands around the pieces of a body. Copies must not grow with the square of a hostile body:
/// what is large goes along with the first piece only.
struct Around<'a> {
    frame: Frame<'a>,
    large: bool,
    given: bool,
}

impl<'a> Around<'a> {
    fn new(frame: Frame<'a>) -> Self {
        let large = frame.rest.to_json().len() > REPEATED_MAX_BYTES;
        Self { frame, large, given: false }
    }

    fn give(&mut self) -> Frame<'a> {
        let first = !std::mem::replace(&mut self.given, true);
        if first || !self.large {
            return self.frame.clone();
        }
        // What a reader needs to tell what it has before it.
        let known = |member: &&Member<'_>| ENVELOPE.contains(&member.key.as_ref()) && is_small(&member.value);
        self.frame.rest.iter().filter(known).cloned().collect::<Object<'a>>().into()
    }
}

const ENVELOPE: [&str; 4] = ["object", "id", "time", "field"];

fn is_small(node: &Node<'_>) -> bool {
    matches!(node, Node::Raw(text) if text.len() <= REPEATED_MAX_BYTES / ENVELOPE.len())
}

impl<'a> Piece<'a> {
    fn of(frame: Frame<'a>, entry: Option<Entry<'a>>, address: Address, kind: Kind) -> Self {
        let document = Document::Cloud(cloud::Body { frame, entries: entry.into_iter().collect() });
        Self { document, address, kind }
    }
}

fn address(change: &Change<'_>, account: Option<String>) -> Address {
    let mut metadata = match change {
        Change::Known { value: Some(Node::Object(value)), .. } => value.get("metadata").cloned(),
        Change::Known { .. } | Change::Stray(_) => None,
    };
    let metadata = metadata.as_mut().and_then(Node::open);
    let text = |key| Some(metadata.as_ref()?.text(key)?.into_owned());
    let (number, display_phone_number) = (text("phone_number_id"), text("display_phone_number"));
    let names_number = number.is_some() || display_phone_number.is_some();
    Address { number, display_phone_number, account, names_number }
}

fn cut_change<'a>(change: Change<'a>, by: By) -> Vec<(Kind, Change<'a>)> {
    if !change.is_messages() {
        let kind = change.field().map_or(Kind::Other, |field| Kind::of_field(&field));
        return vec![(kind, change)];
    }
    match change {
        Change::Known { frame, value: Some(Node::Object(value)) } => {
            let mut around = Around::new(frame);
            let whole = |(kind, value): (Kind, Object<'a>)| {
                (kind, Change::Known { frame: around.give(), value: Some(value.into()) })
            };
            cut(value, by).into_iter().map(whole).collect()
        }
        other => vec![(Kind::Other, other)],
    }
}

/// Items that go together.
struct Group<'a> {
    kind: Kind,
    list: &'static str,
    items: Vec<Node<'a>>,
    /// The contacts of its users.
    contacts: BTreeSet<usize>,
}

/// Groups while they are gathered.
#[derive(Default)]
struct Groups<'a> {
    all: Vec<Group<'a>>,
    of: HashMap<(Kind, String), usize>,
}

/// Cuts contacts, messages and statuses; everything else stays with the first part.
fn cut<'a>(mut body: Object<'a>, by: By) -> Vec<(Kind, Object<'a>)> {
    let count = body.items("messages").len() + body.items("statuses").len();
    if count < 2 {
        return vec![(kind_of(&body), body)];
    }
    let contacts = body.items("contacts").to_vec();
    let mut groups = Groups::default();
    for list in ["messages", "statuses"] {
        let owners = contact::owners(&contacts, body.items(list));
        let items = match body.get_mut(list) {
            Some(Node::List(items)) => std::mem::take(items),
            _ => continue,
        };
        for (item, owner) in items.into_iter().zip(owners) {
            groups.gather(list, item, owner, by);
        }
    }
    let mut groups = groups.all;
    if let [only] = groups.as_mut_slice() {
        body.set(only.list, Node::List(std::mem::take(&mut only.items)));
        return vec![(only.kind, body)];
    }
    let emptied = ["messages", "statuses"].into_iter().filter(|list| groups.iter().any(|group| group.list == *list));
    for list in emptied {
        body.remove(list);
    }
    if !contacts.is_empty() {
        body.remove("contacts");
    }
    deal_out(body, groups, contacts)
}

/// A part for each group, with the contacts of its users.
fn deal_out<'a>(mut body: Object<'a>, groups: Vec<Group<'a>>, contacts: Vec<Node<'a>>) -> Vec<(Kind, Object<'a>)> {
    let mut owned = vec![false; contacts.len()];
    for index in groups.iter().flat_map(|group| &group.contacts) {
        if let Some(owned) = owned.get_mut(*index) {
            *owned = true;
        }
    }
    let mut nobodys: Vec<usize> = (0..contacts.len()).filter(|index| owned.get(*index) == Some(&false)).collect();
    let mut contacts: Vec<Shared<'a>> = contacts.into_iter().map(|contact| Shared::new(Some(contact))).collect();
    let mut parts: Vec<(Kind, Object<'a>)> = Vec::with_capacity(groups.len());
    for group in groups {
        let mut part = std::mem::take(&mut body);
        let own = group.contacts.into_iter().chain(nobodys.drain(..));
        let own: Vec<Node<'a>> = own.filter_map(|index| contacts.get_mut(index)?.give()).collect();
        if !own.is_empty() {
            part.push("contacts", Node::List(own));
        }
        part.push(group.list, Node::List(group.items));
        // What names the number stays with every part.
        if let Some((_, first)) = parts.first() {
            repeat_envelope(first, &mut part);
        }
        parts.push((group.kind, part));
    }
    parts
}

impl<'a> Groups<'a> {
    fn gather(&mut self, list: &'static str, item: Node<'a>, owner: Option<usize>, by: By) {
        let kind = match list {
            "messages" if is_outbound(&item) => Kind::Other,
            "messages" => Kind::Message,
            _ => Kind::Status,
        };
        let next = self.all.len();
        let at = match by {
            By::Conversation => *self.of.entry((kind, conversation(&item))).or_insert(next),
            By::Event => next,
        };
        if at == next {
            self.all.push(Group { kind, list, items: Vec::new(), contacts: BTreeSet::new() });
        }
        if let Some(group) = self.all.get_mut(at) {
            group.items.push(item);
            group.contacts.extend(owner);
        }
    }
}

fn repeat_envelope<'a>(first: &Object<'a>, part: &mut Object<'a>) {
    for key in ["metadata", "messaging_product"] {
        if let Some(value) = first.get(key).filter(|value| is_small(value)) {
            part.push_front(key, value.clone());
        }
    }
}

fn kind_of(body: &Object<'_>) -> Kind {
    match (body.items("messages"), body.items("statuses")) {
        ([item, ..], _) if is_outbound(item) => Kind::Other,
        ([_, ..], _) => Kind::Message,
        (_, [_, ..]) => Kind::Status,
        _ if !body.items("errors").is_empty() => Kind::Error,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, by: By) -> Vec<(Kind, String)> {
        let document = Document::read(text.as_bytes(), None).expect("readable");
        split(document, by).into_iter().map(|piece| (piece.kind, piece.document.to_json())).collect()
    }

    #[test]
    fn each_conversation_and_kind_is_a_piece_with_its_contact() {
        let body = r#"{"contacts":[{"wa_id":"1"},{"wa_id":"2"},{"wa_id":"9"}],"x":7,"errors":[{"code":400}],
            "messages":[{"from":"1","id":"a"},{"from":"2","id":"b"},{"from":"1","id":"c"}],"statuses":[{"id":"d","recipient_id":"1"}]}"#;
        let pieces = pieces(body, By::Conversation);
        let expected = [
            (
                Kind::Message,
                r#"{"x":7,"errors":[{"code":400}],"contacts":[{"wa_id":"1"},{"wa_id":"9"}],"messages":[{"from":"1","id":"a"},{"from":"1","id":"c"}]}"#,
            ),
            (Kind::Message, r#"{"contacts":[{"wa_id":"2"}],"messages":[{"from":"2","id":"b"}]}"#),
            (Kind::Status, r#"{"contacts":[{"wa_id":"1"}],"statuses":[{"id":"d","recipient_id":"1"}]}"#),
        ];
        let expected: Vec<(Kind, String)> = expected.map(|(kind, text)| (kind, text.to_owned())).to_vec();
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_body_of_one_conversation_stays_as_it_is() {
        let body = r#"{"messages":[{"from":"1","id":"a"},{"from":"1","id":"b"}],"contacts":[{"wa_id":"1"}]}"#;
        assert_eq!(pieces(body, By::Conversation), vec![(Kind::Message, body.to_owned())]);
        assert_eq!(pieces(body, By::Event).len(), 2);
    }

    #[test]
    fn every_piece_of_a_cloud_change_names_its_number() {
        let body = r#"{"object":"whatsapp_business_account","entry":[{"id":"5","changes":[{"field":"messages","value":{
            "metadata":{"phone_number_id":"7"},"messages":[{"from":"1"},{"from":"2"}]}}]},{"id":"6","changes":[{"field":"calls","value":{}}]}]}"#;
        let document = Document::read(body.as_bytes(), None).expect("readable");
        let addresses: Vec<_> =
            split(document, By::Conversation).into_iter().map(|piece| (piece.kind, piece.address)).collect();
        let address = |number: Option<&str>, account: &str| Address {
            number: number.map(str::to_owned),
            display_phone_number: None,
            account: Some(account.to_owned()),
            names_number: number.is_some(),
        };
        let expected = [
            (Kind::Message, address(Some("7"), "5")),
            (Kind::Message, address(Some("7"), "5")),
            (Kind::Call, address(None, "6")),
        ];
        assert_eq!(addresses, expected);
    }
}
