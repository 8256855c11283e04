//! What may be shown to an operator of a word that a sender chose. It may be a phone number, a name or a
//! message id; only what looks like an identifier of a protocol is shown. A first name in small letters
//! looks like one too: keys of protocols are not made of those.

const WORD_MAX_BYTES: usize = 40;
/// Fewer digits together than any number of a person has; and fewer in all than a phone number has.
const RUN_MAX_DIGITS: usize = 3;
const MAX_DIGITS: usize = 6;
/// Lists of more items than can be written so are of no protocol's making.
const INDEX_MAX_DIGITS: usize = 4;
/// What stands for a segment that is not shown.
const HIDDEN: &str = "…";

/// The word, if it may be shown: `snake_case` or `camelCase`, of 40 characters at most.
#[must_use]
pub fn presentable(word: &str) -> Option<&str> {
    let bytes = word.as_bytes();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let longest = bytes.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).max().unwrap_or(0);
    let is_shown = bytes.len() <= WORD_MAX_BYTES
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && bytes.windows(2).all(|pair| !has_no_hump(pair))
        && longest <= RUN_MAX_DIGITS
        && digits <= MAX_DIGITS;
    is_shown.then_some(word)
}

/// Two capitals in a row, as in base64: On-Premises ids begin with `gBGG`.
fn has_no_hump(pair: &[u8]) -> bool {
    pair.iter().all(u8::is_ascii_uppercase)
}

/// A JSON pointer of which each segment is an index, a word that may be shown, or `…`.
#[must_use]
pub fn presentable_path(pointer: &str) -> String {
    let mut out = String::with_capacity(pointer.len());
    let mut segments = pointer.split('/');
    if segments.next().is_some_and(|before| !before.is_empty()) {
        out.push_str(HIDDEN);
    }
    for segment in segments {
        out.push('/');
        out.push_str(if is_index(segment) { segment } else { presentable(segment).unwrap_or(HIDDEN) });
    }
    out
}

fn is_index(segment: &str) -> bool {
    (1..=INDEX_MAX_DIGITS).contains(&segment.len()) && segment.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_shown() {
        for word in [
            "hologram",
            "recipient_participant_parent_user_id",
            "newMember",
            "udf1",
            "a",
            "additional_info7",
            &"a".repeat(40),
        ] {
            assert_eq!(presentable(word), Some(word));
        }
    }

    #[test]
    fn what_may_be_personal_is_not() {
        for word in [
            "",
            "15550100123",
            "a15550100123",
            "phone_1555",
            "p_155_501_001_23",
            "Maria Muster",
            "maria@example.org",
            "Maria",
            "josé",
            "_vnd",
            "wamid.HBgL",
            "gBEGkYiEBVXAglKZEqAYKPrU",
            "US.1349",
            "a-b",
            &"a".repeat(41),
        ] {
            assert_eq!(presentable(word), None, "{word}");
        }
    }

    #[test]
    fn a_path_keeps_what_may_be_shown() {
        let shown = [
            ("", ""),
            ("/entry/0/changes/12/value/messages/3/hologram", "/entry/0/changes/12/value/messages/3/hologram"),
            ("/messages/0/15550100123/name", "/messages/0/…/name"),
            ("/messages/9999/a~1b//12345", "/messages/9999/…/…/…"),
            ("stray/text", "…/text"),
        ];
        for (pointer, expected) in shown {
            assert_eq!(presentable_path(pointer), expected);
        }
    }
}
