//! The wall clock, in one place.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970; 0 for a clock set before that.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
