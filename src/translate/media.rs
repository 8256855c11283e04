//! Media objects: push-to-talk, and the two spellings of a hash.

use crate::json::{Node, Object};
use data_encoding::{BASE64, HEXLOWER};

/// The members that hold a media object.
const MEDIA: [&str; 6] = ["image", "document", "audio", "voice", "video", "sticker"];

/// Cloud `audio` with `voice: true` is the flat type `voice`; the flag goes.
pub(super) fn audio_down(message: &mut Object<'_>) {
    let Some(flag) = message.open("audio").and_then(|audio| audio.get("voice").cloned()) else { return };
    let push_to_talk = flag.is_literal("true");
    if push_to_talk && !message.rename("audio", "voice") {
        return;
    }
    if push_to_talk {
        message.set("type", Node::literal("\"voice\""));
    }
    if (push_to_talk || flag.is_literal("false"))
        && let Some(audio) = message.open(if push_to_talk { "voice" } else { "audio" })
    {
        audio.remove("voice");
    }
}

/// The flat types `voice` and `audio` are Cloud `audio` with the flag said.
pub(super) fn audio_up(message: &mut Object<'_>, push_to_talk: bool) {
    if push_to_talk {
        let flag_is_free = message.open("voice").is_some_and(|voice| !voice.has("voice"));
        if !flag_is_free || !message.rename("voice", "audio") {
            return;
        }
        message.set("type", Node::literal("\"audio\""));
    }
    if let Some(audio) = message.open("audio")
        && !audio.has("voice")
    {
        audio.push("voice", Node::literal(if push_to_talk { "true" } else { "false" }));
    }
}

/// Writes each media object's `sha256` in hex.
pub(super) fn hashes_down(message: &mut Object<'_>) {
    each_hash(message, hex_of_base64);
}

/// Writes each media object's `sha256` in base64.
pub(super) fn hashes_up(message: &mut Object<'_>) {
    each_hash(message, base64_of_hex);
}

fn each_hash(message: &mut Object<'_>, respelled: fn(&str) -> Option<String>) {
    for member in message.iter_mut().filter(|member| MEDIA.contains(&member.key.as_ref())) {
        let Some(hash) = member.value.open().and_then(|media| media.get_mut("sha256")) else { continue };
        if let Some(new) = hash.text().and_then(|text| respelled(&text)) {
            *hash = Node::string(&new);
        }
    }
}

/// `None` unless printing it back would give the same 44 characters.
fn hex_of_base64(text: &str) -> Option<String> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    (bytes.len() == 32).then(|| HEXLOWER.encode(&bytes))
}

/// `None` unless printing it back would give the same 64 characters.
fn base64_of_hex(text: &str) -> Option<String> {
    let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
    (bytes.len() == 32).then(|| BASE64.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_hashes_are_respelled() {
        let base64 = "uZ8ZLjAnbfF9I1dPYqMQkLUqVa6OQQnQ+TjSWdBzGL8=";
        let hex = hex_of_base64(base64).expect("canonical");
        assert_eq!(base64_of_hex(&hex).as_deref(), Some(base64));
        for odd in [base64.trim_end_matches('='), "uZ8ZLjAnbfF9I1dPYqMQkLUqVa6OQQnQ+TjSWdBzGL9=", "abc=", ""] {
            assert_eq!(hex_of_base64(odd), None, "{odd}");
        }
        for odd in [hex.to_uppercase().as_str(), "abcd"] {
            assert_eq!(base64_of_hex(odd), None, "{odd}");
        }
    }
}
