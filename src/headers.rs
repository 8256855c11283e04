//! Headers of the platforms, and our own.

use crate::trace::{self, TRACEPARENT, TRACESTATE};
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

/// Whether a header of the platform's request goes along to the consumer; `signed`: with the bytes
/// that it signs.
#[must_use]
pub fn goes_along(name: &HeaderName, signed: bool) -> bool {
    match SIGNATURES.contains(name) {
        true => signed,
        false => name == ACCOUNT || name.as_str().starts_with(TURN_PREFIX),
    }
}

/// The headers of a request that may be needed later, a line each.
#[must_use]
pub fn kept(headers: &HeaderMap, signed: bool) -> String {
    let mut text = String::new();
    for (name, value) in headers.iter().filter(|(name, _)| goes_along(name, signed) || *name == TRACEPARENT) {
        keep(&mut text, name, value);
    }
    if let Some(state) = trace::state(headers) {
        keep(&mut text, &TRACESTATE, &state);
    }
    text
}

fn keep(text: &mut String, name: &HeaderName, value: &HeaderValue) {
    text.push_str(name.as_str());
    text.push_str(": ");
    // A header is bytes; each of them is a character here.
    text.extend(value.as_bytes().iter().copied().map(char::from));
    text.push('\n');
}

/// The headers that [`kept`] wrote.
#[must_use]
pub fn restored(text: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
        let bytes: Option<Vec<u8>> = value.chars().map(|character| u8::try_from(character).ok()).collect();
        let value = bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), value) {
            headers.append(name, value);
        }
    }
    headers
}

/// Sets a header; a value that HTTP does not allow is left out.
pub fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-hub-signature-256", "sha256=00"), ("x-turn-claim", "a"), ("cookie", "no")] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers.append(ACCOUNT, HeaderValue::from_bytes(b"caf\xe9").expect("HTTP allows it"));
        headers.append(TRACEPARENT, trace::new_parent());
        headers.append(TRACESTATE, HeaderValue::from_static("vendor=1"));
        let with = restored(&kept(&headers, true));
        headers.remove("cookie");
        assert_eq!(with, headers);
        headers.remove(META_SIGNATURE);
        assert_eq!(restored(&kept(&headers, false)), headers);
    }
}
