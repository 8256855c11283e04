//! `[journal.jetstream]`, and what `[journal]` says to every journal.

use crate::secret::Secret;
use std::path::PathBuf;
use std::time::Duration;

/// How long what is done with is kept; the same for each journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long events that come again are known.
    pub remember: Duration,
    /// How long what was delivered is kept for another delivery.
    pub retain_delivered: Duration,
    /// How many bytes of it at most.
    pub retain_max_bytes: u64,
}

/// Where the streams are, and how they are laid out when they are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The servers, `nats://host:4222` or `tls://host:4222`; one is enough to find the others.
    pub urls: Vec<String>,
    /// The stream of what is owed; the others are called after it.
    pub stream: String,
    /// How many servers keep each message.
    pub replicas: usize,
    /// Whether the streams are in memory: then a 200 promises no more than that.
    pub in_memory: bool,
    /// Into how many parts conversations are spread; fixed when the stream is made.
    pub partitions: u16,
    /// How long the server itself knows a record that comes again.
    pub duplicate_window: Duration,
    /// How large the stream of what is owed may get; then webhooks are answered 503.
    pub max_bytes: Option<u64>,
    /// After how long the partitions of a proxy that is gone go to another.
    pub claim: Duration,
    /// How we show who we are.
    pub credentials: Credentials,
    /// The authority behind the servers' certificates, PEM, where that is a private one.
    pub tls_ca: Option<PathBuf>,
    /// Our certificate and its key, PEM, where the servers ask for one.
    pub tls_identity: Option<(PathBuf, PathBuf)>,
    /// The servers' monitoring, such as `http://one:8222`, for `check --probe`.
    pub monitors: Vec<String>,
    /// How large a webhook may be, in bytes.
    pub largest_body: usize,
    /// How long what is done with is kept.
    pub kept: Retention,
}

/// How we show who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    None,
    /// A file of `nsc`: a JWT and its seed.
    File(PathBuf),
    /// A user and a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token.
    Token(Secret),
    /// The seed of an nkey.
    Nkey(Secret),
}
