//! The redactor: what it must not let through, and that a redacted body still is the body it was.

mod canaries;
mod ids;
mod shapes;
mod translates;

use crate::tree::Tree;
use cutover::redact::Redactor;
use std::sync::LazyLock;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(b"a key of the tests"));

fn redacted(body: &str) -> String {
    REDACTOR.body(body.as_bytes()).unwrap_or_else(|reason| panic!("{reason}: {body}"))
}

/// What a string becomes as the only one of a body, by its characters.
fn value(text: &str) -> String {
    let body = redacted(&format!("{{\"zz\":{}}}", serde_json::json!(text)));
    let tree = Tree::read(&body);
    tree.get("zz").and_then(Tree::string).expect("a string stays one").to_owned()
}
