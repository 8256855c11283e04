//! Why a webhook is not taken. The only place that picks a status code.
//!
//! What the platform reads says nothing internal: no secret, no expected signature, no body.

use crate::journal::Trouble;
use crate::pass_through::Undelivered;
use crate::telemetry::Outcome;
use axum::response::{IntoResponse, Response};
use hyper::header::{CONNECTION, RETRY_AFTER};
use hyper::{HeaderMap, StatusCode};

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No body of either format; the reason holds nothing of the body but a position.
    #[error("{0}")]
    Malformed(String),
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The connection broke before the body was there.
    #[error("the body did not arrive")]
    Broken,
    /// A readable body of the other format at a door for one.
    #[error("this address takes bodies of the other format")]
    WrongDoor,
    /// No proof, a wrong one, or one for the other format.
    #[error("signature or authorization missing or wrong")]
    Unproven,
    /// The handshake does not name the right token.
    #[error("not a subscription handshake with the right token")]
    Handshake,
    /// Numbers are configured, and this is none of them.
    #[error("unknown number")]
    UnknownNumber,
    /// The body is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// Shutting down, or more requests than can be served.
    #[error("try again later")]
    Unavailable,
    /// The journal cannot promise to keep it.
    #[error("try again later")]
    NotSafe,
    /// A consumer asked to be left alone for so many seconds.
    #[error("try again later")]
    ConsumerBusy(u64),
    /// A consumer did not take it.
    #[error("not delivered")]
    NotDelivered,
}

/// `Retry-After` of our own 503s.
const RETRY_AFTER_SECONDS: u64 = 5;

impl Rejection {
    fn status(&self) -> StatusCode {
        match self {
            Rejection::Malformed(_) | Rejection::WrongDoor | Rejection::Broken => StatusCode::BAD_REQUEST,
            Rejection::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Rejection::Unproven => StatusCode::UNAUTHORIZED,
            Rejection::Handshake => StatusCode::FORBIDDEN,
            Rejection::UnknownNumber => StatusCode::NOT_FOUND,
            Rejection::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Rejection::Unavailable | Rejection::NotSafe | Rejection::ConsumerBusy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Rejection::NotDelivered => StatusCode::BAD_GATEWAY,
        }
    }

    /// The outcome it is counted as.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Rejection::Malformed(_) | Rejection::WrongDoor | Rejection::TooSlow | Rejection::Broken => {
                Outcome::Malformed
            }
            Rejection::Unproven | Rejection::Handshake => Outcome::Unauthorized,
            Rejection::UnknownNumber => Outcome::NotFound,
            Rejection::TooLarge => Outcome::TooLarge,
            Rejection::Unavailable | Rejection::NotSafe | Rejection::ConsumerBusy(_) | Rejection::NotDelivered => {
                Outcome::Unavailable
            }
        }
    }
}

impl From<Undelivered> for Rejection {
    fn from(reason: Undelivered) -> Self {
        match reason {
            Undelivered::UnknownNumber => Rejection::UnknownNumber,
            Undelivered::Busy(seconds) => Rejection::ConsumerBusy(seconds),
            Undelivered::Failed => Rejection::NotDelivered,
        }
    }
}

impl From<Trouble> for Rejection {
    fn from(_: Trouble) -> Self {
        // The journal has said why, in the log.
        Rejection::NotSafe
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        match &self {
            Rejection::Unavailable | Rejection::NotSafe => {
                headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into());
            }
            Rejection::ConsumerBusy(seconds) => {
                headers.insert(RETRY_AFTER, (*seconds).into());
            }
            // What is left of such a body will not be read.
            Rejection::TooLarge | Rejection::TooSlow | Rejection::Broken => {
                headers.insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
            }
            Rejection::Malformed(_)
            | Rejection::WrongDoor
            | Rejection::Unproven
            | Rejection::Handshake
            | Rejection::UnknownNumber
            | Rejection::NotDelivered => {}
        }
        (self.status(), headers, format!("{self}\n")).into_response()
    }
}
