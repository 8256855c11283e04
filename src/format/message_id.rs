//! Message ids: two spellings of one triple (peer, from me, key).
//!
//! On-Premises: base64url of `00|80 11 digits BCD 02|03 length key`. Cloud: `wamid.` and base64 of a
//! Thrift compact struct with the same three facts. That one message has the same key under both
//! spellings is inferred from 180 decoded ids, not documented by Meta; so conversion is off unless
//! asked for, and only what comes back byte for byte is converted. Ids hold phone numbers: they
//! never go into a log.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXUPPER};

/// Which spelling is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// `gBGG...`, `ABGG...`
    OnPremises,
    /// `wamid.HBgL...`
    Cloud,
}

/// The same id in the other spelling; `None` for what does not fit the grammar or would not come
/// back byte for byte.
#[must_use]
pub fn convert(id: &str, to: Spelling) -> Option<String> {
    match to {
        Spelling::OnPremises => {
            let new = parse_cloud(id)?.on_premises()?;
            (parse_on_premises(&new)?.cloud()? == id).then_some(new)
        }
        Spelling::Cloud => {
            let new = parse_on_premises(id)?.cloud()?;
            (parse_cloud(&new)?.on_premises()? == id).then_some(new)
        }
    }
}

/// The same id with another peer and another key, in the spelling it has; `None` for what [`convert`]
/// would leave alone. The new ones have to be of the same kind: digits for digits, hex for hex.
pub(crate) fn rewrite(id: &str, peer: impl Fn(&str) -> String, key: impl Fn(&str) -> String) -> Option<String> {
    let other = |triple: Triple| Triple { peer: peer(&triple.peer), key: key(&triple.key), ..triple };
    if let Some(triple) = parse_cloud(id) {
        convert(id, Spelling::OnPremises)?;
        return other(triple).cloud();
    }
    let triple = parse_on_premises(id)?;
    convert(id, Spelling::Cloud)?;
    other(triple).on_premises()
}

/// By what one message is known under whichever id a platform gave it. It may hold a phone number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Whether the business sent it; `None` where the id does not say.
    pub from_me: Option<bool>,
    /// WhatsApp's own key of the message.
    pub text: String,
}

/// The key in an id of either spelling, in an early Cloud id (`wamid.` and the On-Premises spelling),
/// or in an id that is nothing but the key. The peer is left out: a copy of one message may name the
/// other side. `None` too for a text key that several messages may share, such as `product_inquiry`.
#[must_use]
pub fn key_of(id: &str) -> Option<Key> {
    let early = || parse_on_premises(id.strip_prefix(WAMID).unwrap_or(id));
    let key = match parse_cloud(id).or_else(early) {
        Some(Triple { from_me, key, .. }) => Key { from_me: Some(from_me), text: key },
        None => Key { from_me: None, text: is_bare(id).then(|| id.to_owned())? },
    };
    let is_own = key.text.starts_with(SYSTEM) || key.text.len() >= KEY_MIN_DIGITS && is_hex(&key.text);
    is_own.then_some(key)
}

const WAMID: &str = "wamid.";
/// How the keys of system messages begin; they end with a user and a time.
const SYSTEM: &str = "sys-";
/// Eight random bytes. Shorter keys were never seen.
const KEY_MIN_DIGITS: usize = 16;

/// The lengths that keys have: of the business, of iPhones, of the web, of Android.
fn is_bare(id: &str) -> bool {
    matches!(id.len(), 18 | 20 | 22 | 32) && is_hex(id)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
}

/// What an id says.
#[derive(Debug, PartialEq, Eq)]
struct Triple {
    peer: String,
    from_me: bool,
    key: String,
}

/// Length of a string in Thrift's compact protocol, as long as it fits one byte.
const SHORT: usize = 0x7f;

