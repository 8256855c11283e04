//! One line of a capture: what stands in it, printed and parsed. Pure; the file is `recorder`'s.

use crate::format::Format;
use crate::json::{self, Node, Object, Shape};
use crate::redact::Redactor;

/// What every line begins with. Another version is another number.
const BEGINNING: &str = "{\"cutover_capture\":1,";

/// Parts of our own paths; any other is a number.
const OWN_PARTS: [&str; 4] = ["", "webhooks", "cloud", "onprem"];

static SHAPE: Shape = Shape::Object(&[("headers", Shape::Object(&[]))]);

/// A webhook that was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it arrived, RFC 3339.
    pub at: String,
    /// Whose it was.
    pub source: Format,
    /// Where it was posted to, without a query.
    pub path: String,
    /// Headers worth sending again, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: String,
}

impl Line {
    /// The JSON object, without the line's end.
    #[must_use]
    pub fn print(&self) -> String {
        let quoted = |(name, value): &(String, String)| format!("{}:{}", json::quote(name), json::quote(value));
        let headers: Vec<String> = self.headers.iter().map(quoted).collect();
        format!(
            "{BEGINNING}\"at\":{},\"source\":\"{}\",\"path\":{},\"headers\":{{{}}},\"body\":{}}}",
            json::quote(&self.at),
            self.source,
            json::quote(&self.path),
            headers.join(","),
            json::quote(&self.body),
        )
    }

    /// Reads a line back; `None` for whatever is not one. Another document costs a comparison of its
    /// first bytes.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let inside = line.trim_ascii_start().strip_prefix(b"{")?;
        if !inside.trim_ascii_start().starts_with(b"\"cutover_capture\"") {
            return None;
        }
        let Ok(Node::Object(root)) = json::read_bytes(line, &SHAPE) else { return None };
        root.get("cutover_capture").filter(|version| version.is_literal("1"))?;
        let text = |key| root.text(key).map(std::borrow::Cow::into_owned);
        let source = text("source")?.parse().ok().filter(|source| *source != Format::Normalized)?;
        let headers = root.get("headers").and_then(Node::object).and_then(texts)?;
        Some(Self { at: text("at")?, source, path: text("path")?, headers, body: text("body")? })
    }

    /// The same without its people. Signatures go: they sign the bytes that came, and can be tried
    /// against a guess. `None` for a body that is no JSON.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor, is_signature: impl Fn(&str) -> bool) -> Option<Self> {
        self.body = redactor.body(self.body.as_bytes()).ok()?;
        self.headers.retain(|(name, _)| !is_signature(name));
        for (_, value) in &mut self.headers {
            *value = redactor.text(value);
        }
        let part = |part: &str| match OWN_PARTS.contains(&part) {
            true => part.to_owned(),
            false => redactor.text(&percent_decoded(part)),
        };
        self.path = self.path.split('/').map(part).collect::<Vec<_>>().join("/");
        Some(self)
    }
}

/// The headers; `None` where one has a name that no header can have.
fn texts(object: &Object<'_>) -> Option<Vec<(String, String)>> {
    let is_token =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    let header = |member: &json::Member<'_>| {
        is_token(&member.key).then(|| Some((member.key.to_string(), member.value.text()?.into_owned())))?
    };
    object.iter().map(header).collect()
}

/// A part of a path as it was meant: `%2B1555` names the number `+1555`.
fn percent_decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        let decoded = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
