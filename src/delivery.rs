//! What faces the consumers: say a piece in the consumer's format, sign it, send it, judge the answer.
//!
//! It calls `translate` and otherwise knows nothing of WhatsApp.

mod carry;
mod consumer;
mod dispatcher;
mod fate;
mod health;
mod plan;
mod prepare;
mod retry;
mod rules;
mod signing;
mod verdict;

pub use consumer::{Client, Consumer, Shipment, connector};
pub use dispatcher::{Dispatcher, Service};
pub use plan::Terms;
pub use prepare::{Outgoing, Prepared};
pub use retry::Retry;
pub use rules::{Statuses, Unknown};
pub use signing::sign;
pub use verdict::Verdict;

use crate::event::Kind;
use crate::format::Format;
use crate::secret::Secret;
use crate::translate::{MessageIds, WithoutPhone};
use hyper::Uri;
use hyper::header::{HeaderName, HeaderValue};
use std::path::PathBuf;
use std::time::Duration;

/// How much goes into one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// What one POST of the platform held for one conversation.
    Conversation,
    /// One message or status each, for consumers that read only the first.
    Event,
}

/// `[[consumer]]`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What logs and metrics call it.
    pub name: String,
    /// Where it listens.
    pub url: Uri,
    /// What it understands.
    pub format: Format,
    /// How long one attempt may take, until the head of its answer is there.
    pub timeout: Duration,
    /// The authority behind its certificate, PEM, where that is a private one.
    pub tls_ca: Option<PathBuf>,
    /// How many attempts run at once.
    pub concurrency: usize,
    /// How much goes into one request.
    pub batch: Batch,
    /// The key of our signature.
    pub sign_with: Option<Secret>,
    /// Whether message ids are converted.
    pub message_ids: MessageIds,
    /// The only kinds it wants; all of them where unset.
    pub kinds: Option<Vec<Kind>>,
    /// What becomes of events whose user has no phone number.
    pub without_phone: WithoutPhone,
    /// What becomes of what its format never had.
    pub unknown: Unknown,
    /// Which statuses it is told.
    pub statuses: Statuses,
    /// When it is asked again.
    pub retry: Retry,
    /// Added to each request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}
