//! By what an event is known when it comes again, and which conversation it belongs to.
//!
//! A message is known by its id; a status by id, status, timestamp and recipient; anything else by its
//! bytes. What two events share by chance must not make them one: in doubt they are two.

use super::contact::User;
use super::{Document, Piece, cloud};
use crate::event::unix_ms;
use crate::json::{Node, Object};
use sha2::{Digest, Sha256};

/// By what an event is known: part of a hash.
pub type Identity = [u8; 16];

/// The identities of a piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identities {
    /// One for each message and status, in their order; or one for all of it where it holds neither.
    pub events: Vec<Identity>,
    /// That of the errors beside messages or statuses.
    pub beside: Option<Identity>,
}

/// A message or status: which message, what of it, and when.
#[derive(Debug, Clone, Copy)]
pub struct Told<'n> {
    /// The message's id as it is written; empty without one.
    pub id: &'n str,
    /// `message`, or the word of the status.
    pub word: &'n str,
    /// When it happened, in milliseconds since 1970, where that can be told.
    pub happened_ms: Option<u64>,
}

impl<'n> Told<'n> {
    fn of(list: &str, item: &'n Node<'_>) -> Self {
        let text = |key| item.object().and_then(|item| item.get(key)?.escaped()).unwrap_or_default();
        let word = if list == "messages" { "message" } else { text("status") };
        Self { id: text("id"), word, happened_ms: happened_ms(item) }
    }
}

const ITEMS: [&str; 2] = ["messages", "statuses"];

impl<'a> Piece<'a> {
    /// Its messages and statuses, with the list each stands in.
    pub fn items(&self) -> impl Iterator<Item = (&'static str, &Node<'a>)> {
        let listed = |body| ITEMS.into_iter().flat_map(move |list| items_of(body, list));
        self.document.bodies().flat_map(listed)
    }

    /// The conversation of its first item: group, else phone, else user id; empty without a user.
    #[must_use]
    pub fn conversation(&self) -> String {
        self.items().next().map(|(_, item)| conversation(item)).unwrap_or_default()
    }

    /// Its messages and statuses, as far as a cutover is concerned.
    pub fn told(&self) -> impl Iterator<Item = Told<'_>> {
        self.items().map(|(list, item)| Told::of(list, item))
    }

    /// When its first item happened, in milliseconds since 1970, where that can be told.
    #[must_use]
    pub fn happened_ms(&self) -> Option<u64> {
        self.items().next().and_then(|(_, item)| happened_ms(item))
    }

    /// By what its events are known among those of a number.
    #[must_use]
    pub fn identities(&self, number: &str) -> Identities {
        let mut events: Vec<Identity> = self.items().map(|(list, item)| of_item(number, list, item)).collect();
        let mut errors = self.document.bodies().flat_map(|body| body.items("errors")).peekable();
        let has_errors = errors.peek().is_some();
        let of_errors = || {
            let texts: Vec<String> = errors.map(Node::to_json).collect();
            hash(number, "errors", texts.iter().map(String::as_str))
        };
        if !events.is_empty() {
            return Identities { events, beside: has_errors.then(of_errors) };
        }
        events.push(match has_errors {
            true => of_errors(),
            false => hash(number, "whole", whole(&self.document).iter().map(String::as_str)),
        });
        Identities { events, beside: None }
    }

    /// It without the messages and statuses of which `known` says so, in the order of [`Self::items`].
    #[must_use]
    pub fn without(mut self, known: &[bool]) -> Self {
        let mut known = known.iter();
        for body in self.document.bodies_mut() {
            for list in ITEMS {
                let Some(Node::List(items)) = body.get_mut(list) else { continue };
                items.retain(|_| known.next() != Some(&true));
            }
        }
        self
    }
}

fn items_of<'n, 'a>(body: &'n Object<'a>, list: &'static str) -> impl Iterator<Item = (&'static str, &'n Node<'a>)> {
    body.items(list).iter().map(move |item| (list, item))
}

/// Group, else phone, else user id; empty for an item without a user.
pub(super) fn conversation(item: &Node<'_>) -> String {
    let Some(item) = item.object() else { return String::new() };
    let user = User::of(item);
    let named = [("group", item.filled("group_id")), ("phone", user.phone), ("user", user.id)];
    let found = named.into_iter().find_map(|(what, node)| {
        let name = node?.text()?;
        Some(format!("{what} {}", name.strip_prefix('+').unwrap_or(&name)))
    });
    found.unwrap_or_default()
}

/// When an item happened, in milliseconds since 1970.
#[must_use]
pub fn happened_ms(item: &Node<'_>) -> Option<u64> {
    let stamp = item.object()?.get("timestamp")?;
    unix_ms(stamp.escaped().or_else(|| stamp.number())?)
}

