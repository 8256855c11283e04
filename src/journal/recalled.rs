//! What of a record is known already: the same rule for every journal.

/// Which of a record's events are known, and whether the errors beside them are. Pure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recalled {
    /// In the order of the record's events.
    pub(super) events: Vec<bool>,
    /// `None` where there are no errors beside them.
    pub(super) beside: Option<bool>,
}

impl Recalled {
    /// Whether some events are known and some are not.
    pub(super) fn is_partly(&self) -> bool {
        self.events.contains(&true) && self.events.contains(&false)
    }

    /// Errors that nobody has seen make it new, whatever they stand beside.
    pub(super) fn is_wholly(&self) -> bool {
        self.events.contains(&true) && self.beside != Some(false)
    }
}
