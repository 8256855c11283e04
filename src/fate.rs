//! How things end: the closed lists that metrics, logs and the dead-letter list share.
//!
//! Of every record and consumer exactly one of these comes true: delivered, dead-lettered for a
//! [`Reason`], dropped by a [`Rule`], or without a counterpart in the consumer's format.

/// Why something became a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The consumer did not take it within `retry.give_up_after`.
    GaveUp,
    /// Numbers are configured and this is none of them, or the consumer's format names the number and
    /// nobody knows it.
    UnknownNumber,
    /// It was older than `cloud.max_event_age` when it arrived.
    TooOld,
    /// The platform withheld the phone number, and the rule is `without_phone = "dead_letter"`.
    WithoutPhone,
    /// The consumer's format never had its type or status, and the rule is `unknown = "dead_letter"`.
    Unknown,
    /// What is stored can no longer be read.
    Unreadable,
    /// The operator said so.
    ByHand,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 7] = [
        Reason::GaveUp,
        Reason::UnknownNumber,
        Reason::TooOld,
        Reason::WithoutPhone,
        Reason::Unknown,
        Reason::Unreadable,
        Reason::ByHand,
    ];

    /// The word of metrics, logs and lists.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Reason::GaveUp => "gave_up",
            Reason::UnknownNumber => "unknown_number",
            Reason::TooOld => "too_old",
            Reason::WithoutPhone => "without_phone",
            Reason::Unknown => "unknown",
            Reason::Unreadable => "unreadable",
            Reason::ByHand => "by_hand",
        }
    }

    /// The reason called `label`.
    #[must_use]
    pub fn named(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.label() == label)
    }
}

/// The operator's rule that left something out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// `kinds`: the consumer does not want events of this kind.
    Kinds,
    /// `statuses = "forward_only"`: a later status of that message was delivered before.
    ForwardOnly,
}

impl Rule {
    /// All rules.
    pub const ALL: [Rule; 2] = [Rule::Kinds, Rule::ForwardOnly];

    /// The word of metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Rule::Kinds => "kinds",
            Rule::ForwardOnly => "forward_only",
        }
    }
}
