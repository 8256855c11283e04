//! Whether two values are the same JSON: order of members aside, literals as they are written.

use super::{Node, Shape, read};
use std::borrow::Cow;

/// Same members whatever their order, same items in the same order, strings by their characters,
/// numbers by their text (`1.0` is not `1`). Recursion is bounded by [`MAX_DEPTH`](super::MAX_DEPTH),
/// which the reader enforces.
#[must_use]
pub fn same(a: &Node<'_>, b: &Node<'_>) -> bool {
    match (&*opened(a), &*opened(b)) {
        (Node::Object(a), Node::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|member| b.get(&member.key).is_some_and(|other| same(&member.value, other)))
        }
        (Node::List(a), Node::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Node::Raw(left), Node::Raw(right)) => left == right || a.text().is_some_and(|text| b.is(&text)),
        _ => false,
    }
}

fn opened<'n>(node: &'n Node<'_>) -> Cow<'n, Node<'n>> {
    let Node::Raw(text) = node else { return Cow::Borrowed(node) };
    let shape = match text.as_bytes().first() {
        Some(b'{') => &Shape::Object(&[]),
        Some(b'[') => &Shape::List(&Shape::Leaf),
        _ => return Cow::Borrowed(node),
    };
    read(text, shape).map_or(Cow::Borrowed(node), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(a: &str, b: &str) -> bool {
        let read = |text| read(text, &Shape::Leaf).expect("valid");
        same(&read(a), &read(b))
    }

    #[test]
    fn order_of_members_does_not_matter_but_literals_do() {
        assert!(equal(r#"{"a":[1,{"b":"\u00e9"}],"c":2}"#, r#"{ "c":2, "a":[1,{"b":"é"}] }"#));
        assert!(!equal(r#"{"a":1.0}"#, r#"{"a":1}"#));
        assert!(!equal(r#"{"a":1}"#, r#"{"a":1,"b":2}"#));
        assert!(!equal("[1,2]", "[2,1]"));
    }
}
