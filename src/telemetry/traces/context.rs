//! A trace context as headers say it, by W3C and strictly: what is malformed is as good as absent.

use crate::headers::put;
use crate::trace;
use crate::trace::{TRACEPARENT, TRACESTATE};
use hyper::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// Of which span a request is.
pub(super) fn read(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (Some(parent), None) = (parents.next(), parents.next()) else { return None };
    let (trace, span, flags) = fields(parent.to_str().ok()?)?;
    let state: Option<TraceState> = trace::state(headers).and_then(|state| state.to_str().ok()?.parse().ok());
    let flags = TraceFlags::new(flags) & TraceFlags::SAMPLED;
    let context = SpanContext::new(TraceId::from(trace), SpanId::from(span), flags, true, state.unwrap_or_default());
    context.is_valid().then_some(context)
}

/// Says of which span a request is.
pub(super) fn write(context: &SpanContext, headers: &mut HeaderMap) {
    let flags = u8::from(context.is_sampled());
    put(headers, TRACEPARENT, &format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id()));
    headers.remove(TRACESTATE);
    let state = context.trace_state().header();
    if !state.is_empty() {
        put(headers, TRACESTATE, &state);
    }
}

/// The trace, the span and the flags of a `traceparent`. A later version may have more fields.
fn fields(text: &str) -> Option<(u128, u64, u8)> {
    let mut parts = text.split('-');
    let version = hex(parts.next(), 2)?;
    let trace = hex(parts.next(), 32)?;
    let span = u64::try_from(hex(parts.next(), 16)?).ok()?;
    let flags = u8::try_from(hex(parts.next(), 2)?).ok()?;
    let known = version < 0xff && (version > 0 || parts.next().is_none());
    known.then_some((trace, span, flags))
}

/// So many digits, in lower case.
fn hex(digits: Option<&str>, count: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digits = digits.filter(|digits| digits.len() == count && digits.bytes().all(is_digit))?;
    u128::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn request(parents: &[&str], state: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for parent in parents {
            headers.append(TRACEPARENT, HeaderValue::from_str(parent).expect("a header"));
        }
        put(&mut headers, TRACESTATE, state);
        headers
    }

    #[test]
    fn what_is_read_is_written_again() {
        for flags in ["00", "01"] {
            let headers = request(&[&format!("00-{TRACE}-{SPAN}-{flags}")], "a=1,b=2");
            let mut written = request(&["old"], "old=1");
            write(&read(&headers).expect("a context"), &mut written);
            assert_eq!(written, headers);
        }
    }

    #[test]
    fn later_versions_and_other_flags_are_read() {
        for text in [format!("01-{TRACE}-{SPAN}-01-more"), format!("cc-{TRACE}-{SPAN}-ff-")] {
            assert!(read(&request(&[&text], "")).is_some_and(|context| context.is_sampled()), "{text}");
        }
    }

    #[test]
    fn what_is_malformed_is_not_read() {
        let good = format!("00-{TRACE}-{SPAN}-01");
        let malformed = [
            String::new(),
            "00-1-1-01".to_owned(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("cc-{TRACE}-{SPAN}-01more"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-+0f067aa0ba902b7-01"),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
        ];
        for text in malformed {
            assert_eq!(read(&request(&[&text], "")), None, "{text}");
        }
        assert_eq!(read(&request(&[&good, &good], "")), None);
        assert_eq!(read(&HeaderMap::new()), None);
    }

    #[test]
    fn a_malformed_state_takes_nothing_else_with_it() {
        let context = read(&request(&[&format!("00-{TRACE}-{SPAN}-01")], "no state at all"));
        assert_eq!(context.expect("a context").trace_state().header(), "");
    }
}
