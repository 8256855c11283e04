//! What an attempt came to.

use hyper::header::RETRY_AFTER;
use hyper::{HeaderMap, StatusCode};

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
        // A date is allowed as well, and nobody sends one.
        let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Verdict::Refused { status: status.as_u16(), retry_after }
    }

    /// The status it answered with, if that was no 2xx.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Verdict::Refused { status, .. } => Some(status),
            Verdict::Delivered | Verdict::TimedOut | Verdict::Unreachable => None,
        }
    }

    /// The word for logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Verdict::Delivered => "delivered",
            Verdict::Refused { .. } => "refused",
            Verdict::TimedOut => "timed_out",
            Verdict::Unreachable => "unreachable",
        }
    }
}
