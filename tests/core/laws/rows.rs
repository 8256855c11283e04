//! The rows of `docs/translation.md` that move, rename, respell or leave out something without a
//! loss. Written from the document, not from the code: what is not here has to be carried.

use super::conservation::{Place, Stock, place};
use crate::error_codes::{counterparts, is_title_of};
use crate::tree::{Leaf, Step, Tree, unquoted};
use cutover::format::Format;
use data_encoding::{BASE64, HEXLOWER};

/// Whether a row explains why this leaf of `source` does not stand where it stood.
pub(super) fn explain(leaf: &Leaf, source: &Tree, to: Format, stock: &Stock) -> bool {
    let route = place(leaf);
    let holder = Holder::of(leaf, source);
    if holder.is_left_out(&route, leaf, to) {
        return true;
    }
    let mut places = vec![route.clone()];
    places.extend(holder.moves(to).iter().filter_map(|(from, to)| moved(&route, from, to)));
    let details: Vec<Place> = places.iter().flat_map(|place| error_details(place, to)).collect();
    places.extend(details);
    // What was empty and got members or items by a row.
    let grew = |place: &Place| stock.keys().any(|(found, _)| found.len() > place.len() && found.starts_with(place));
    if ["{}", "[]"].contains(&leaf.literal.as_str()) && places.iter().any(grew) {
        return true;
    }
    places.iter().any(|place| {
        let is = |literal: String| stock.contains_key(&(place.clone(), literal));
        is(leaf.literal.clone()) || respelled(&route, &leaf.literal, to).into_iter().any(is)
    }) || is_quoted_in_details(&route, &leaf.literal, &places, stock)
}

fn split(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

/// The place with its beginning changed.
fn moved(route: &[String], from: &str, to: &str) -> Option<Place> {
    let from = split(from);
    let begins = route.len() >= from.len() && route.iter().zip(&from).all(|(key, wanted)| key == wanted);
    let rest = route.get(from.len()..).unwrap_or_default();
    begins.then(|| split(to).into_iter().map(str::to_owned).chain(rest.iter().cloned()).collect())
}

/// Where the words of an error go: the Cloud's details stand in `error_data`, unless that is taken.
fn error_details(route: &[String], to: Format) -> Vec<Place> {
    let at = route.iter().take(2).position(|key| key == "errors").map_or(0, |at| at + 1);
    let (holder, inside) = route.split_at(at);
    let inside: Vec<&str> = inside.iter().map(String::as_str).collect();
    let deeper = match inside[..] {
        ["title" | "message" | "details", ref deeper @ ..] | ["error_data", "details", ref deeper @ ..] if at > 0 => {
            deeper
        }
        _ => return Vec::new(),
    };
    let under = |words: &[&str]| -> Place {
        holder.iter().map(String::as_str).chain(words.iter().chain(deeper).copied()).map(str::to_owned).collect()
    };
    match to {
        Format::OnPremises => vec![under(&["details"])],
        Format::Cloud | Format::Normalized => vec![under(&["error_data", "details"]), under(&["details"])],
    }
}

/// After a fallback the details start with the platform and the old code.
fn is_quoted_in_details(route: &[String], literal: &str, places: &[Place], stock: &Stock) -> bool {
    let Some(words) = unquoted(literal) else { return false };
    let ends = |found: &str| {
        let before = unquoted(found).and_then(|found| found.strip_suffix(words));
        before.is_some_and(|before| before.ends_with(": ") && before.contains(" error "))
    };
    route.iter().any(|key| key == "errors")
        && stock.keys().any(|(place, found)| {
            places.contains(place) && place.last().is_some_and(|key| key == "details") && ends(found)
        })
}

/// The same said in the other format's spelling.
fn respelled(route: &[String], literal: &str, to: Format) -> Vec<String> {
    let route: Vec<&str> = route.iter().map(String::as_str).collect();
    let down = to == Format::OnPremises;
    let words: &[(&str, &str)] = match route[..] {
        ["messages", "type"] if down => &[("audio", "voice"), ("unsupported", "unknown")],
        ["messages", "type"] => &[("voice", "audio"), ("unknown", "unsupported")],
        ["messages", "system", "type"] if down => &[
            ("customer_changed_number", "user_changed_number"),
            ("customer_identity_changed", "user_identity_changed"),
        ],
        ["messages", "system", "type"] => &[
            ("customer_changed_number", "user_changed_number"),
            ("user_identity_changed", "customer_identity_changed"),
        ],
        _ => &[],
    };
    let text = unquoted(literal);
    let word = words.iter().find(|(from, _)| text == Some(from)).map(|(_, to)| format!("\"{to}\""));
    let other = match (&route[..], text) {
        (["messages", _, "sha256"], Some(hash)) if down => {
            BASE64.decode(hash.as_bytes()).ok().map(|bytes| format!("\"{}\"", HEXLOWER.encode(&bytes)))
        }
        (["messages", _, "sha256"], Some(hash)) => {
            HEXLOWER.decode(hash.as_bytes()).ok().map(|bytes| format!("\"{}\"", BASE64.encode(&bytes)))
        }
        (["messages", "identity", "created_timestamp"], Some(digits)) if down => Some(digits.to_owned()),
        (["statuses", .., "recipient_id"], Some(phone)) if !down => {
            phone.strip_prefix('+').map(|phone| format!("\"{phone}\""))
        }
        _ => None,
    };
    let codes = match route[..] {
        ["errors", "code"] | [_, "errors", "code"] => codes(literal, to),
        _ => Vec::new(),
    };
    word.into_iter().chain(other).chain(codes).collect()
}

fn codes(literal: &str, to: Format) -> Vec<String> {
    let quote = if unquoted(literal).is_some() { "\"" } else { "" };
    let code = unquoted(literal).unwrap_or(literal);
    counterparts(code, to).into_iter().map(|code| format!("{quote}{code}{quote}")).collect()
}

/// What a leaf stands in.
struct Holder<'t> {
    /// The value of its change, or the flat body.
    body: Option<&'t Tree>,
    /// Its message, status, contact or error.
    item: Option<&'t Tree>,
    /// Its error, in a list of the item's own or of the body.
    error: Option<&'t Tree>,
}

