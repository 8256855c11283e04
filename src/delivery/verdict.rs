//! What an attempt came to.

use crate::clock;
use hyper::header::RETRY_AFTER;
use hyper::{HeaderMap, StatusCode};
use std::fmt;

/// A consumer's answer, judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Any 2xx: it has taken it.
    Delivered,
    /// Anything else; with the seconds of its `Retry-After`.
    Refused {
        /// The status it answered with.
        status: u16,
        /// When it wants to be asked again.
        retry_after: Option<u64>,
    },
    /// It did not answer within the time it has.
    TimedOut,
    /// It was not asked: as many attempts as it allows were running all the time.
    Busy,
    /// No connection, or one that broke.
    Unreachable,
}

impl Verdict {
    /// The verdict on a status and its headers. Redirects are not followed.
    #[must_use]
    pub fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        if status.is_success() {
            return Verdict::Delivered;
        }
        let is_error = status.is_client_error() || status.is_server_error();
        let retry_after = headers.get(RETRY_AFTER).filter(|_| is_error);
        let retry_after = retry_after.and_then(|value| seconds_until(value.to_str().ok()?.trim()));
        Verdict::Refused { status: status.as_u16(), retry_after }
    }

    /// The status it answered with, if that was no 2xx.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Verdict::Refused { status, .. } => Some(status),
            Verdict::Delivered | Verdict::TimedOut | Verdict::Busy | Verdict::Unreachable => None,
        }
    }

    /// The seconds for which it wants to be left alone.
    #[must_use]
    pub const fn retry_after(self) -> Option<u64> {
        match self {
            Verdict::Refused { retry_after, .. } => retry_after,
            Verdict::Delivered | Verdict::TimedOut | Verdict::Busy | Verdict::Unreachable => None,
        }
    }

    /// The word for logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Verdict::Delivered => "delivered",
            Verdict::Refused { .. } => "refused",
            Verdict::TimedOut => "timed_out",
            Verdict::Busy => "busy",
            Verdict::Unreachable => "unreachable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status() {
            Some(status) => write!(out, "{} {status}", self.label()),
            None => out.write_str(self.label()),
        }
    }
}

/// `Retry-After` as RFC 9110 has it: seconds, or a date.
fn seconds_until(text: &str) -> Option<u64> {
    let seconds = text.parse().ok();
    seconds.or_else(|| {
        let then = httpdate::parse_http_date(text).ok()?;
        let since = then.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(since.as_secs().saturating_sub(clock::unix_seconds()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(seconds_until("120"), Some(120));
        assert_eq!(seconds_until("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        let later = UNIX_EPOCH + Duration::from_secs(clock::unix_seconds() + 3600);
        assert!(seconds_until(&httpdate::fmt_http_date(later)).is_some_and(|seconds| (3590..=3600).contains(&seconds)));
        assert_eq!(seconds_until("soon"), None);
    }
}
