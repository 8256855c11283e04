//! Keyed permutations: a Feistel network over symbols of small alphabets, with HMAC-SHA256 for its
//! rounds. What goes in different comes out different, so that two people never become one.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Rounds for short texts, where there is little to mix, and for long ones.
const ROUNDS_SHORT: u8 = 8;
const ROUNDS_LONG: u8 = 4;
const SHORT_MAX_SYMBOLS: usize = 64;

const KEY_BYTES: usize = 64;

/// The key, ready for use.
#[derive(Clone)]
pub(super) struct Cipher {
    mac: Hmac<Sha256>,
}

/// A character as its place in an alphabet of `radix` characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Symbol {
    pub(super) value: u8,
    pub(super) radix: u8,
}

impl Cipher {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut block = [0_u8; KEY_BYTES];
        for (place, byte) in block.iter_mut().zip(Sha256::digest(key)) {
            *place = byte;
        }
        Self { mac: Hmac::<Sha256>::new(&block.into()) }
    }

    /// 32 bytes that only the key can tell from random ones.
    pub(super) fn hash(&self, domain: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in [domain.as_bytes()].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Bytes without end.
    pub(super) fn stream<'c>(&'c self, domain: &str, parts: &[&[u8]]) -> impl Iterator<Item = u8> + use<'c> {
        let seed = self.hash(domain, parts);
        let more = (0_u64..).flat_map(move |count| self.hash("more", &[&seed, &count.to_be_bytes()]));
        seed.into_iter().chain(more)
    }

    /// Puts others in the place of these symbols, each of the same alphabet. `tweak` chooses among
    /// permutations.
    pub(super) fn permute(&self, domain: &str, tweak: &[u8], symbols: &mut [Symbol]) {
        let rounds = if symbols.len() > SHORT_MAX_SYMBOLS { ROUNDS_LONG } else { ROUNDS_SHORT };
        let (left, right) = symbols.split_at_mut(symbols.len() / 2);
        for round in 0..rounds {
            match round % 2 {
                0 => self.round(domain, tweak, round, left, right),
                _ => self.round(domain, tweak, round, right, left),
            }
        }
    }

    fn round(&self, domain: &str, tweak: &[u8], round: u8, from: &[Symbol], to: &mut [Symbol]) {
        let said: Vec<u8> = from.iter().map(|symbol| symbol.value).collect();
        let stream = self.stream(domain, &[tweak, &[round], &said]);
        for (symbol, byte) in to.iter_mut().zip(stream) {
            let sum = (u16::from(symbol.value) + u16::from(byte)) % u16::from(symbol.radix);
            symbol.value = u8::try_from(sum).unwrap_or(symbol.value);
        }
    }

    /// Other digits; the first is 0 only where it was.
    pub(super) fn digits(&self, digits: &str) -> String {
        let symbol = |(index, byte): (usize, u8)| match (index, byte) {
            (0, b'0') => Symbol { value: 0, radix: 1 },
            (0, _) => Symbol { value: byte.saturating_sub(b'1'), radix: 9 },
            _ => Symbol { value: byte.saturating_sub(b'0'), radix: 10 },
        };
        let mut symbols: Vec<Symbol> = digits.bytes().enumerate().map(symbol).collect();
        self.permute("digits", &[], &mut symbols);
        let digit = |symbol: Symbol| char::from(b'0' + symbol.value + u8::from(symbol.radix == 9));
        symbols.into_iter().map(digit).collect()
    }

    /// Other upper-case hex digits.
    pub(super) fn hex(&self, hex: &str) -> String {
        let value = |digit: char| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or(0);
        let mut symbols: Vec<Symbol> = hex.chars().map(|digit| Symbol { value: value(digit), radix: 16 }).collect();
        self.permute("hex", &[], &mut symbols);
        let digit = |symbol: Symbol| char::from_digit(u32::from(symbol.value), 16).unwrap_or('0').to_ascii_uppercase();
        symbols.into_iter().map(digit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Cipher;
    use std::collections::HashSet;

    #[test]
    fn no_two_become_one() {
        let cipher = Cipher::new(b"key");
        let all: HashSet<String> = (0..1000).map(|number| cipher.digits(&format!("{number:03}"))).collect();
        assert_eq!(all.len(), 1000);
        assert!(all.iter().all(|digits| digits.len() == 3));
        let leading = (0..1000).filter(|number| cipher.digits(&format!("{number:03}")).starts_with('0'));
        assert_eq!(leading.count(), 100, "zeros lead where they led");
        let hex: HashSet<String> = (0..256).map(|number| cipher.hex(&format!("{number:02X}"))).collect();
        assert_eq!(hex.len(), 256);
    }

    #[test]
    fn the_key_decides() {
        let digits = |key: &[u8]| Cipher::new(key).digits("15550102001");
        assert_eq!(digits(b"a"), digits(b"a"));
        assert_ne!(digits(b"a"), digits(b"b"));
    }
}
