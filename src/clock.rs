//! The clocks, in one place.
//!
//! Two of them: the wall clock, for what others read, and a steady one for everything that is
//! compared with itself. The steady clock begins at the wall's time and then only goes forward, so a
//! wall clock that is set while we run neither holds back a retry nor gives anything up.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn since_1970() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A span in milliseconds.
#[must_use]
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970 by the wall clock; 0 for a clock set before that.
#[must_use]
pub fn unix_seconds() -> u64 {
    since_1970().as_secs()
}

/// Milliseconds since 1970 by the steady clock.
#[must_use]
pub fn steady_ms() -> u64 {
    static BEGUN: OnceLock<(Duration, Instant)> = OnceLock::new();
    let (wall, instant) = BEGUN.get_or_init(|| (since_1970(), Instant::now()));
    millis(*wall + instant.elapsed())
}
