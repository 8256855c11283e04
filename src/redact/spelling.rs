//! The text between the quotes of a JSON string, character by character, each with the way it was
//! written: what is replaced is written the same way again.

/// A character of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelled {
    /// How many bytes it was written with.
    bytes: u8,
    /// `None` for a lone surrogate, which no text can hold.
    pub(super) character: Option<char>,
}

/// The characters of an escaped text.
pub(super) fn read(escaped: &str) -> Vec<Spelled> {
    let mut all = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(first) = rest.chars().next() {
        let (length, character) = match first {
            '\\' => escape(rest),
            plain => (plain.len_utf8(), Some(plain)),
        };
        let length = length.min(rest.len());
        all.push(Spelled { bytes: u8::try_from(length).unwrap_or(u8::MAX), character });
        rest = rest.get(length..).unwrap_or_default();
    }
    all
}

/// The text again with others in the place of its characters; what stays is written as it was.
pub(super) fn write(escaped: &str, spelled: &[Spelled], others: &[Option<char>]) -> String {
    let mut out = String::with_capacity(escaped.len());
    let mut rest = escaped;
    for (spelled, other) in spelled.iter().zip(others) {
        let (source, after) = rest.split_at_checked(usize::from(spelled.bytes)).unwrap_or((rest, ""));
        match other {
            Some(other) if spelled.character == Some(*other) => out.push_str(source),
            Some(other) if source.starts_with('\\') => out.push_str(&format!("\\u{:04x}", u32::from(*other))),
            Some(other) => out.push(*other),
            None => out.push_str(source),
        }
        rest = after;
    }
    out
}

/// How long the escape is that the text begins with, and what it stands for.
fn escape(text: &str) -> (usize, Option<char>) {
    match text.as_bytes().get(1) {
        Some(b'u') => {
            let (first, second) = (unit(text, 0), unit(text, 6));
            let pair = first.zip(second).and_then(|(first, second)| char::decode_utf16([first, second]).next()?.ok());
            match (first.and_then(|unit| char::from_u32(u32::from(unit))), pair) {
                (None, Some(pair)) => (12, Some(pair)),
                (single, _) => (6, single),
            }
        }
        Some(b'b') => (2, Some('\u{8}')),
        Some(b'f') => (2, Some('\u{c}')),
        Some(b'n') => (2, Some('\n')),
        Some(b'r') => (2, Some('\r')),
        Some(b't') => (2, Some('\t')),
        Some(&other) => (2, Some(char::from(other))),
        None => (1, None),
    }
}

/// The UTF-16 unit of the `\uXXXX` at this byte.
fn unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_is_read_and_kept() {
        let escaped = r#"a\u00e9\ud83d\ude00\ud83d x\/\n\"\\é"#;
        let all = read(escaped);
        let text: Vec<Option<char>> = all.iter().map(|spelled| spelled.character).collect();
        let expected = "aé😀".chars().map(Some).chain([None]).chain(" x/\n\"\\é".chars().map(Some));
        assert_eq!(text, expected.collect::<Vec<_>>());
        assert_eq!(write(escaped, &all, &text), escaped);
        let others: Vec<Option<char>> = text.iter().map(|c| c.map(|_| 'z')).collect();
        let new = write(escaped, &all, &others);
        assert_eq!(new, r#"z\u007a\u007a\ud83dzz\u007a\u007a\u007a\u007az"#);
    }
}
