//! What `/api/status`, the status page and `cutover status` say: the same facts in the same words.
//!
//! Only the shape is here; where the facts come from is [`watch`](crate::watch)'s and the journal's.
//! Nothing in it is personal: numbers and consumers by their configured names, no ids, no bodies. Times
//! are milliseconds since 1970, spans are seconds.

mod depth;
mod table;

pub use table::table;
pub(crate) use table::time;

use serde::{Deserialize, Serialize};

/// Everything the operator watches.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Status {
    /// The version of the program that says this.
    pub version: String,
    /// When it was said.
    pub now_ms: u64,
    /// Since when the server runs; `None` where no server runs and the journal was read.
    pub started_ms: Option<u64>,
    /// Whether webhooks are taken.
    pub readiness: Readiness,
    /// The configured numbers, in their order; one called `all` where none is configured.
    pub numbers: Vec<Number>,
    /// The consumers, in their order.
    pub consumers: Vec<Consumer>,
    /// What was lost in translation since the start.
    pub losses: Vec<Loss>,
    /// What came and nobody has seen before.
    pub unknown: Vec<Unknown>,
    /// The platforms' requests since the start.
    pub webhooks: Vec<Webhooks>,
    /// How many dead letters there are, those of nobody's numbers too.
    pub dead_letters: u64,
}

/// What `/readyz` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// `ready`, `draining` or `failing`; `stopped` where no server runs, `elsewhere` where others that share the
    /// journal do.
    pub status: String,
    /// The journal's backend.
    pub journal: String,
    /// Why webhooks are not taken.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

impl Readiness {
    /// Whether webhooks are taken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status == "ready"
    }
}

/// A number: which platform it speaks, since when, and how it got there.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Number {
    /// Its configured name.
    pub name: String,
    /// The platform it speaks now: `cloud` or `onprem`; `None` before its first message or status.
    pub platform: Option<String>,
    /// Since when it speaks it: the switch, else the first event.
    pub since_ms: Option<u64>,
    /// Whether it has been silent for longer than is usual for it.
    pub silent: bool,
    /// For how long nothing has come.
    pub quiet_seconds: Option<f64>,
    /// A pause that is exceeded once in a hundred times; `None` as long as too little has come to tell.
    pub usual_pause_seconds: Option<f64>,
    /// Whether several numbers come in under this name, because none is configured: then no switch is told.
    pub mixed: bool,
    /// What came from an On-Premises client.
    pub onprem: Side,
    /// What came from the Cloud API.
    pub cloud: Side,
    /// The last switches, newest first.
    pub switches: Vec<Switch>,
    /// Events by minute over the last hours, oldest first; minutes without any are left out.
    pub minutes: Vec<Minute>,
    /// How its consumers agree, where it has several.
    pub parity: Option<Parity>,
}

/// What a number has said on one platform.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// When its first event arrived.
    pub first_ms: Option<u64>,
    /// When its last event arrived.
    pub last_ms: Option<u64>,
    /// How many messages and statuses.
    pub events: u64,
}

/// A change of platform.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Switch {
    /// When the first event of the new platform arrived.
    pub at_ms: u64,
    /// The platform before.
    pub from: String,
    /// The platform since.
    pub to: String,
    /// When the last event of the old platform had arrived.
    pub last_before_ms: u64,
    /// The silence between them.
    pub gap_seconds: f64,
    /// Events that arrived after the switch and after something of the other platform that happened later.
    pub out_of_order: u64,
    /// Events that both platforms have sent.
    pub twice: u64,
}

/// The events of one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    /// When it began.
    pub at_ms: u64,
    /// From an On-Premises client.
    pub onprem: u32,
    /// From the Cloud API.
    pub cloud: u32,
}

/// How the consumers of one number agree, since the start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Parity {
    /// Records that all of them took.
    pub both: u64,
    /// Records that one took and another refused.
    pub refused: u64,
    /// Records of which one was so far behind that they are not watched any more.
    pub behind: u64,
    /// How far each of them is behind the others.
    pub consumers: Vec<Behind>,
}

/// How far a consumer is behind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Behind {
    /// The consumer.
    pub consumer: String,
    /// Records that another has taken and this one has not.
    pub records: u64,
    /// For how long it has been owed the oldest of them.
    pub seconds: f64,
}

/// A consumer: does it take what it is given?
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Consumer {
    /// Its configured name.
    pub name: String,
    /// The format it understands.
    pub format: String,
    /// `up`, `failing` (the last attempt was not taken), `down` (asked by one probe at a time), `idle`
    /// (not asked yet), `gone` (owed something or with dead letters, and not configured) `stopped` or
    /// `elsewhere` (as the readiness says).
    pub health: String,
    /// Since when.
    pub since_ms: Option<u64>,
    /// Waiting for their turn.
    pub ready: u64,
    /// On their way.
    pub in_flight: u64,
    /// Waiting for the time of their next attempt.
    pub parked: u64,
    /// Dead letters.
    pub dead: u64,
    /// For how long the oldest record that it is owed has been owed; 0 without any.
    pub oldest_seconds: f64,
    /// When it last took something.
    pub last_taken_ms: Option<u64>,
    /// The last attempt that it did not take.
    pub last_error: Option<Failure>,
    /// Attempts of the last hour that it took.
    pub taken: u64,
    /// Attempts of the last hour that it did not take.
    pub failed: u64,
    /// The share it took; `None` without attempts.
    pub success_rate: Option<f64>,
}

/// An attempt that was not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at_ms: u64,
    /// `refused`, `timed_out` or `unreachable`.
    pub verdict: String,
    /// The status it answered with.
    pub status: Option<u16>,
}

/// What a consumer's format could not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Whose format.
    pub consumer: String,
    /// The format it came in.
    pub from: String,
    /// The consumer's format.
    pub to: String,
    /// The code of the loss list.
    pub code: String,
    /// How often.
    pub count: u64,
    /// Whether every body brings it.
    pub expected: bool,
    /// Where the first of them stood, as a JSON pointer; what could be personal in it is `…`.
    pub example_path: Option<String>,
}

/// Something that nobody has seen before. It was carried along.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// The platform.
    pub source: String,
    /// `message_type`, `status`, `field` or `member`.
    pub what: String,
    /// The word; `None` where it could be personal.
    pub word: Option<String>,
    /// Where the first of them stood.
    pub path: String,
    /// How often it came.
    pub count: u64,
    /// When it came first.
    pub first_ms: u64,
    /// When it came last.
    pub last_ms: u64,
}

/// The platforms' requests of one outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhooks {
    /// `cloud`, `onprem` or `unknown`.
    pub source: String,
    /// The outcome, as in `cutover_webhooks_total`.
    pub outcome: String,
    /// How many.
    pub count: u64,
}