/// Whom a status is about: in a group the participant.
#[must_use]
pub fn recipient<'n>(status: &'n Object<'_>) -> &'n str {
    let participant =
        ["recipient_participant_id", "recipient_participant_user_id"].into_iter().find_map(|key| status.filled(key));
    let user = User::of(status);
    participant.or(user.phone).or(user.id).and_then(Node::escaped).unwrap_or_default()
}

/// How far a status says that its message has got, for those that follow each other; with what names
/// message and recipient among those of a number.
#[must_use]
pub fn advance(number: &str, status: &Node<'_>) -> Option<(Identity, u8)> {
    let status = status.object()?;
    let word = status.text("status")?;
    let rank = ADVANCING.iter().position(|known| *known == word)?;
    let id = status.filled("id")?.escaped()?;
    Some((hash(number, "advance", [id, recipient(status)]), u8::try_from(rank).ok()?))
}

/// Each of these implies those before it. All other statuses say something else.
const ADVANCING: [&str; 4] = ["sent", "delivered", "read", "played"];

fn of_item(number: &str, list: &str, node: &Node<'_>) -> Identity {
    let named = node.object().and_then(|item| Some((item, item.filled("id")?.escaped()?)));
    match (list, named) {
        ("messages", Some((_, id))) => hash(number, "message", [id]),
        // Those of payments change without a change of these four.
        ("statuses", Some((status, id))) if !status.get("type").is_some_and(|kind| kind.is("payment")) => {
            let text = |key| {
                let value: Option<&Node<'_>> = status.get(key);
                value.and_then(|node| node.escaped().or_else(|| node.number())).unwrap_or_default()
            };
            hash(number, "status", [id, text("status"), text("timestamp"), recipient(status)])
        }
        _ => hash(number, list, [node.to_json().as_str()]),
    }
}

/// What a piece without items says, without what changes when it is sent again.
fn whole(document: &Document<'_>) -> Vec<String> {
    match document.clone() {
        Document::Cloud(body) => {
            let entry = |entry: cloud::Entry<'_>| match entry {
                cloud::Entry::Known { frame, changes } => {
                    let account = frame.rest.text("id").map(std::borrow::Cow::into_owned).unwrap_or_default();
                    let changes = changes.into_iter().map(|change| change.into_node().to_json());
                    std::iter::once(account).chain(changes).collect::<Vec<_>>()
                }
                cloud::Entry::Stray(node) => vec![node.to_json()],
            };
            body.entries.into_iter().flat_map(entry).collect()
        }
        Document::OnPremises(body) => vec![body.flat.to_json()],
        Document::Normalized(event) => vec![event.into_object().to_json()],
    }
}

fn hash<'t>(number: &'t str, what: &'t str, parts: impl IntoIterator<Item = &'t str>) -> Identity {
    let mut hash = Sha256::new();
    for part in [number, what].into_iter().chain(parts) {
        // Lengths keep "a", "bc" and "ab", "c" apart.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut identity = Identity::default();
    identity.copy_from_slice(hash.finalize().get(..16).unwrap_or(&[0; 16]));
    identity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{By, split};

    fn identities(text: &str) -> Identities {
        let document = Document::read(text.as_bytes(), None).expect("readable");
        let mut pieces = split(document, By::Conversation);
        assert_eq!(pieces.len(), 1);
        pieces.remove(0).identities("7")
    }

    #[test]
    fn the_same_event_is_known_whatever_stands_around_it() {
        let message = identities(r#"{"messages":[{"from":"1","id":"a","text":{"body":"x"}}]}"#);
        assert_eq!(message, identities(r#"{"contacts":[{}],"messages":[{"id":"a","from":"1","text":{"body":"x"}}]}"#));
        assert_ne!(message, identities(r#"{"messages":[{"from":"1","id":"b"}]}"#));
        let status = |more: &str| identities(&format!(r#"{{"statuses":[{{"id":"a","recipient_id":"1",{more}}}]}}"#));
        let read = status(r#""status":"read","timestamp":"5""#);
        assert_eq!(read, status(r#""timestamp":"5","status":"read","pricing":{}"#));
        for other in [
            r#""status":"sent","timestamp":"5""#,
            r#""status":"read","timestamp":"6""#,
            r#""status":"read","timestamp":"5","recipient_participant_id":"2""#,
            r#""status":"read","timestamp":"5","type":"payment""#,
        ] {
            assert_ne!(read, status(other), "{other}");
        }
    }

    #[test]
    fn what_has_no_id_is_known_by_its_bytes() {
        let body = |time: u32, event: &str| {
            format!(
                r#"{{"entry":[{{"id":"5","time":{time},"changes":[{{"field":"account_update","value":{{"event":"{event}"}}}}]}}]}}"#
            )
        };
        assert_eq!(identities(&body(1, "A")), identities(&body(2, "A")));
        assert_ne!(identities(&body(1, "A")), identities(&body(1, "B")));
        let beside = identities(r#"{"messages":[{"from":"1","id":"a"}],"errors":[{"code":1}]}"#);
        assert!(beside.beside.is_some() && beside.events.len() == 1);
    }
}
