//! Error objects, wherever they stand: Cloud `{code, title, message, error_data: {details}, href}`,
//! On-Premises `{code, title, details, href}`.
//!
//! Titles are the platform's own and are replaced by the other platform's; what the texts said lives
//! on in the details (Meta did the same when it renamed its titles in v16).

use super::error_codes::{self, Counterpart, Place};
use super::loss::{Ledger, LossCode};
use crate::json::{Node, Object, Path};

/// A code as it was written.
#[derive(Debug, Clone, Copy)]
struct Code<'n> {
    /// Its digits.
    text: &'n str,
    quoted: bool,
}

impl<'n> Code<'n> {
    /// Digits, as a number or a string; nothing else is a code.
    fn of(error: &'n Object<'_>) -> Option<Self> {
        let node = error.get("code")?;
        let text = node.number().or_else(|| node.escaped())?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then_some(Self { text, quoted: node.number().is_none() })
    }

    /// Its value; `u32::MAX`, which no platform uses, for what is larger.
    fn value(self) -> u32 {
        self.text.parse().unwrap_or(u32::MAX)
    }
}

fn code_node<'a>(code: u32, quoted: bool) -> Node<'a> {
    Node::Raw(if quoted { format!("\"{code}\"") } else { code.to_string() }.into())
}

/// Brings each error of the list under `errors` into On-Premises words.
pub(super) fn list_down<'a>(holder: &mut Object<'a>, place: Place, path: &Path<'_>, ledger: &mut Ledger<'a>) {
    let path = path.word("errors");
    let errors = holder.get_mut("errors").and_then(Node::open_list);
    for (index, error) in errors.into_iter().flatten().enumerate() {
        if let Some(error) = error.open() {
            down(error, place, &path.index(index), ledger);
        }
    }
}

/// Brings each error of the list under `errors` into Cloud words.
pub(super) fn list_up<'a>(holder: &mut Object<'a>, path: &Path<'_>, ledger: &mut Ledger<'a>) {
    let path = path.word("errors");
    let errors = holder.get_mut("errors").and_then(Node::open_list);
    for (index, error) in errors.into_iter().flatten().enumerate() {
        if let Some(error) = error.open() {
            up(error, &path.index(index), ledger);
        }
    }
}

fn down<'a>(error: &mut Object<'a>, place: Place, path: &Path<'_>, ledger: &mut Ledger<'a>) {
    let Some(code) = Code::of(error) else { return };
    let counterpart = error_codes::to_on_premises(code.value(), place);
    let titles = Titles::of(code, counterpart, error_codes::cloud_title(code.value()));
    let (quoted, prefix) = (code.quoted, fallback_prefix("Cloud API", code, counterpart));
    let old_code = error.get("code").cloned();

    let flat = error.get("details").cloned();
    let nested = error.open("error_data").and_then(|data| data.remove("details"));
    let emptied = error.get("error_data").and_then(Node::object).is_some_and(Object::is_empty);
    // `details` takes the place of `error_data`, so that the order of members stays.
    if emptied && !error.rename("error_data", "details") {
        error.remove("error_data");
    }
    let said = nested.clone().or_else(|| flat.clone());
    let said = said.or_else(|| error.get("message").cloned()).or_else(|| error.get("title").cloned());
    // An error of one number has to say it in words, or the way back would add them.
    let said = said.or_else(|| Some(Node::string(counterpart.title)));

    if let (Some(flat), Some(nested)) = (flat, &nested)
        && !crate::json::same(&flat, nested)
    {
        ledger.lose(&path.word("details"), LossCode::ErrorText, flat);
    }
    if let Some(message) = error.remove("message") {
        titles.settle(message, said.as_ref(), &path.word("message"), ledger);
    }
    if let Some(title) = error.get("title") {
        titles.settle(title.clone(), said.as_ref(), &path.word("title"), ledger);
    }
    error.set("title", Node::string(counterpart.title));
    if let Some(details) = with_prefix(prefix.as_deref(), said) {
        error.set("details", details);
    }
    error.set("code", code_node(counterpart.code, quoted));
    lose_code(counterpart, old_code, path, ledger);
}