impl Triple {
    fn cloud(&self) -> Option<String> {
        let (peer, key) = (self.peer.as_bytes(), self.key.as_bytes());
        if peer.len() > SHORT || key.len() > SHORT {
            return None;
        }
        let mut bytes = vec![0x1c, 0x18, u8::try_from(peer.len()).ok()?];
        bytes.extend_from_slice(peer);
        bytes.extend([0x15, 0x02, 0x00, if self.from_me { 0x11 } else { 0x12 }]);
        bytes.extend([0x18, u8::try_from(key.len()).ok()?]);
        bytes.extend_from_slice(key);
        bytes.push(0x00);
        Some(format!("{WAMID}{}", BASE64.encode(&bytes)))
    }

    fn on_premises(&self) -> Option<String> {
        let odd = self.peer.len() % 2 == 1;
        let padded = if odd { format!("{}F", self.peer) } else { self.peer.clone() };
        let peer = HEXUPPER.decode(padded.as_bytes()).ok()?;
        if peer.len() > SHORT {
            return None;
        }
        let (tag, key) = match HEXUPPER.decode(self.key.as_bytes()) {
            Ok(packed) => (0x02, packed),
            Err(_) => (0x03, self.key.clone().into_bytes()),
        };
        let mut bytes = vec![if self.from_me { 0x80 } else { 0x00 }, 0x11];
        bytes.push(u8::try_from(peer.len()).ok()? | if odd { 0x80 } else { 0x00 });
        bytes.extend(peer);
        bytes.extend([tag, u8::try_from(key.len()).ok()?]);
        bytes.extend(key);
        Some(BASE64URL_NOPAD.encode(&bytes))
    }
}

fn digits(peer: &str) -> Option<String> {
    (!peer.is_empty() && peer.bytes().all(|byte| byte.is_ascii_digit())).then(|| peer.to_owned())
}

fn parse_cloud(id: &str) -> Option<Triple> {
    let bytes = BASE64.decode(id.strip_prefix(WAMID)?.as_bytes()).ok()?;
    let (peer, rest) = counted(bytes.strip_prefix(&[0x1c, 0x18])?)?;
    let (from_me, rest) = match rest.strip_prefix(&[0x15, 0x02, 0x00])? {
        [0x11, rest @ ..] => (true, rest),
        [0x12, rest @ ..] => (false, rest),
        _ => return None,
    };
    let (key, rest) = counted(rest.strip_prefix(&[0x18])?)?;
    (rest == [0x00]).then_some(())?;
    Some(Triple { peer: digits(std::str::from_utf8(peer).ok()?)?, from_me, key: printable(key)? })
}

fn parse_on_premises(id: &str) -> Option<Triple> {
    let bytes = BASE64URL_NOPAD.decode(id.as_bytes()).ok()?;
    let (from_me, rest) = match bytes.as_slice() {
        [0x80, 0x11, rest @ ..] => (true, rest),
        [0x00, 0x11, rest @ ..] => (false, rest),
        _ => return None,
    };
    let (&header, rest) = rest.split_first()?;
    let (packed, rest) = rest.split_at_checked(usize::from(header & 0x7f))?;
    let spelled = HEXUPPER.encode(packed);
    let peer = match header & 0x80 {
        0 => spelled,
        _ => spelled.strip_suffix('F')?.to_owned(),
    };
    let (&tag, rest) = rest.split_first()?;
    let (key, rest) = counted(rest)?;
    rest.is_empty().then_some(())?;
    let key = match tag {
        0x02 => HEXUPPER.encode(key),
        0x03 => printable(key)?,
        _ => return None,
    };
    Some(Triple { peer: digits(&peer)?, from_me, key })
}

fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(length))
}

