//! Messages, statuses and contacts. Users come from a small pool, so that contacts match, miss, and
//! stand for several items; ids are found nowhere else.

use super::error::errors;
use super::literal::{number, scalar, string, value};
use super::{Group, Manners, Side, Text, list, maybe, member, nothing, object, one_of, word};
use proptest::prelude::*;
use proptest::sample::select;

const PHONES: &[&str] = &["15550102001", "15550102002", "5511955501020"];
const USER_IDS: &[&str] = &["US.13550102001", "BR.9955010200"];
const SHA256_BASE64: &str = "dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0=";
const SHA256_HEX: &str = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";

/// A contact.
pub(super) fn contact(side: Side, manners: Manners) -> Text {
    let user = user(["wa_id", "user_id"], side, manners);
    object(vec![member("profile", object(vec![member("name", string()), maybe("username", string())])), user])
}

/// A phone, a user id, or both under these keys; the flat side always has something for a phone.
fn user([phone, user_id]: [&'static str; 2], side: Side, manners: Manners) -> Group {
    let both = (word(PHONES), word(USER_IDS))
        .prop_map(move |(number, id)| vec![(phone.to_owned(), number), (user_id.to_owned(), id)]);
    let alone = word(USER_IDS).prop_map(move |id| match side {
        Side::Cloud => vec![(user_id.to_owned(), id)],
        Side::Flat => vec![(phone.to_owned(), id.clone()), (user_id.to_owned(), id)],
    });
    let mut groups = vec![member(phone, word(PHONES)), both.boxed(), alone.boxed()];
    if manners == Manners::Wild {
        groups.push(member(user_id, word(USER_IDS)));
        groups.push(member(phone, prop_oneof![Just("\"\"".to_owned()), scalar()].boxed()));
        let empty =
            word(USER_IDS).prop_map(move |id| vec![(phone.to_owned(), "\"\"".to_owned()), (user_id.to_owned(), id)]);
        groups.push(empty.boxed());
    }
    one_of(groups)
}

fn id(prefix: &'static str) -> Text {
    "[a-z0-9]{8,10}".prop_map(move |id| format!("\"{prefix}{id}\"")).boxed()
}

fn timestamp() -> Text {
    (1_764_000_000_u32..1_764_999_999).prop_map(|seconds| format!("\"{seconds}\"")).boxed()
}

/// A message.
pub(super) fn message(side: Side, manners: Manners) -> Text {
    let sender = match side {
        Side::Cloud => user(["from", "from_user_id"], side, manners),
        Side::Flat => {
            one_of(vec![user(["from", "from_user_id"], side, manners), user(["from", "from_bsuid"], side, manners)])
        }
    };
    let context = object(vec![maybe("from", word(PHONES)), maybe("id", id("wamid.")), maybe("forwarded", scalar())]);
    let stamp = match (side, manners) {
        (Side::Flat, Manners::Proper) => number(),
        _ => prop_oneof![timestamp(), number(), Just("\"007\"".to_owned())].boxed(),
    };
    let identity = object(vec![member("created_timestamp", stamp), maybe("hash", string())]);
    let referral = object(vec![maybe("media_type", string()), maybe("image", value()), maybe("video_url", string())]);
    object(vec![
        member("id", id("wamid.")),
        member("timestamp", prop_oneof![4 => timestamp(), 1 => number()].boxed()),
        sender,
        content(side, manners),
        maybe("context", context),
        maybe("identity", identity),
        maybe("referral", referral),
        maybe("group_id", string()),
        prop_oneof![4 => nothing(), 1 => turn(side)].boxed(),
    ])
}

/// Turn.io's additions, the mark of an outbound copy among them.
fn turn(side: Side) -> Group {
    let direction = match side {
        Side::Cloud => word(&["inbound"]),
        Side::Flat => word(&["inbound", "inbound", "outbound"]),
    };
    let v1 = object(vec![member("direction", direction), maybe("author", value()), maybe("in_reply_to", scalar())]);
    member("_vnd", object(vec![member("v1", v1)]))
}

/// A type with its content.
fn content(side: Side, manners: Manners) -> Group {
    let mut groups = vec![
        typed("text", object(vec![member("body", string())])),
        typed("location", object(vec![member("latitude", number()), member("longitude", number())])),
        typed("interactive", object(vec![member("type", string()), maybe("nfm_reply", value())])),
        typed("button", object(vec![member("text", string()), maybe("payload", string())])),
        typed("reaction", object(vec![member("message_id", id("wamid.")), maybe("emoji", string())])),
        typed("order", object(vec![member("product_items", list(value(), 0..3))])),
        typed("contacts", list(value(), 1..3)),
        system(side),
        failed(side, manners),
        media("image", side),
        media("document", side),
        media("video", side),
        media("sticker", side),
        audio(side, manners),
    ];
    match side {
        Side::Cloud => {
            groups.push(revoke());
            groups.push(typed("edit", object(vec![member("original_message_id", id("wamid."))])));
            groups.push(typed("request_welcome", value()));
            groups.push(typed("zz_of_tomorrow", value()));
        }
        Side::Flat => {
            groups.push(typed("ephemeral", value()));
            groups.push(push_to_talk(manners));
        }
    }
    if manners == Manners::Wild {
        groups.push(member("type", value()));
        groups.push(typed("voice", value()));
        groups.push(typed("audio", value()));
        groups.push(typed("revoke", value()));
        groups.push(typed("system", value()));
        groups.push(
            vec![word_member("type", &["image"]), member("errors", scalar())].prop_map(|all| all.concat()).boxed(),
        );
        groups.push(nothing());
    }
    one_of(groups)
}

fn word_member(key: &'static str, words: &'static [&'static str]) -> Group {
    member(key, word(words))
}

fn typed(kind: &'static str, value: Text) -> Group {
    value.prop_map(move |value| vec![quoted("type", kind), (kind.to_owned(), value)]).boxed()
}

fn quoted(key: &str, text: &str) -> (String, String) {
    (key.to_owned(), format!("\"{text}\""))
}

fn media_members(side: Side) -> Vec<Group> {
    let hash = match side {
        Side::Cloud => SHA256_BASE64,
        Side::Flat => SHA256_HEX,
    };
    let hash = prop_oneof![2 => Just(format!("\"{hash}\"")), 1 => string()].boxed();
    vec![member("id", id("")), maybe("sha256", hash), maybe("caption", string()), maybe("file", string())]
}

fn media(kind: &'static str, side: Side) -> Group {
    typed(kind, object(media_members(side)))
}

fn audio(side: Side, manners: Manners) -> Group {
    let flag = match (side, manners) {
        (Side::Flat, Manners::Proper) => nothing(),
        (Side::Cloud, Manners::Proper) => {
            maybe("voice", prop_oneof![Just("true".to_owned()), Just("false".to_owned())].boxed())
        }
        (_, Manners::Wild) => {
            maybe("voice", prop_oneof![Just("true".to_owned()), Just("false".to_owned()), value()].boxed())
        }
    };
    let mut members = media_members(side);
    members.push(flag);
    typed("audio", object(members))
}

fn push_to_talk(manners: Manners) -> Group {
    let mut members = media_members(Side::Flat);
    if manners == Manners::Wild {
        members.push(maybe("voice", scalar()));
    }
    let voice = typed("voice", object(members));
    match manners {
        Manners::Proper => voice,
        Manners::Wild => (voice, maybe("audio", value())).prop_map(|(voice, audio)| [voice, audio].concat()).boxed(),
    }
}

fn system(side: Side) -> Group {
    let kinds: &'static [&'static str] = match side {
        Side::Cloud => &["user_changed_number", "customer_identity_changed", "zz_changed"],
        Side::Flat => &["user_changed_number", "user_identity_changed", "zz_changed"],
    };
    let (number, who) = match side {
        Side::Cloud => ("wa_id", "customer"),
        Side::Flat => ("new_wa_id", "user"),
    };
    let members = vec![
        member("type", word(kinds)),
        maybe("body", string()),
        maybe(number, word(PHONES)),
        maybe(who, word(PHONES)),
    ];
    typed("system", object(members))
}

fn failed(side: Side, manners: Manners) -> Group {
    let kind = match side {
        Side::Cloud => "unsupported",
        Side::Flat => "unknown",
    };
    errors(side, manners).prop_map(move |errors| vec![quoted("type", kind), ("errors".to_owned(), errors)]).boxed()
}

fn revoke() -> Group {
    typed("revoke", object(vec![member("original_message_id", id("wamid."))]))
}

/// A status.
pub(super) fn status(side: Side, manners: Manners) -> Text {
    let mut words = vec!["sent", "delivered", "read", "deleted", "warning", "zz_of_tomorrow"];
    if side == Side::Cloud || manners == Manners::Wild {
        words.push("played");
    }
    let failed = errors(side, manners)
        .prop_map(|errors| vec![quoted("status", "failed"), ("errors".to_owned(), errors)])
        .boxed();
    let state = one_of(vec![member("status", select(words).prop_map(|word| format!("\"{word}\"")).boxed()), failed]);
    object(vec![
        member("id", id("wamid.")),
        member("timestamp", timestamp()),
        state,
        recipient(side, manners),
        maybe("conversation", value()),
        maybe("pricing", value()),
        maybe("biz_opaque_callback_data", string()),
        maybe("recipient_participant_id", word(PHONES)),
    ])
}

fn recipient(side: Side, manners: Manners) -> Group {
    let root = user(["recipient_id", "recipient_user_id"], side, manners);
    if side == Side::Cloud && manners == Manners::Proper {
        return root;
    }
    let phone =
        || prop_oneof![3 => word(PHONES), 1 => word(PHONES).prop_map(|phone| phone.replacen('"', "\"+", 1))].boxed();
    let message = || member("message", object(vec![member("recipient_id", phone())]));
    let kind = prop_oneof![Just("\"message\"".to_owned()), Just("\"payment\"".to_owned())].boxed();
    let joined = |groups: Vec<Group>| groups.prop_map(|groups| groups.concat()).boxed();
    let mut groups = vec![
        root.clone(),
        message(),
        joined(vec![member("recipient_id", phone()), message(), maybe("type", kind)]),
        joined(vec![root, message()]),
    ];
    if manners == Manners::Wild {
        groups.push(joined(vec![maybe("recipient_id", value()), member("message", value()), maybe("type", value())]));
    }
    one_of(groups)
}
