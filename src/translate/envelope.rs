//! Envelopes: one Cloud body against one flat body per change.

use super::error_codes::Place;
use super::loss::LossCode;
use super::message::{self, Down};
use super::{Scope, contacts, error, status};
use crate::event::Number;
use crate::format::cloud::{self, Change, Entry, Report};
use crate::format::on_premises::{self, has_items};
use crate::json::{Member, Node, Object, Path, same};
use std::collections::HashSet;

/// Members that a flat body reads as its own; an unknown member of the Cloud's root may not become one.
const RESERVED: [&str; 5] = ["contacts", "messages", "statuses", "errors", "entry"];

/// Unknown members of the root go into every flat body, as long as all these copies together stay
/// below this many bytes; else into the first. Otherwise a hostile body could grow to its square.
const COPIED_MEMBERS_MAX_BYTES: usize = 64 << 10;

/// The flat bodies of a Cloud body, in its order.
pub(super) fn down<'a>(body: cloud::Body<'a>, scope: &mut Scope<'_, 'a>) -> Vec<Object<'a>> {
    let mut top = Vec::new();
    for member in body.frame.rest {
        match member.key.as_ref() {
            "object" => scope.ledger.lose(&Path::ROOT.word("object"), LossCode::Envelope, member.value),
            _ => top.push(member),
        }
    }
    let path = Path::ROOT.word("entry");
    if body.entries.is_empty() {
        scope.ledger.lose(&path, LossCode::Envelope, Node::List(Vec::new()));
    }
    let mut bodies = Vec::with_capacity(1);
    for (index, entry) in body.entries.into_iter().enumerate() {
        entry_down(entry, &path.index(index), scope, &mut bodies);
    }
    carry_to_top(top, &mut bodies, scope);
    bodies
}

fn carry_to_top<'a>(top: Vec<Member<'a>>, bodies: &mut [Object<'a>], scope: &mut Scope<'_, 'a>) {
    if top.is_empty() {
        return;
    }
    let size =
        |member: &Member<'_>| member.key.len() + if let Node::Raw(text) = &member.value { text.len() } else { 0 };
    let bytes: usize = top.iter().map(size).sum();
    let reach = if bytes * bodies.len() <= COPIED_MEMBERS_MAX_BYTES { bodies.len() } else { 1 };
    let mut carried = vec![false; top.len()];
    for body in bodies.iter_mut().take(reach) {
        let taken: HashSet<String> = body.iter().map(|member| member.key.to_string()).collect();
        let free =
            |member: &Member<'_>| !RESERVED.contains(&member.key.as_ref()) && !taken.contains(member.key.as_ref());
        for (member, carried) in top.iter().zip(&mut carried).filter(|(member, _)| free(member)) {
            body.push_member(member.clone());
            *carried = true;
        }
    }
    for (member, _) in top.into_iter().zip(carried).filter(|(_, carried)| !carried) {
        scope.ledger.lose(&Path::ROOT.key(&member.key), LossCode::Envelope, member.value);
    }
}

fn entry_down<'a>(entry: Entry<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>, bodies: &mut Vec<Object<'a>>) {
    let (rest, changes) = match entry {
        Entry::Stray(Node::Object(members)) if !members.is_empty() => {
            return lose_members(members, LossCode::Envelope, path, scope);
        }
        Entry::Stray(node) => return scope.ledger.lose(path, LossCode::Envelope, node),
        Entry::Known { frame, changes } => (frame.rest, changes),
    };
    lose_members(rest, LossCode::Envelope, path, scope);
    let path = path.word("changes");
    if changes.is_empty() {
        scope.ledger.lose(&path, LossCode::Envelope, Node::List(Vec::new()));
    }
    for (index, change) in changes.into_iter().enumerate() {
        change_down(change, &path.index(index), scope, bodies);
    }
}

fn change_down<'a>(change: Change<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>, bodies: &mut Vec<Object<'a>>) {
    match change.report() {
        Report::Messages { frame, value } => {
            let pointer = path.pointer();
            let path = &Path::at(&pointer);
            lose_members(frame.rest, LossCode::Envelope, path, scope);
            value_down(value, &path.word("value"), scope, bodies);
        }
        Report::Other(whole) => scope.ledger.lose(path, LossCode::NoCounterpart, whole),
    }
}

fn value_down<'a>(mut value: Object<'a>, path: &Path<'_>, scope: &mut Scope<'_, 'a>, bodies: &mut Vec<Object<'a>>) {
    for key in ["messaging_product", "metadata"] {
        if let Some(node) = value.remove(key) {
            scope.ledger.lose(&path.word(key), LossCode::Envelope, node);
        }
    }
    let lone = contacts::lone_user_id(&value);
    let mut statuses = Vec::new();
    let at = path.word("messages");
    let items = take_items(&mut value, "messages").into_iter().enumerate();
    let kept = items.filter_map(|(index, node)| match message::down(node, lone.as_ref(), &at.index(index), scope) {
        Down::Message(node) => Some(node),
        Down::Status(node) => {
            statuses.push(node);
            None
        }
        Down::Nothing => None,
    });
    let messages: Vec<Node<'a>> = kept.collect();
    let at = path.word("statuses");
    for (index, node) in take_items(&mut value, "statuses").into_iter().enumerate() {
        statuses.extend(status::down(node, &at.index(index), scope));
    }
    error::list_down(&mut value, Place::Elsewhere, path, &mut scope.ledger);
    for mut body in assemble(value, messages, statuses, LossCode::WithoutPhone, path, scope) {
        contacts::down(&mut body, scope.rules.without_phone);
        bodies.push(body);
    }
}