fn up<'a>(error: &mut Object<'a>, path: &Path<'_>, ledger: &mut Ledger<'a>) {
    let Some(code) = Code::of(error) else { return };
    let nested = error.get("error_data").cloned().and_then(|mut data| data.open()?.get("details").cloned());
    let spoken = error.text("details").map(std::borrow::Cow::into_owned).unwrap_or_default();
    let counterpart = error_codes::to_cloud(code.value(), &spoken);
    let known = error_codes::on_premises_title(code.value());
    let titles = Titles::of(code, counterpart, known);
    let (quoted, prefix) = (code.quoted, fallback_prefix("On-Premises", code, counterpart));
    let old_code = error.get("code").cloned();

    let flat = error.get("details").cloned();
    let said = flat.clone().or_else(|| nested.clone());
    let said = said.or_else(|| error.get("title").cloned()).or_else(|| known.map(Node::string));
    if let (Some(nested), Some(flat)) = (&nested, &flat)
        && !crate::json::same(nested, flat)
    {
        ledger.lose(&path.word("error_data").key("details"), LossCode::ErrorText, nested.clone());
    }
    for text in ["message", "title"] {
        if let Some(value) = error.get(text) {
            titles.settle(value.clone(), said.as_ref(), &path.word(text), ledger);
        }
    }
    error.set("title", Node::string(counterpart.title));
    error.set("message", Node::string(counterpart.title));
    if let Some(details) = with_prefix(prefix.as_deref(), said) {
        put_nested(error, details);
    }
    error.set("code", code_node(counterpart.code, quoted));
    lose_code(counterpart, old_code, path, ledger);
}

/// Puts the details under `error_data`, in the place of the flat ones.
fn put_nested<'a>(error: &mut Object<'a>, details: Node<'a>) {
    if !error.has("error_data") {
        if !error.rename("details", "error_data") {
            error.push("error_data", Node::literal("{}"));
        }
        error.set("error_data", Node::Object(Object::with_capacity(1)));
    }
    let Some(data) = error.open("error_data") else { return error.set("details", details) };
    data.set("details", details);
    error.remove("details");
}

/// The titles that say nothing of their own.
struct Titles {
    source: Option<&'static str>,
    target: Option<&'static str>,
}

impl Titles {
    /// A code that was kept may bring the title of either table.
    fn of(code: Code<'_>, counterpart: Counterpart, source: Option<&'static str>) -> Self {
        let kept = counterpart.known && code.value() == counterpart.code;
        Self { source, target: kept.then_some(counterpart.title) }
    }

    /// A text that was replaced is a loss unless it was a table's, or lives on in the details.
    fn settle<'a>(&self, text: Node<'a>, said: Option<&Node<'a>>, path: &Path<'_>, ledger: &mut Ledger<'a>) {
        let of_a_table = [self.source, self.target].into_iter().flatten().any(|title| text.is(title));
        if !of_a_table && !said.is_some_and(|said| crate::json::same(said, &text)) {
            ledger.lose(path, LossCode::ErrorText, text);
        }
    }
}

fn fallback_prefix(platform: &str, code: Code<'_>, counterpart: Counterpart) -> Option<String> {
    (!counterpart.known).then(|| format!("{platform} error {}: ", code.text))
}

fn with_prefix<'a>(prefix: Option<&str>, said: Option<Node<'a>>) -> Option<Node<'a>> {
    let Some(prefix) = prefix else { return said };
    match said {
        None => Some(Node::string(prefix)),
        Some(node) => match node.escaped() {
            Some(text) => Some(Node::Raw(format!("\"{prefix}{text}\"").into())),
            // Details that are no text cannot take the prefix; the loss list has the code.
            None => Some(node),
        },
    }
}

fn lose_code<'a>(counterpart: Counterpart, code: Option<Node<'a>>, path: &Path<'_>, ledger: &mut Ledger<'a>) {
    if let (false, Some(code)) = (counterpart.known, code) {
        ledger.lose(&path.word("code"), LossCode::ErrorCode, code);
    }
}
