//! What an event is about.

/// The kinds of events; `whatsapp.` before the word is the type of the normalized event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// What a user sent.
    Message,
    /// What became of a message the business sent.
    Status,
    /// Something went wrong, not with one message.
    Error,
    /// An account, a template or the settings of a number changed.
    Account,
    /// A call.
    Call,
    /// A group.
    Group,
    /// Messages of the time before a number was connected.
    History,
    /// Anything else: echoes, standby, preferences, and what nobody knows yet.
    Other,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 8] =
        [Kind::Message, Kind::Status, Kind::Error, Kind::Account, Kind::Call, Kind::Group, Kind::History, Kind::Other];

    /// The word of configuration and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Kind::Message => "message",
            Kind::Status => "status",
            Kind::Error => "error",
            Kind::Account => "account",
            Kind::Call => "call",
            Kind::Group => "group",
            Kind::History => "history",
            Kind::Other => "other",
        }
    }

    /// The kind called `label`.
    #[must_use]
    pub fn named(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label() == label)
    }

    /// The kind of a change whose field is not `messages`. Fields that nobody knows are
    /// [`Kind::Other`]; a new account field is a new word here.
    #[must_use]
    pub fn of_field(field: &str) -> Self {
        const ACCOUNT: [&str; 9] = [
            "account_",
            "business_",
            "flows",
            "message_template_",
            "partner_solutions",
            "payment_configuration_",
            "phone_number_",
            "security",
            "template_",
        ];
        match field {
            "calls" => Kind::Call,
            "history" => Kind::History,
            _ if field.starts_with("group_") => Kind::Group,
            _ if ACCOUNT.iter().any(|prefix| field.starts_with(prefix)) => Kind::Account,
            _ => Kind::Other,
        }
    }
}

/// Who sent what an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The user.
    Inbound,
    /// The business.
    Outbound,
}

impl Direction {
    /// The word of the normalized event.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        }
    }
}
