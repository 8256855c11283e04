//! W3C trace context: what goes along of it from the platform's request to the consumer's.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use std::hash::{BuildHasher, RandomState};

/// Which trace a request is part of.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What tracing systems add to it.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The longest `tracestate` that goes along; W3C asks for no more.
const STATE_MAX_BYTES: usize = 512;

/// A new `traceparent`, not sampled. The ids are random enough to be told apart, and hold nothing of
/// the request.
#[must_use]
pub fn new_parent() -> HeaderValue {
    let random = || RandomState::new().hash_one(0) | 1;
    let text = format!("00-{:016x}{:016x}-{:016x}-00", random(), random(), random());
    HeaderValue::try_from(text)
        .unwrap_or(HeaderValue::from_static("00-00000000000000000000000000000001-0000000000000001-00"))
}

/// The `tracestate` of a request as one header, where a `traceparent` gives it a meaning. Its last
/// members are left out when it is too long.
#[must_use]
pub fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(TRACESTATE).iter();
    let first = values.next().filter(|_| headers.contains_key(TRACEPARENT))?;
    if values.next().is_none() && first.len() <= STATE_MAX_BYTES {
        return Some(first.clone());
    }
    let mut joined: Vec<u8> = Vec::with_capacity(STATE_MAX_BYTES);
    let all = headers.get_all(TRACESTATE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    for member in all.map(<[u8]>::trim_ascii).filter(|member| !member.is_empty()) {
        let comma = usize::from(!joined.is_empty());
        if joined.len() + comma + member.len() > STATE_MAX_BYTES {
            break;
        }
        joined.extend(b",".iter().take(comma).chain(member));
    }
    HeaderValue::from_bytes(&joined).ok().filter(|state| !state.is_empty())
}

/// Says in a request's headers of which trace it is: the platform's, else a new one that nobody records.
pub fn pass_on(platform: &HeaderMap, headers: &mut HeaderMap) {
    let parent = platform.get(TRACEPARENT).cloned();
    headers.insert(TRACEPARENT, parent.unwrap_or_else(new_parent));
    if let Some(state) = state(platform) {
        headers.insert(TRACESTATE, state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(states: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, new_parent());
        for state in states {
            headers.append(TRACESTATE, HeaderValue::from_str(state).expect("a header"));
        }
        headers
    }

    #[test]
    fn a_state_is_one_header_and_bounded_by_whole_members() {
        let long = format!("b={}", "x".repeat(505));
        assert_eq!(state(&request(&[])), None);
        assert_eq!(state(&request(&["a=1, b=2"])).expect("a state"), "a=1, b=2");
        assert_eq!(state(&request(&["a=1,,", " b=2"])).expect("a state"), "a=1,b=2");
        assert_eq!(state(&request(&["a=1", &long])).expect("a state").len(), 511);
        assert_eq!(state(&request(&["a=12345", &long, "c=3"])).expect("a state"), "a=12345");
        assert_eq!(state(&request(&[&"x".repeat(513)])), None);
        let mut orphan = request(&["a=1"]);
        orphan.remove(TRACEPARENT);
        assert_eq!(state(&orphan), None);
    }
}
