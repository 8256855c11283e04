//! Generators of bodies as JSON text, so that every literal is the generator's own. What nobody
//! knows (members, types, words, codes) is invented everywhere; an invented key starts with
//! [`INVENTED`], so that the laws can tell it from a known one.

mod body;
mod error;
mod hostile;
mod item;
mod literal;

pub(crate) use body::{cloud, flat};
pub(crate) use hostile::{bytes, json};
pub(crate) use literal::INVENTED;

use proptest::collection::vec;
use proptest::prelude::*;

/// Which platform a body is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Cloud,
    Flat,
}

/// Whether a body is one that its side itself sends, unknown members aside, or anything of that shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    Proper,
    Wild,
}

/// JSON text.
type Text = BoxedStrategy<String>;
/// Members that belong together: a key as it is written between its quotes, and the JSON of its value.
type Group = BoxedStrategy<Vec<(String, String)>>;

/// One member.
fn member(key: &'static str, value: Text) -> Group {
    value.prop_map(move |value| vec![(key.to_owned(), value)]).boxed()
}

/// One member, or none.
fn maybe(key: &'static str, value: Text) -> Group {
    prop_oneof![2 => nothing(), 1 => member(key, value)].boxed()
}

/// No member.
fn nothing() -> Group {
    Just(Vec::new()).boxed()
}

/// One of these groups.
fn one_of(groups: Vec<Group>) -> Group {
    proptest::strategy::Union::new(groups).boxed()
}

/// An object of these members and some that nobody knows, in any order.
fn object(groups: Vec<Group>) -> Text {
    let invented = prop_oneof![5 => Just(Vec::new()), 1 => vec(literal::invented_member(), 1..3)];
    (groups, invented)
        .prop_map(|(groups, invented)| {
            let mut members = groups.concat();
            for (index, (key, value)) in invented.into_iter().enumerate() {
                members.push((format!("{key}{index}"), value));
            }
            members
        })
        .prop_shuffle()
        .prop_map(|members| print(&members))
        .boxed()
}

fn print(members: &[(String, String)]) -> String {
    let printed: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", printed.join(","))
}

/// An array of so many items.
fn list(item: Text, size: std::ops::Range<usize>) -> Text {
    vec(item, size).prop_map(|items| format!("[{}]", items.join(","))).boxed()
}

/// One of these words, as a string.
fn word(words: &'static [&'static str]) -> Text {
    proptest::sample::select(words).prop_map(|word| format!("\"{word}\"")).boxed()
}
