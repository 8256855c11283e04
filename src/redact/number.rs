//! Numbers: those with as many digits as a phone or an id, and coordinates.

use super::cipher::Cipher;
use super::kept;

/// Keys of coordinates, with the largest whole number each may have.
const COORDINATES: [(&str, u32); 5] = [("latitude", 89), ("lat", 89), ("longitude", 179), ("lng", 179), ("lon", 179)];

/// Another number written like this one; `None` where it stays.
pub(super) fn pseudonym(cipher: &Cipher, literal: &str, key: &str) -> Option<String> {
    if let Some(other) = coordinate(cipher, literal, key) {
        return Some(other);
    }
    if kept::keeps_number(literal, key) {
        return None;
    }
    let (mantissa, exponent) = match literal.find(['e', 'E']) {
        Some(at) => literal.split_at_checked(at)?,
        None => (literal, ""),
    };
    Some(with_other_digits(cipher, mantissa) + &with_other_digits(cipher, exponent))
}

/// What is no digit keeps its place: the sign, the point and the `e`.
fn with_other_digits(cipher: &Cipher, part: &str) -> String {
    let digits: String = part.chars().filter(char::is_ascii_digit).collect();
    let mut others = cipher.digits(&digits).into_bytes().into_iter().map(char::from);
    part.chars().map(|c| if c.is_ascii_digit() { others.next().unwrap_or(c) } else { c }).collect()
}

/// Another place on earth, written with as many digits; `None` for what is no coordinate.
pub(super) fn coordinate(cipher: &Cipher, literal: &str, key: &str) -> Option<String> {
    let (_, most) = COORDINATES.into_iter().find(|(name, _)| *name == key)?;
    let plain = literal.strip_prefix('-').unwrap_or(literal);
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let (least, beyond) = match whole.len() {
        1 => (0, 10),
        2 => (10, 100),
        _ => (100, 1000),
    };
    let mut stream = cipher.stream("coordinate", &[literal.as_bytes()]);
    let mut wide = || u32::from(stream.next().unwrap_or(0)) << 8 | u32::from(stream.next().unwrap_or(0));
    // A latitude of three digits is none; it stays as wide as it was.
    let span = beyond.min(most + 1).saturating_sub(least).max(1);
    let other = least + wide() % span;
    let sign = if literal.starts_with('-') { "-" } else { "" };
    let mut out = format!("{sign}{other}");
    if let Some(rest) = plain.strip_prefix(whole).filter(|rest| !rest.is_empty()) {
        out.extend(
            rest.chars().map(|c| if c.is_ascii_digit() { char::from_digit(wide() % 10, 10).unwrap_or(c) } else { c }),
        );
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_on_earth() {
        let cipher = Cipher::new(b"key");
        for (key, most) in [("latitude", 90.0), ("longitude", 180.0)] {
            for literal in ["37.4847", "-122.14", "0.5", "89.999999", "7"] {
                let other = pseudonym(&cipher, literal, key).expect("coordinates never stay");
                assert_eq!(other.len(), literal.len());
                assert_ne!(other.trim_start_matches('-'), "0");
                let degrees: f64 = other.parse().expect("a number");
                assert!(key == "latitude" && literal.starts_with("-1") || degrees.abs() <= most, "{key} {other}");
            }
        }
    }

    #[test]
    fn long_numbers_keep_their_sign_and_point() {
        let cipher = Cipher::new(b"key");
        let other = pseudonym(&cipher, "-1234.5678e+10", "id").expect("eight digits");
        assert!(other.starts_with('-') && other.find("e+") == Some(10) && other.find('.') == Some(5), "{other}");
        assert!(pseudonym(&cipher, "1e15550102001", "id").is_some_and(|other| !other.contains("0102001")));
        assert_eq!(pseudonym(&cipher, "123456", "id"), None);
        assert_eq!(pseudonym(&cipher, "1764000001", "timestamp"), None);
        assert!(pseudonym(&cipher, "15550102001", "timestamp").is_some());
        assert_eq!(pseudonym(&cipher, "15550102001", "x"), Some(cipher.digits("15550102001")));
    }
}
