//! How things end: the closed lists behind the `outcome` labels.

/// What became of a platform's request, the label of `cutover_webhooks_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered 200.
    Accepted,
    /// Answered 200, and nothing in it was new.
    Duplicate,
    /// No body of the format it should have.
    Malformed,
    /// No proof of who sent it.
    Unauthorized,
    /// Nobody's number.
    NotFound,
    /// Larger than allowed.
    TooLarge,
    /// Not now: the platform will try again.
    Unavailable,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Outcome; 7] = [
        Outcome::Accepted,
        Outcome::Duplicate,
        Outcome::Malformed,
        Outcome::Unauthorized,
        Outcome::NotFound,
        Outcome::TooLarge,
        Outcome::Unavailable,
    ];

    /// The label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Duplicate => "duplicate",
            Outcome::Malformed => "malformed",
            Outcome::Unauthorized => "unauthorized",
            Outcome::NotFound => "not_found",
            Outcome::TooLarge => "too_large",
            Outcome::Unavailable => "unavailable",
        }
    }
}

/// How a delivery ended, the label of `cutover_deliveries_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The consumer has taken it.
    Delivered,
    /// It has not; it is tried again.
    Retried,
    /// It is set aside for the operator.
    DeadLettered,
    /// A rule of the operator left it out.
    Dropped,
    /// The consumer's format has no place for it.
    NoCounterpart,
}

impl Delivery {
    /// All outcomes.
    pub const ALL: [Delivery; 5] =
        [Delivery::Delivered, Delivery::Retried, Delivery::DeadLettered, Delivery::Dropped, Delivery::NoCounterpart];

    /// The label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Delivery::Delivered => "delivered",
            Delivery::Retried => "retried",
            Delivery::DeadLettered => "dead_lettered",
            Delivery::Dropped => "dropped",
            Delivery::NoCounterpart => "no_counterpart",
        }
    }
}

/// How the consumers of one number agree on a record, the label of `cutover_parity_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// All of them took it.
    Both,
    /// One took it and another refused it.
    Refused,
    /// One took it, and another was so far behind that it is not watched any more.
    Behind,
}

impl Agreement {
    /// All of them.
    pub const ALL: [Agreement; 3] = [Agreement::Both, Agreement::Refused, Agreement::Behind];

    /// The label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Agreement::Both => "both",
            Agreement::Refused => "refused",
            Agreement::Behind => "behind",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;
    use crate::fate::{Reason, Rule};
    use crate::format::novelty::What;
    use crate::translate::LossCode;

    /// Counters are found by the place of a variant in its list.
    #[test]
    fn lists_are_complete_and_in_order() {
        assert!(Outcome::ALL.iter().enumerate().all(|(index, outcome)| *outcome as usize == index));
        assert!(Delivery::ALL.iter().enumerate().all(|(index, outcome)| *outcome as usize == index));
        assert!(Agreement::ALL.iter().enumerate().all(|(index, agreement)| *agreement as usize == index));
        assert!(What::ALL.iter().enumerate().all(|(index, what)| *what as usize == index));
        assert!(Reason::ALL.iter().enumerate().all(|(index, reason)| *reason as usize == index));
        assert!(Rule::ALL.iter().enumerate().all(|(index, rule)| *rule as usize == index));
        assert!(Kind::ALL.iter().enumerate().all(|(index, kind)| *kind as usize == index));
        assert!(LossCode::ALL.iter().enumerate().all(|(index, code)| *code as usize == index));
    }
}
