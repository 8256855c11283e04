//! Scalars, values of any depth, and members that nobody knows.

use super::{Text, list};
use proptest::prelude::*;
use proptest::sample::select;

/// What an invented key starts with.
pub(crate) const INVENTED: &str = "zz";

/// Strings that are easily damaged on the way: escapes, cut characters, pairs, nothing at all.
const ODD_STRINGS: [&str; 10] = [
    r#""""#,
    r#""\ud83d""#,
    r#""cut \udf75 off""#,
    r#""caf\u00e9 \/ \u0000""#,
    r#""say \"hi\" \\ back""#,
    r#""line\nend\ttab""#,
    r#""\ud83d\ude00""#,
    "\"\u{1f600} caf\u{e9}\"",
    r#""+15550102001""#,
    r#""[{\"}]""#,
];

/// Numbers that a float or a 64-bit integer would change.
const ODD_NUMBERS: [&str; 8] =
    ["7.990", "1e3", "12345678901234567890", "-0.0", "1E+2", "0.10", "1764000001", "-99999999999999999999"];

/// Ends of invented keys: plain, RFC 6901's own characters, escapes, a lone surrogate.
const ODD_KEYS: [&str; 9] = ["", "~", "/", "~1a/b", r#"\"q\""#, r"\ud83d", r"\u0041", r"\/s\\", "\u{e9}"];

/// A string, most often an ordinary one that is found nowhere else.
pub(super) fn string() -> Text {
    prop_oneof![4 => "[a-z]{4,9}".prop_map(|word| format!("\"{word}\"")), 1 => select(&ODD_STRINGS[..]).prop_map(str::to_owned)]
        .boxed()
}

/// A number by its text.
pub(super) fn number() -> Text {
    prop_oneof![select(&ODD_NUMBERS[..]).prop_map(str::to_owned), (0..1_000_000_u32).prop_map(|n| n.to_string())]
        .boxed()
}

/// Any scalar.
pub(super) fn scalar() -> Text {
    let word = select(&["true", "false", "null"][..]).prop_map(str::to_owned);
    prop_oneof![4 => string(), 2 => number(), 1 => word].boxed()
}

/// Any value, three levels deep at most.
pub(super) fn value() -> Text {
    scalar()
        .prop_recursive(3, 12, 3, |inner| {
            let keyed = (key(), inner.clone()).prop_map(|(key, value)| format!("{{\"{key}\":{value}}}"));
            prop_oneof![list(inner.boxed(), 0..3), keyed, Just("{}".to_owned())]
        })
        .boxed()
}

fn key() -> Text {
    ("[a-z]{1,4}", select(&ODD_KEYS[..])).prop_map(|(word, odd)| format!("{INVENTED}{word}{odd}")).boxed()
}

/// A member that nobody knows.
pub(super) fn invented_member() -> BoxedStrategy<(String, String)> {
    (key(), value()).boxed()
}