/// The Cloud bodies of a flat body: one, or two where it mixes messages and statuses.
pub(super) fn up<'a>(body: on_premises::Body<'a>, scope: &mut Scope<'_, 'a>) -> Vec<Object<'a>> {
    let on_premises::Body { mut flat, number } = body;
    if !has_items(&flat) {
        scope.ledger.lose(&Path::ROOT, LossCode::NoCounterpart, flat.into());
        return Vec::new();
    }
    let lone = contacts::lone_user_id(&flat);
    let (mut messages, mut statuses) = (Vec::new(), Vec::new());
    let at = Path::ROOT.word("messages");
    for (index, node) in take_items(&mut flat, "messages").into_iter().enumerate() {
        let path = at.index(index);
        match on_premises::is_outbound(&node) {
            true => scope.ledger.lose(&path, LossCode::NoCounterpart, node),
            false => messages.push(message::up(node, lone.as_ref(), &path, scope)),
        }
    }
    let at = Path::ROOT.word("statuses");
    for (index, node) in take_items(&mut flat, "statuses").into_iter().enumerate() {
        statuses.push(status::up(node, &at.index(index), scope));
    }
    error::list_up(&mut flat, &Path::ROOT, &mut scope.ledger);
    let values = assemble(flat, messages, statuses, LossCode::NoCounterpart, &Path::ROOT, scope);
    let number = number.as_ref().or(scope.rules.number);
    let mut bodies = Vec::with_capacity(values.len());
    for mut value in values {
        contacts::up(&mut value);
        bodies.push(wrap(value, number, scope));
    }
    bodies
}

/// Takes the items out and leaves their place. A list that came empty is no list of items: it is
/// carried like anything else.
fn take_items<'a>(body: &mut Object<'a>, key: &str) -> Vec<Node<'a>> {
    match body.get_mut(key) {
        Some(Node::List(items)) if !items.is_empty() => std::mem::take(items),
        Some(empty @ Node::List(_)) => {
            *empty = Node::literal("[]");
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Puts items into the place that was left for them, or removes the place.
fn put_items<'a>(body: &mut Object<'a>, key: &'static str, items: Vec<Node<'a>>) {
    if !items.is_empty() {
        body.set(key, Node::List(items));
    } else if matches!(body.get(key), Some(Node::List(_))) {
        body.remove(key);
    }
}

/// Puts translated items back: messages first, with everything that belongs to no one item; statuses
/// in a body of their own, since neither platform mixes them and real clients then overlook them.
/// Where no item was let through, the rest goes for the same reason, `left_out`.
fn assemble<'a>(
    mut body: Object<'a>,
    messages: Vec<Node<'a>>,
    statuses: Vec<Node<'a>>,
    left_out: LossCode,
    path: &Path<'_>,
    scope: &mut Scope<'_, 'a>,
) -> Vec<Object<'a>> {
    let (no_messages, mixed) = (messages.is_empty(), !messages.is_empty() && !statuses.is_empty());
    put_items(&mut body, "messages", messages);
    if mixed {
        put_items(&mut body, "statuses", Vec::new());
        let mut second = Object::with_capacity(3);
        second.push("statuses", Node::List(statuses));
        return vec![body, second];
    }
    if no_messages
        && !statuses.is_empty()
        && let Some(contacts) = body.remove("contacts")
    {
        scope.ledger.lose(&path.word("contacts"), LossCode::StatusContacts, contacts);
    }
    put_items(&mut body, "statuses", statuses);
    if has_items(&body) {
        return vec![body];
    }
    lose_members(body, left_out, path, scope);
    Vec::new()
}

fn lose_members<'a>(members: Object<'a>, code: LossCode, path: &Path<'_>, scope: &mut Scope<'_, 'a>) {
    for member in members {
        scope.ledger.lose(&path.key(&member.key), code, member.value);
    }
}

/// The Cloud envelope around the value of one `messages` change.
fn wrap<'a>(mut value: Object<'a>, number: Option<&Number>, scope: &mut Scope<'_, 'a>) -> Object<'a> {
    let id = |known: Option<&str>| Node::string(known.unwrap_or("0"));
    let mut metadata = Object::with_capacity(2);
    metadata.push("display_phone_number", id(number.and_then(|number| number.display_phone_number.as_deref())));
    metadata.push("phone_number_id", id(number.and_then(|number| number.phone_number_id.as_deref())));
    put_first(&mut value, "metadata", metadata.into(), scope);
    put_first(&mut value, "messaging_product", Node::literal("\"whatsapp\""), scope);
    let account = id(number.and_then(|number| number.business_account_id.as_deref()));
    cloud::wrap(account, value)
}

/// Puts a member of the envelope first; what a provider had put under its name gives way.
fn put_first<'a>(value: &mut Object<'a>, key: &'static str, node: Node<'a>, scope: &mut Scope<'_, 'a>) {
    if let Some(taken) = value.remove(key)
        && !same(&taken, &node)
    {
        scope.ledger.lose(&Path::ROOT.word(key), LossCode::Envelope, taken);
    }
    value.push_front(key, node);
}
