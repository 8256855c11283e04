//! What a consumer does with a request: a plain answer, and every way of breaking one off.

use super::Recorded;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a consumer does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with this status, these headers and a body.
    Status(u16, Vec<(&'static str, String)>),
    /// Answers 200 after a while.
    Late(Duration),
    /// Answers 200 once [`Consumer::release`](super::Consumer::release) was called; never, where it is not.
    Hold,
    /// Closes the connection instead of answering.
    Close,
    /// Resets the connection without reading the request, which is therefore not written down.
    Reset,
    /// Reads the request and resets the connection.
    ResetRead,
    /// Sends these bytes and closes the connection.
    Bytes(&'static [u8]),
    /// Sends these bytes and nothing more, with the connection left open.
    Stall(&'static [u8]),
    /// Answers 200 a byte at a time.
    Drip,
    /// Answers 200 with a body larger than anybody reads.
    Oversized,
    /// Answers 200 and resets the connection at once.
    TakenThenReset,
    /// Whatever this makes of the request.
    By(Choice),
}

/// A reply that depends on the request.
#[derive(Clone)]
pub(crate) struct Choice(Arc<dyn Fn(&Recorded) -> Reply + Send + Sync>);

impl fmt::Debug for Choice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Choice")
    }
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Reply::Status(status, Vec::new())
    }

    pub(crate) fn with(status: u16, header: &'static str, value: &str) -> Self {
        Reply::Status(status, vec![(header, value.to_owned())])
    }

    /// Depends on the request.
    pub(crate) fn by(choose: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        Reply::By(Choice(Arc::new(choose)))
    }

    /// What it comes to for this request.
    pub(super) fn resolved(self, request: &Recorded) -> Self {
        match self {
            Reply::By(Choice(choose)) => match choose(request) {
                // It has been read by now.
                Reply::Reset => Reply::ResetRead,
                reply => reply.resolved(request),
            },
            reply => reply,
        }
    }
}

/// A consumer's bad days: a seeded share of its replies are faults of every kind.
#[derive(Debug)]
pub(crate) struct Faults {
    random: fastrand::Rng,
    /// From 0 to 1.
    share: f64,
}

impl Faults {
    pub(crate) fn new(seed: u64, share: f64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), share }
    }

    /// A fault, or nothing.
    pub(super) fn draw(&mut self) -> Option<Reply> {
        let random = &mut self.random;
        (random.f64() < self.share).then(|| match random.u8(..12) {
            0 | 1 => Reply::status(500),
            // Longer than any `retry.max` of a test that draws faults.
            2 => Reply::with(429, "Retry-After", "60"),
            3 => Reply::with(302, "Location", "http://127.0.0.1:1/elsewhere"),
            4 => Reply::status(410),
            5 => Reply::Reset,
            6 => Reply::ResetRead,
            7 => Reply::Stall(b""),
            8 => Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Le"),
            9 => Reply::Drip,
            10 => Reply::Oversized,
            _ => Reply::TakenThenReset,
        })
    }
}
