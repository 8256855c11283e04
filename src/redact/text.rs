//! Strings. Hashes and message ids are rewritten by their grammar; any other text character by
//! character, with the phone numbers in it as they become everywhere.

use super::cipher::{Cipher, Symbol};
use super::kept::{self, PHONE_MIN_DIGITS, Scope};
use super::spelling;
use crate::format::message_id;
use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use sha2::{Digest, Sha256};

/// What the Cloud's message ids begin with.
pub(super) const WAMID: &str = "wamid.";
/// Beginnings that stay.
const BEGINNINGS: [&str; 3] = [WAMID, "https://", "http://"];
/// Error details with these words lead to another code, so they stay in errors.
const PHRASE: &str = "unknown contact";
/// No phone number is longer.
const PHONE_MAX_DIGITS: usize = 15;
/// A pseudonym that came out as a hash or message id by chance is replaced again, at most so often.
const MAX_TRIES: usize = 64;

/// The pseudonym of a text.
pub(super) fn pseudonym(cipher: &Cipher, text: &str) -> String {
    special(cipher, text).unwrap_or_else(|| plain(cipher, text, Scope::Plain))
}

/// The pseudonym of a string by its escaped text; `text` is the same unescaped, where it can be.
pub(super) fn escaped(cipher: &Cipher, escaped: &str, text: Option<&str>, scope: Scope) -> String {
    if let Some(special) = text.and_then(|text| special(cipher, text)) {
        // Neither spelling needs an escape.
        return special;
    }
    let spelled = spelling::read(escaped);
    let characters: Vec<Option<char>> = spelled.iter().map(|spelled| spelled.character).collect();
    spelling::write(escaped, &spelled, &ordinary(cipher, characters, scope))
}

/// The pseudonym of a member's name that does not stay: an id as a whole, else the digits in it.
pub(super) fn key(cipher: &Cipher, name: &str) -> String {
    if kept::is_personal_key(name) {
        return escaped(cipher, name, (!name.contains('\\')).then_some(name), Scope::Plain);
    }
    let spelled = spelling::read(name);
    let characters: Vec<Option<char>> = spelled.iter().map(|spelled| spelled.character).collect();
    let mut others = characters.clone();
    for run in phones(&characters, 0) {
        replace_digits(cipher, &characters, &run, &mut others);
    }
    spelling::write(name, &spelled, &others)
}

/// What has a grammar of its own: a message id, or a hash in either spelling.
fn special(cipher: &Cipher, text: &str) -> Option<String> {
    let hash = |bytes: &[u8]| cipher.hash("sha256", &[bytes]);
    match text.len() {
        44 => {
            let bytes = BASE64.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == 32);
            if let Some(bytes) = bytes {
                return Some(BASE64.encode(&hash(&bytes)));
            }
        }
        64 => {
            if let Ok(bytes) = HEXLOWER.decode(text.as_bytes()) {
                return Some(HEXLOWER.encode(&hash(&bytes)));
            }
        }
        _ => {}
    }
    message_id::rewrite(text, |phone| cipher.digits(phone), |key| message_key(cipher, key))
}

/// Hex stays hex, and what is none does not become it: the two are written differently.
fn message_key(cipher: &Cipher, key: &str) -> String {
    let is_hex = |key: &str| HEXUPPER.decode(key.as_bytes()).is_ok();
    if is_hex(key) {
        return cipher.hex(key);
    }
    let mut other = plain(cipher, key, Scope::Plain);
    for _ in 0..MAX_TRIES {
        if !is_hex(&other) {
            break;
        }
        other = plain(cipher, &other, Scope::Plain);
    }
    other
}

fn plain(cipher: &Cipher, text: &str, scope: Scope) -> String {
    ordinary(cipher, text.chars().map(Some).collect(), scope).into_iter().flatten().collect()
}

/// Other characters of the same classes. What would then be taken for a hash or an id is replaced
/// again: a text that is none may not become one.
fn ordinary(cipher: &Cipher, characters: Vec<Option<char>>, scope: Scope) -> Vec<Option<char>> {
    let mut others = scramble(cipher, &characters, scope);
    for _ in 0..MAX_TRIES {
        let text: Option<String> = others.iter().copied().collect();
        if text.is_none_or(|text| special(cipher, &text).is_none()) {
            break;
        }
        others = scramble(cipher, &others, scope);
    }
    others
}

