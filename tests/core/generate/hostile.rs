//! Input from anybody: bytes, broken bodies, and JSON that uses the formats' own keys in any place,
//! twice, and with any type.

use super::{Manners, cloud, flat};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The words that the library looks for.
const KEYS: &[&str] = &[
    "entry",
    "changes",
    "value",
    "field",
    "object",
    "id",
    "metadata",
    "contacts",
    "messages",
    "statuses",
    "errors",
    "code",
    "title",
    "message",
    "details",
    "error_data",
    "type",
    "from",
    "from_user_id",
    "wa_id",
    "user_id",
    "audio",
    "voice",
    "sha256",
    "revoke",
    "original_message_id",
    "system",
    "new_wa_id",
    "identity",
    "created_timestamp",
    "recipient_id",
    "status",
    "context",
    "_vnd",
    "v1",
    "direction",
    "specversion",
    "data",
    "platform",
    "beside",
    "stray",
    "as_received",
    "cloud_code",
    "onprem_code",
    "number",
    "account",
    "error",
    "root",
    "change",
];
const SCALARS: &[&str] = &[
    "null",
    "true",
    "0",
    "-0.0",
    "1e999",
    "131000",
    "99999999999999999999",
    "\"\"",
    "\"audio\"",
    "\"voice\"",
    "\"system\"",
    "\"revoke\"",
    "\"messages\"",
    "\"cloud\"",
    "\"onprem\"",
    "\"whatsapp_business_account\"",
    "\"whatsapp.message\"",
    "\"wamid.HBgL\"",
    "\"\\ud83d\"",
    "\"user_changed_number\"",
    "\"played\"",
];

/// JSON of any shape, made of the words of both formats.
pub(crate) fn json() -> BoxedStrategy<String> {
    select(SCALARS)
        .prop_map(str::to_owned)
        .prop_recursive(9, 60, 5, |inner| {
            let member = (select(KEYS), inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
            let object = vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")));
            prop_oneof![3 => object, 2 => vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(",")))]
        })
        .boxed()
}

/// Any bytes: noise, and bodies with a byte changed or the end cut off.
pub(crate) fn bytes() -> BoxedStrategy<Vec<u8>> {
    let noise = vec(any::<u8>(), 0..200);
    let body = || prop_oneof![cloud(Manners::Wild), flat(Manners::Wild), json()].prop_map(String::into_bytes);
    let cut = (body(), any::<Index>()).prop_map(|(mut body, at)| {
        body.truncate(at.index(body.len()));
        body
    });
    let changed = (body(), any::<Index>(), any::<u8>()).prop_map(|(mut body, at, byte)| {
        let at = at.index(body.len());
        body.splice(at..=at, [byte]);
        body
    });
    prop_oneof![noise, cut, changed].boxed()
}
