//! What stays as it is: member names, and the words, codes and times that a translation or a consumer
//! goes by. A value stays only if its key is listed here and it looks like what the key promises.

use super::text;
use crate::translate::error_codes;
use std::collections::HashSet;
use std::sync::LazyLock;

/// What an object is, where the same key means something else in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Anything.
    Plain,
    /// An error: its code and the platform's own titles stay.
    Error,
    /// Part of a shared contact, whose `type` is the user's own word.
    Card,
}

impl Scope {
    /// Of what stands under `key`.
    pub(super) fn under(self, key: &str) -> Self {
        match key {
            "errors" | "error" => Scope::Error,
            "error_data" => self,
            "phones" | "emails" | "addresses" | "urls" | "ims" => Scope::Card,
            _ => Scope::Plain,
        }
    }
}

/// Keys whose values are words of the platforms.
const WORDS: [&str; 38] = [
    "alert_severity",
    "alert_state",
    "alert_status",
    "alert_type",
    "ban_state",
    "category",
    "cloud_code",
    "correct_category",
    "currency",
    "current_limit",
    "decision",
    "direction",
    "entity_type",
    "error_type",
    "event",
    "field",
    "join_approval_mode",
    "media_type",
    "message_template_category",
    "messaging_product",
    "new_category",
    "new_quality_score",
    "new_status",
    "object",
    "old_status",
    "onprem_code",
    "origin_type",
    "previous_category",
    "previous_quality_score",
    "pricing_category",
    "pricing_model",
    "recipient_type",
    "restriction_type",
    "sdp_type",
    "source_type",
    "status",
    "type",
    "waba_ban_state",
];

const CARD_TYPES: [&str; 8] = ["cell", "home", "iphone", "main", "mobile", "other", "wa", "work"];

/// Ends of keys that hold a time.
const TIMES: [&str; 5] = ["timestamp", "time", "expiration", "_at", "timestamp_ms"];

const WORD_MAX_BYTES: usize = 64;
/// No message id with a phone number in it is shorter.
const MESSAGE_ID_MIN_BYTES: usize = 20;
/// So many digits together may be a phone number or an id.
pub(super) const PHONE_MIN_DIGITS: usize = 7;

/// Whether a member's name stays; one that may be a phone number, an id or an address does not.
pub(super) fn keeps_key(escaped: &str) -> bool {
    let runs = escaped.split(|c: char| !c.is_ascii_digit());
    !is_personal_key(escaped) && !escaped.contains("\\u00") && runs.map(str::len).max().unwrap_or(0) < PHONE_MIN_DIGITS
}

/// Whether a member's name is personal as a whole: an address, or what begins like a message id.
pub(super) fn is_personal_key(escaped: &str) -> bool {
    let on_premises = escaped.starts_with("gB") || escaped.starts_with("AB");
    escaped.contains('@') || escaped.contains(text::WAMID) || on_premises && escaped.len() >= MESSAGE_ID_MIN_BYTES
}

/// Whether a string stays.
pub(super) fn keeps_text(text: &str, key: &str, scope: Scope) -> bool {
    match (scope, key) {
        (_, "") => text.is_empty(),
        (Scope::Error, "code") => is_code(text) || is_word(text),
        (Scope::Error, "title" | "message" | "details") => TITLES.contains(text),
        (Scope::Card, "type") => CARD_TYPES.contains(&text.to_ascii_lowercase().as_str()),
        (_, "mime_type") => is_media_type(text),
        _ => WORDS.contains(&key) && is_word(text) || is_time_key(key) && is_time(text),
    }
}

/// Whether a number stays. A short one says nothing of a person, coordinates aside.
pub(super) fn keeps_number(literal: &str, key: &str) -> bool {
    let digits = literal.bytes().filter(u8::is_ascii_digit).count();
    digits < PHONE_MIN_DIGITS || is_time_key(key) && is_time(literal)
}

/// The titles of both tables of errors.
static TITLES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let both =
        |row: &error_codes::Row| [error_codes::on_premises_title(row.on_premises), error_codes::cloud_title(row.cloud)];
    error_codes::rows().iter().flat_map(both).flatten().collect()
});

/// A code that a table may have: six digits at most, zeros before them not counted.
fn is_code(text: &str) -> bool {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits && text.trim_start_matches('0').len() < PHONE_MIN_DIGITS && text.len() <= WORD_MAX_BYTES
}

/// A word of one case, as platforms write theirs and people do not write names.
fn is_word(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b':');
    let has = |class: fn(&u8) -> bool| text.bytes().any(|byte| class(&byte));
    text.len() <= WORD_MAX_BYTES
        && text.bytes().all(allowed)
        && !(has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase))
        && text.bytes().filter(u8::is_ascii_digit).count() < PHONE_MIN_DIGITS
}

/// `audio/ogg; codecs=opus`
fn is_media_type(text: &str) -> bool {
    let (kind, parameters) = text.split_once(';').unwrap_or((text, ""));
    let codec = parameters.trim_ascii().strip_prefix("codecs=");
    kind.contains('/') && is_word(&kind.replace('+', "-")) && (parameters.is_empty() || codec.is_some_and(is_word))
}

fn is_time_key(key: &str) -> bool {
    TIMES.iter().any(|end| key.ends_with(end))
}

/// Seconds or milliseconds of this age of the world, too few digits for a phone, or RFC 3339. No
/// phone has 10 or 13 digits and begins with 1: those of North America have 11.
fn is_time(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        return text.len() < PHONE_MIN_DIGITS || matches!(text.len(), 10 | 13) && text.starts_with('1');
    }
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).take(40).collect();
    shape.strip_prefix("0000-00-00T00:00:00").is_some_and(|rest| {
        let rest = rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches('0'));
        matches!(rest, "" | "Z" | "+00:00" | "-00:00")
    })
}
