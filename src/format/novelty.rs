//! What nobody has seen before in a body of a platform: words and members that the reference of neither
//! format lists. Translation carries all of it where it stands; here it is only noticed, so that the
//! operator hears of what a platform has begun to send.
//!
//! It runs for every webhook: it looks at what reading has opened anyway, never into the contents of a
//! message, and builds nothing until something is found.

mod known;
mod presentable;
mod search;

pub use presentable::{presentable, presentable_path};

use super::Document;
use crate::json::Path;
use search::Search;

/// What is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// The `type` of a message.
    MessageType,
    /// The `status` of a status, payments aside: theirs are words of the payment's provider.
    Status,
    /// The `field` of a Cloud change.
    Field,
    /// A member of an object.
    Member,
}

impl What {
    /// All of them.
    pub const ALL: [What; 4] = [What::MessageType, What::Status, What::Field, What::Member];

    /// The word of metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            What::MessageType => "message_type",
            What::Status => "status",
            What::Field => "field",
            What::Member => "member",
        }
    }
}

/// Something new. Both strings are the sender's and may be personal, see [`presentable`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Novelty {
    /// What it is.
    pub what: What,
    /// Where it stands, as a JSON pointer.
    pub path: String,
    /// The word, or the key of the member; empty where something else than a string stands for a word.
    pub word: String,
}

/// The most that is reported of one body.
pub const MAX_REPORTED: usize = 32;

/// What is new in a body, in its order; nothing in an event of ours.
#[must_use]
pub fn novelties(document: &Document<'_>) -> Vec<Novelty> {
    let mut search = Search::default();
    match document {
        Document::Cloud(body) => search.cloud(body),
        Document::OnPremises(body) => search.body(&body.flat, &Path::ROOT),
        Document::Normalized(_) => {}
    }
    search.into_found()
}