fn scramble(cipher: &Cipher, characters: &[Option<char>], scope: Scope) -> Vec<Option<char>> {
    let mut others = characters.to_vec();
    let mut fixed = vec![false; characters.len()];
    let beginning = BEGINNINGS.iter().find(|beginning| begins(characters, beginning)).map_or(0, |found| found.len());
    fixed.iter_mut().take(beginning).for_each(|fixed| *fixed = true);
    if scope == Scope::Error {
        keep_phrase(characters, &mut fixed);
    }
    for run in phones(characters, beginning) {
        replace_digits(cipher, characters, &run, &mut others);
        run.iter().for_each(|&at| fixed.iter_mut().skip(at).take(1).for_each(|fixed| *fixed = true));
    }
    replace_letters(cipher, characters, &fixed, &mut others);
    others
}

fn begins(characters: &[Option<char>], beginning: &str) -> bool {
    characters.len() > beginning.len() && beginning.chars().zip(characters).all(|(c, found)| *found == Some(c))
}

fn keep_phrase(characters: &[Option<char>], fixed: &mut [bool]) {
    let same = |(c, found): (char, &Option<char>)| found.is_some_and(|found| found.eq_ignore_ascii_case(&c));
    let found: Vec<usize> = (characters.windows(PHRASE.len()).enumerate())
        .filter(|(_, window)| PHRASE.chars().zip(*window).all(same))
        .map(|(at, _)| at)
        .collect();
    for at in found {
        fixed.iter_mut().skip(at).take(PHRASE.len()).for_each(|fixed| *fixed = true);
    }
}

/// Where the digits of phone numbers and ids stand: all of them, where a text is one number however
/// written, else runs that are long enough.
fn phones(characters: &[Option<char>], from: usize) -> Vec<Vec<usize>> {
    let digits: Vec<usize> = positions(characters, from, |c| c.is_ascii_digit());
    let others = positions(characters, from, |c| !c.is_ascii_digit() && class(c).is_some());
    if others.is_empty() && (1..=PHONE_MAX_DIGITS).contains(&digits.len()) {
        return vec![digits];
    }
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for at in digits {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| last + 1 == at) => run.push(at),
            _ => runs.push(vec![at]),
        }
    }
    runs.retain(|run| run.len() >= PHONE_MIN_DIGITS);
    runs
}

fn positions(characters: &[Option<char>], from: usize, wanted: impl Fn(char) -> bool) -> Vec<usize> {
    let all = characters.iter().enumerate().skip(from);
    all.filter(|(_, c)| c.is_some_and(&wanted)).map(|(at, _)| at).collect()
}

fn replace_digits(cipher: &Cipher, characters: &[Option<char>], at: &[usize], others: &mut [Option<char>]) {
    let digits: String = at.iter().filter_map(|&at| characters.get(at).copied().flatten()).collect();
    for (&at, digit) in at.iter().zip(cipher.digits(&digits).chars()) {
        if let Some(place) = others.get_mut(at) {
            *place = Some(digit);
        }
    }
}

fn replace_letters(cipher: &Cipher, characters: &[Option<char>], fixed: &[bool], others: &mut [Option<char>]) {
    let open = |at: usize| !fixed.get(at).copied().unwrap_or(true);
    let mut at = Vec::with_capacity(characters.len());
    let (mut symbols, mut firsts) = (Vec::with_capacity(characters.len()), Vec::with_capacity(characters.len()));
    let mut foreign = Sha256::new();
    for (index, character) in characters.iter().enumerate().filter(|(index, _)| open(*index)) {
        let Some((character, (first, radix))) = character.and_then(|c| Some((c, class(c)?))) else { continue };
        let code = u32::from(character);
        let value = if character.is_ascii() { code - u32::from(first) } else { code % u32::from(radix) };
        if !character.is_ascii() {
            foreign.update(code.to_be_bytes());
        }
        at.push(index);
        firsts.push(first);
        symbols.push(Symbol { value: u8::try_from(value).unwrap_or(0), radix });
    }
    cipher.permute("text", &foreign.finalize(), &mut symbols);
    for ((at, first), symbol) in at.into_iter().zip(firsts).zip(symbols) {
        if let Some(place) = others.get_mut(at) {
            *place = Some(char::from(first + symbol.value));
        }
    }
}

/// The alphabet that takes a character's place, as its first character and its size; `None` for
/// punctuation and blanks, which stay.
fn class(character: char) -> Option<(u8, u8)> {
    match character {
        '0'..='9' => Some((b'0', 10)),
        'a'..='z' => Some((b'a', 26)),
        'A'..='Z' => Some((b'A', 26)),
        _ if character.is_ascii() || character.is_whitespace() || character.is_control() => None,
        // Signs of Latin-1 and general punctuation, joiners of emoji among them.
        '\u{a1}'..='\u{bf}' | '\u{2010}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' if !character.is_alphanumeric() => None,
        _ if character.is_numeric() => Some((b'0', 10)),
        _ if character.is_uppercase() => Some((b'A', 26)),
        _ => Some((b'a', 26)),
    }
}
