//! Errors: codes of the crosswalk with their own words and others, codes that nobody knows, and, wild,
//! codes of the other side and what is no code.

use super::literal::{scalar, string, value};
use super::{Group, Manners, Side, Text, list, maybe, member, nothing, object, one_of};
use crate::error_codes::CROSSWALK;
use proptest::prelude::*;
use proptest::sample::select;

/// A list of errors.
pub(super) fn errors(side: Side, manners: Manners) -> Text {
    let item = match manners {
        Manners::Proper => error(side, manners),
        Manners::Wild => prop_oneof![12 => error(side, manners), 1 => scalar()].boxed(),
    };
    list(item, 1..3)
}

fn error(side: Side, manners: Manners) -> Text {
    // The Cloud has a code of its own for what the flat side says with these details.
    let about_a_contact = if side == Side::Flat { Just("\"unknown contact +1\"".to_owned()).boxed() } else { string() };
    let words = || prop_oneof![6 => string(), 1 => about_a_contact.clone()].boxed();
    let error_data = match side {
        Side::Cloud => maybe("error_data", object(vec![maybe("details", words())])),
        Side::Flat if manners == Manners::Wild => maybe("error_data", prop_oneof![value(), object(vec![])].boxed()),
        Side::Flat => nothing(),
    };
    let message = match (side, manners) {
        (Side::Flat, Manners::Proper) => nothing(),
        _ => maybe("message", words()),
    };
    object(vec![coded(side, manners), message, maybe("details", words()), error_data, maybe("href", string())])
}

/// A code and its title.
fn coded(side: Side, manners: Manners) -> Group {
    let known = select(CROSSWALK.as_slice()).prop_flat_map(move |row| {
        let (code, title) = match side {
            Side::Cloud => (row.cloud, row.cloud_title),
            Side::Flat => (row.on_premises, row.on_premises_title),
        };
        let title = prop_oneof![2 => Just(format!("\"{title}\"")), 1 => string()];
        (spelled(code), prop_oneof![3 => member("title", title.boxed()), 1 => nothing()])
    });
    let unknown = (900_000_u32..999_999).prop_flat_map(|code| (spelled(code), maybe("title", string())));
    let mut groups = vec![with_code(known.boxed()), with_code(unknown.boxed())];
    if manners == Manners::Wild {
        let other_side = match side {
            Side::Cloud => Side::Flat,
            Side::Flat => Side::Cloud,
        };
        groups.push(coded(other_side, Manners::Proper));
        groups.push(maybe("code", prop_oneof![Just("\"007\"".to_owned()), value()].boxed()));
    }
    one_of(groups)
}

fn with_code(pairs: BoxedStrategy<(String, Vec<(String, String)>)>) -> Group {
    pairs.prop_map(|(code, title)| [vec![("code".to_owned(), code)], title].concat()).boxed()
}

/// As a number, as every platform writes it, or as a string.
fn spelled(code: u32) -> Text {
    prop_oneof![5 => Just(code.to_string()), 1 => Just(format!("\"{code}\""))].boxed()
}