impl<'t> Holder<'t> {
    fn of(leaf: &Leaf, source: &'t Tree) -> Self {
        let mut chain = vec![source];
        for step in &leaf.steps {
            let inside = chain.last().and_then(|tree| match (tree, step) {
                (Tree::Object(_), Step::Key(key)) => tree.get(key),
                (Tree::List(items), Step::Index(index)) => items.get(*index),
                _ => None,
            });
            chain.extend(inside);
        }
        let envelope = leaf.steps.len() - place_depth(leaf);
        let after = |key: &str| {
            let at = leaf.steps.iter().rposition(|step| *step == Step::Key(key.to_owned()))?;
            chain.get(at + 2).copied()
        };
        Self { body: chain.get(envelope).copied(), item: chain.get(envelope + 2).copied(), error: after("errors") }
    }

    fn word(&self, path: &str) -> &'t str {
        self.item.and_then(|item| item.at(path)).and_then(Tree::string).unwrap_or_default()
    }

    fn moves(&self, to: Format) -> Vec<(&'static str, &'static str)> {
        let mut moves = Vec::new();
        match (to, self.word("/type")) {
            (Format::OnPremises, "audio") => moves.push(("messages/audio", "messages/voice")),
            (Format::OnPremises, "revoke") => moves.extend([
                ("messages", "statuses"),
                ("messages/revoke/original_message_id", "statuses/id"),
                ("messages/from", "statuses/recipient_id"),
            ]),
            (Format::OnPremises, _) => {}
            (_, "voice") => moves.push(("messages/voice", "messages/audio")),
            _ => {}
        }
        let numbers = ["user_changed_number", "customer_changed_number"];
        match (to, self.word("/system/type")) {
            (Format::OnPremises, kind) if numbers.contains(&kind) => {
                moves.push(("messages/system/wa_id", "messages/system/new_wa_id"));
            }
            (Format::OnPremises, "customer_identity_changed") => {
                moves.push(("messages/system/customer", "messages/system/user"));
            }
            (Format::OnPremises, _) => {}
            (_, kind) if numbers.contains(&kind) => moves.push(("messages/system/new_wa_id", "messages/system/wa_id")),
            (_, "user_identity_changed") => moves.push(("messages/system/user", "messages/system/customer")),
            _ => {}
        }
        if to != Format::OnPremises {
            moves.push(("messages/from_bsuid", "messages/from_user_id"));
            moves.push(("statuses/message/recipient_id", "statuses/recipient_id"));
        }
        moves
    }

    /// Rows that leave something out.
    fn is_left_out(&self, route: &[String], leaf: &Leaf, to: Format) -> bool {
        let route: Vec<&str> = route.iter().map(String::as_str).collect();
        let literal = leaf.literal.as_str();
        let error_code = || self.error.and_then(|error| error.get("code")).and_then(Tree::literal).unwrap_or_default();
        let is_title = |text: &str| is_title_of(unquoted(error_code()).unwrap_or(error_code()), text);
        match (to, &route[..]) {
            (_, ["errors", "title" | "message"] | [_, "errors", "title" | "message"]) => {
                unquoted(literal).is_some_and(is_title)
            }
            (_, ["messages", "from"] | ["statuses", "recipient_id"] | ["contacts", "wa_id"]) if literal == "\"\"" => {
                !self.user_ids().is_empty() || self.item.is_some_and(|item| item.at("/message/recipient_id").is_some())
            }
            (Format::OnPremises, ["messages", "audio", "voice"]) => ["true", "false"].contains(&literal),
            (Format::OnPremises, ["messages", "type"]) => literal == "\"revoke\"",
            (Format::OnPremises, [.., "errors", "error_data"]) => literal == "{}",
            (Format::OnPremises, _) => false,
            (_, ["statuses", "type"]) => literal == "\"message\"",
            (_, ["messages", "from"] | ["statuses", .., "recipient_id"] | ["contacts", "wa_id"]) => {
                self.user_ids().contains(&literal)
            }
            _ => false,
        }
    }

    /// The user ids that stand beside a phone, or with the lone contact.
    fn user_ids(&self) -> Vec<&'t str> {
        let keys = ["from_user_id", "from_bsuid", "recipient_user_id", "user_id"];
        let own = keys.iter().filter_map(|key| self.item?.get(key)?.literal());
        let lone = match self.body.map(|body| body.items("contacts")) {
            Some([contact]) => contact.get("user_id").and_then(Tree::literal),
            _ => None,
        };
        own.chain(lone).collect()
    }
}

/// How many steps of a leaf are inside its body.
fn place_depth(leaf: &Leaf) -> usize {
    let in_envelope = leaf.route().starts_with(&["entry", "changes", "value"]);
    leaf.steps.len() - if in_envelope { 5 } else { 0 }
}
