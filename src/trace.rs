//! W3C trace context for requests that came without one.

use hyper::header::HeaderValue;
use std::hash::{BuildHasher, RandomState};

/// A new `traceparent`, not sampled. The ids are random enough to be told apart, and hold nothing of
/// the request.
#[must_use]
pub fn new_parent() -> HeaderValue {
    let random = || RandomState::new().hash_one(0) | 1;
    let text = format!("00-{:016x}{:016x}-{:016x}-00", random(), random(), random());
    HeaderValue::try_from(text)
        .unwrap_or(HeaderValue::from_static("00-00000000000000000000000000000001-0000000000000001-00"))
}
