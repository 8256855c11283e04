//! One item in the words of the schema, and back.

use crate::format::normalized::Platform;
use crate::json::{Node, Object, Path};
use crate::translate::error_codes::{self, Place};
use crate::translate::{Ledger, Rules, Scope, error, message, status};

/// What an item is; decides where its errors stand and which rows apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    Message,
    Status,
    Error,
}

impl Item {
    pub(super) fn of_list(list: &str) -> Self {
        match list {
            "messages" => Item::Message,
            "statuses" => Item::Status,
            _ => Item::Error,
        }
    }
}

/// In the words of the schema.
pub(super) fn say<'a>(node: Node<'a>, item: Item, platform: Platform) -> Node<'a> {
    let originals = codes(&node, item);
    let mut node = match platform {
        Platform::Cloud => node,
        Platform::OnPremises => up(node, item),
    };
    let place = if item == Item::Status { Place::Status } else { Place::Elsewhere };
    let mut originals = originals.into_iter();
    each_error(&mut node, item, |error| {
        let original = originals.next().flatten();
        let Some(cloud) = error.get("code").cloned() else { return };
        let onprem = match platform {
            Platform::OnPremises => original,
            Platform::Cloud => counterpart(&cloud, place),
        };
        if let Some(onprem) = onprem
            && !error.has("onprem_code")
            && error.rename("code", "cloud_code")
        {
            error.push("onprem_code", onprem);
        }
    });
    node
}

/// Back in the words of the platform.
pub(super) fn unsay<'a>(mut node: Node<'a>, item: Item, platform: Platform) -> Node<'a> {
    each_error(&mut node, item, |error| {
        let (Some(cloud), Some(onprem)) = (error.get("cloud_code").cloned(), error.remove("onprem_code")) else {
            return;
        };
        error.rename("cloud_code", "code");
        error.set("code", if platform == Platform::Cloud { cloud } else { onprem });
    });
    match platform {
        Platform::Cloud => node,
        Platform::OnPremises => down(node, item),
    }
}

fn up<'a>(node: Node<'a>, item: Item) -> Node<'a> {
    let mut scope = Scope { rules: Rules::default(), ledger: Ledger::default() };
    match item {
        Item::Message => message::up(node, None, &Path::ROOT, &mut scope),
        Item::Status => status::up(node, &Path::ROOT, &mut scope),
        Item::Error => alone(node, |holder, scope| error::list_up(holder, &Path::ROOT, &mut scope.ledger), &mut scope),
    }
}

fn down<'a>(node: Node<'a>, item: Item) -> Node<'a> {
    let mut scope = Scope { rules: Rules::default(), ledger: Ledger::default() };
    match item {
        Item::Message => match message::down(node, None, &Path::ROOT, &mut scope) {
            message::Down::Message(node) | message::Down::Status(node) => node,
            message::Down::Nothing => Node::literal("null"),
        },
        Item::Status => status::down(node, &Path::ROOT, &mut scope).unwrap_or(Node::literal("null")),
        Item::Error => alone(
            node,
            |holder, scope| error::list_down(holder, Place::Elsewhere, &Path::ROOT, &mut scope.ledger),
            &mut scope,
        ),
    }
}

/// Applies the rows of a list of errors to one error.
fn alone<'a>(
    node: Node<'a>,
    rows: impl FnOnce(&mut Object<'a>, &mut Scope<'_, 'a>),
    scope: &mut Scope<'_, 'a>,
) -> Node<'a> {
    let mut holder = Object::with_capacity(1);
    holder.push("errors", Node::List(vec![node]));
    rows(&mut holder, scope);
    match holder.remove("errors") {
        Some(Node::List(mut errors)) => errors.pop().unwrap_or(Node::literal("null")),
        _ => Node::literal("null"),
    }
}

fn codes<'a>(node: &Node<'a>, item: Item) -> Vec<Option<Node<'a>>> {
    let mut codes = Vec::new();
    let mut node = node.clone();
    each_error(&mut node, item, |error| codes.push(error.get("code").cloned()));
    codes
}

fn each_error<'a>(node: &mut Node<'a>, item: Item, mut edit: impl FnMut(&mut Object<'a>)) {
    if item == Item::Error {
        if let Some(error) = node.open() {
            edit(error);
        }
        return;
    }
    let errors = node.open().and_then(|object| object.get_mut("errors")).and_then(Node::open_list);
    for error in errors.into_iter().flatten().filter_map(Node::open) {
        edit(error);
    }
}

/// The On-Premises code of a Cloud code, quoted if that is.
fn counterpart<'a>(cloud: &Node<'a>, place: Place) -> Option<Node<'a>> {
    let quoted = cloud.escaped();
    let code = quoted.or_else(|| cloud.number())?.parse().ok()?;
    let onprem = error_codes::to_on_premises(code, place).code;
    Some(Node::Raw(if quoted.is_some() { format!("\"{onprem}\"") } else { onprem.to_string() }.into()))
}
