//! Headers of the platforms, and our own.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

/// Meta's signature: `sha256=` and the HMAC of the raw body in hex.
pub const META_SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");
/// Meta's older signature, by SHA-1; carried, never trusted.
pub const META_SIGNATURE_SHA1: HeaderName = HeaderName::from_static("x-hub-signature");
/// Turn.io's signature: the HMAC-SHA256 of the raw body in base64.
pub const TURN_SIGNATURE: HeaderName = HeaderName::from_static("x-turn-hook-signature");
/// 360dialog's signature; carried.
pub const D360_SIGNATURE: HeaderName = HeaderName::from_static("x-360dialog-signature");
/// All of them: each signs the bytes that it came with.
pub const SIGNATURES: [HeaderName; 4] = [META_SIGNATURE, META_SIGNATURE_SHA1, TURN_SIGNATURE, D360_SIGNATURE];
/// What Turn.io's other headers begin with.
pub const TURN_PREFIX: &str = "x-turn-";
/// The business number, as an On-Premises client names it.
pub const ACCOUNT: HeaderName = HeaderName::from_static("x-wa-account-id");
/// One for each request body: the same on every attempt.
pub const DELIVERY: HeaderName = HeaderName::from_static("x-cutover-delivery");
/// 1, 2, ...
pub const ATTEMPT: HeaderName = HeaderName::from_static("x-cutover-attempt");
/// The platform it came from.
pub const SOURCE: HeaderName = HeaderName::from_static("x-cutover-source");
/// W3C trace context.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Whether a header of the platform's says what a body is, or for whom: these are worth keeping with it.
#[must_use]
pub fn belongs_to_body(name: &HeaderName) -> bool {
    SIGNATURES.contains(name) || *name == ACCOUNT || name.as_str().starts_with(TURN_PREFIX)
}

/// Sets a header; a value that HTTP does not allow is left out.
pub fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
