//! Whole bodies: several accounts, numbers and changes, messages and statuses together, other
//! fields, and, wild, items that are no objects and lists that are no lists.

use super::error::errors;
use super::item::{contact, message, status};
use super::literal::{scalar, string, value};
use super::{Group, Manners, Side, Text, list, maybe, member, nothing, object, one_of, word};
use proptest::prelude::*;

/// A Cloud body.
pub(crate) fn cloud(manners: Manners) -> BoxedStrategy<String> {
    let entries = match manners {
        Manners::Proper => list(entry(manners), 1..3),
        Manners::Wild => list(prop_oneof![9 => entry(manners), 1 => value()].boxed(), 0..3),
    };
    let object_word = member("object", word(&["whatsapp_business_account"]));
    object(vec![
        prop_oneof![5 => object_word, 1 => nothing()].boxed(),
        member("entry", entries),
        maybe("gs_app_id", string()),
    ])
}

fn entry(manners: Manners) -> Text {
    let changes = match manners {
        Manners::Proper => list(change(manners), 1..3),
        Manners::Wild => prop_oneof![9 => list(change(manners), 0..3), 1 => value()].boxed(),
    };
    object(vec![member("id", digits()), maybe("time", number_of_seconds()), member("changes", changes)])
}

fn digits() -> Text {
    "1002[0-9]{6}".prop_map(|digits| format!("\"{digits}\"")).boxed()
}

fn number_of_seconds() -> Text {
    (1_764_000_000_u32..1_764_999_999).prop_map(|seconds| seconds.to_string()).boxed()
}

fn change(manners: Manners) -> Text {
    let messages = object(vec![member("field", word(&["messages"])), member("value", change_value(manners))]);
    let fields = &["calls", "history", "standby", "account_update", "smb_message_echoes", "zz_tomorrow"];
    let other = object(vec![member("field", word(fields)), member("value", value())]);
    let field = if manners == Manners::Wild { one_of(vec![nothing(), member("field", value())]) } else { nothing() };
    let odd = object(vec![field, member("value", change_value(manners))]);
    let stray = if manners == Manners::Wild { value() } else { odd.clone() };
    prop_oneof![8 => messages, 2 => other, 1 => odd, 1 => stray].boxed()
}

/// The value of a `messages` change.
fn change_value(manners: Manners) -> Text {
    let metadata = object(vec![member("display_phone_number", digits()), member("phone_number_id", digits())]);
    let mut groups = vec![member("messaging_product", word(&["whatsapp"])), member("metadata", metadata)];
    groups.extend(lists(Side::Cloud, manners));
    object(groups)
}

/// A flat body.
pub(crate) fn flat(manners: Manners) -> BoxedStrategy<String> {
    let mut groups = lists(Side::Flat, manners);
    groups.push(maybe("merchant_phone", string()));
    let clash = if manners == Manners::Wild { maybe("metadata", value()) } else { nothing() };
    groups.push(clash);
    object(groups).prop_filter("one list tells a flat body", |text| is_flat(text)).boxed()
}

fn is_flat(text: &str) -> bool {
    let body = crate::tree::Tree::read(text);
    ["contacts", "messages", "statuses", "errors"]
        .iter()
        .any(|key| matches!(body.get(key), Some(crate::tree::Tree::List(_))))
}

/// `contacts`, `messages`, `statuses`, `errors`, one or several of them.
fn lists(side: Side, manners: Manners) -> Vec<Group> {
    let of = |item: Text| match manners {
        Manners::Proper => list(item, 1..4),
        Manners::Wild => prop_oneof![
            12 => list(prop_oneof![12 => item, 1 => value()].boxed(), 0..4),
            1 => scalar(),
        ]
        .boxed(),
    };
    let messages = || member("messages", of(message(side, manners)));
    let statuses = || member("statuses", of(status(side, manners)));
    let both = (messages(), statuses()).prop_map(|(messages, statuses)| [messages, statuses].concat());
    let errors = || member("errors", errors(side, manners));
    vec![
        prop_oneof![2 => member("contacts", of(contact(side, manners))), 1 => nothing()].boxed(),
        prop_oneof![5 => messages(), 4 => statuses(), 2 => both, 1 => nothing()].boxed(),
        prop_oneof![5 => nothing(), 1 => errors()].boxed(),
    ]
}
