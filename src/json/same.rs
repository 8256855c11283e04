//! Whether two values are the same JSON: order of members aside, literals as they are written.

use super::{Member, Node, Object, Shape, read};
use std::borrow::Cow;

/// Same members whatever their order, same items in the same order, strings by their characters,
/// numbers by their text (`1.0` is not `1`). Recursion is bounded by [`MAX_DEPTH`](super::MAX_DEPTH),
/// which the reader enforces.
#[must_use]
pub fn same(a: &Node<'_>, b: &Node<'_>) -> bool {
    if let (Node::Raw(a), Node::Raw(b)) = (a, b)
        && a == b
    {
        return true;
    }
    match (&*opened(a), &*opened(b)) {
        (Node::Object(a), Node::Object(b)) => same_members(a, b),
        (Node::List(a), Node::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        // Without an escape on either side another text is another value.
        (Node::Raw(left), Node::Raw(right)) => {
            left == right || (left.contains('\\') || right.contains('\\')) && a.text().is_some_and(|text| b.is(&text))
        }
        _ => false,
    }
}

/// Members that stand twice have to stand twice on both sides.
fn same_members(a: &Object<'_>, b: &Object<'_>) -> bool {
    let equal = |(a, b): (&Member<'_>, &Member<'_>)| a.key == b.key && same(&a.value, &b.value);
    if a.len() != b.len() {
        return false;
    }
    // Nearly always the order is the same.
    if a.iter().zip(b).all(|(a, b)| a.key == b.key) {
        return a.iter().zip(b).all(equal);
    }
    let (mut left, mut right): (Vec<_>, Vec<_>) = (a.iter().collect(), b.iter().collect());
    left.sort_by(|a, b| a.key.cmp(&b.key));
    right.sort_by(|a, b| a.key.cmp(&b.key));
    left.into_iter().zip(right).all(equal)
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
        assert!(!equal(r#"{"x":1,"x":1}"#, r#"{"x":1,"y":2}"#));
        assert!(equal(r#"{"x":1,"y":2,"x":3}"#, r#"{"y":2,"x":1,"x":3}"#));
    }
}