fn printable(key: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(key).ok()?;
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(on_premises: &str, cloud: &str) {
        assert_eq!(convert(on_premises, Spelling::Cloud).as_deref(), Some(cloud));
        assert_eq!(convert(cloud, Spelling::OnPremises).as_deref(), Some(on_premises));
    }

    fn pair(peer: &str, from_me: bool, key: &str) {
        let triple = Triple { peer: peer.into(), from_me, key: key.into() };
        both(&triple.on_premises().expect("fits"), &triple.cloud().expect("fits"));
    }

    #[test]
    fn published_ids_convert_byte_for_byte() {
        // The example of reference/ids.md in both spellings, rebuilt from its decoded triple.
        both("gBEGkYiEB1VXAglK1ZEqA1YKPrU", "wamid.HBgMOTE4ODg0MDc1NTU3FQIAERgSNEFENTkxMkEwMzU2MEEzRUI1AA==");
    }

    #[test]
    fn odd_even_and_text_keys() {
        pair("15550100123", true, "9A3CA5B3D4CD6E67E7");
        pair("4915550100", false, "3EB0C767D097E4F1B2A3");
        pair("16315558889", false, "sys-16315558889@s.whatsapp.net-1574080102213-change");
        // Lower-case and odd hex stay text.
        pair("16315558889", false, "abcdef");
        pair("16315558889", false, "ABC");
    }

    #[test]
    fn what_does_not_fit_is_left_alone() {
        for id in ["", "ABGGFlA5Fpa", "wamid.gBEGkYiEB1VXAglK1ZEqA1YKPrU", "wacid.ABGG", "3A0C810BBE72C289F9CD"] {
            assert_eq!(convert(id, Spelling::OnPremises), None, "{id}");
            assert_eq!(convert(id, Spelling::Cloud), None, "{id}");
        }
        // Upper-case hex under the text tag would come back under the packed one.
        let bytes = [&[0x00, 0x11, 0x01, 0x12, 0x03, 0x02][..], b"AB"].concat();
        assert_eq!(convert(&BASE64URL_NOPAD.encode(&bytes), Spelling::Cloud), None);
    }

    #[test]
    fn one_message_has_one_key_under_every_id() {
        for (peer, from_me, text) in [
            ("15550100123", true, "9A3CA5B3D4CD6E67E7"),
            ("4915550100", false, "3EB0C767D097E4F1B2A3"),
            ("15550100123", false, "sys-15550100123@s.whatsapp.net-1700000000000-change"),
        ] {
            let triple = Triple { peer: peer.into(), from_me, key: text.into() };
            let (flat, cloud) = (triple.on_premises().expect("fits"), triple.cloud().expect("fits"));
            let known = Some(Key { from_me: Some(from_me), text: text.into() });
            for id in [&flat, &cloud, &format!("wamid.{flat}")] {
                assert_eq!(key_of(id), known, "{id}");
            }
        }
        for text in ["9A3CA5B3D4CD6E67E7", "3EB0C767D097E4F1B2A3", "3EB0C767D097E4F1B2A3C4", &"0A".repeat(16)] {
            assert_eq!(key_of(text), Some(Key { from_me: None, text: text.into() }));
        }
    }

    #[test]
    fn the_peer_is_no_part_of_a_key() {
        let id = |peer: &str| Triple { peer: peer.into(), from_me: true, key: "2A".repeat(10) }.cloud().expect("fits");
        assert_eq!(key_of(&id("15550100123")), key_of(&id("15550100001")));
    }

    #[test]
    fn what_may_be_shared_is_no_key() {
        let id = |key: &str| Triple { peer: "15550100123".into(), from_me: true, key: key.into() };
        for key in ["product_inquiry", "AB", "abcdefabcdefabcdefab"] {
            assert_eq!(id(key).cloud().as_deref().and_then(key_of), None, "{key}");
            assert_eq!(id(key).on_premises().as_deref().and_then(key_of), None, "{key}");
        }
        for id in
            ["", "ABGGFlA5Fpa", "wacid.ABGG", "9a3ca5b3d4cd6e67e7", "9A3CA5B3D4CD6E67E", "wamid.9A3CA5B3D4CD6E67E7"]
        {
            assert_eq!(key_of(id), None, "{id}");
        }
    }
}
