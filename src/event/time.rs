//! The platforms' timestamps.

use std::time::{Duration, UNIX_EPOCH};

/// The year 5138 in seconds: what is above are milliseconds, as some payloads have them.
const MILLISECONDS_FROM: u64 = 100_000_000_000;
/// The last second RFC 3339 can say.
const YEAR_10000: u64 = 253_402_300_800;

/// A timestamp of the platform (seconds since 1970 as text, sometimes milliseconds) in milliseconds;
/// `None` for what is no such timestamp.
#[must_use]
pub fn unix_ms(timestamp: &str) -> Option<u64> {
    let number: u64 = timestamp.parse().ok()?;
    let milliseconds = if number < MILLISECONDS_FROM { number * 1000 } else { number };
    (milliseconds / 1000 < YEAR_10000).then_some(milliseconds)
}

/// The same as RFC 3339 in UTC.
#[must_use]
pub fn rfc3339(timestamp: &str) -> Option<String> {
    let since = Duration::from_millis(unix_ms(timestamp)?);
    Some(humantime::format_rfc3339(UNIX_EPOCH + since).to_string())
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn seconds_milliseconds_and_nonsense() {
        assert_eq!(rfc3339("1749416383").as_deref(), Some("2025-06-08T20:59:43Z"));
        assert_eq!(rfc3339("1749416383123").as_deref(), Some("2025-06-08T20:59:43.123000000Z"));
        for nonsense in ["", "x", "-1", "1e9", "99999999999999999999", "18446744073709551615"] {
            assert_eq!(rfc3339(nonsense), None, "{nonsense}");
        }
    }
}
