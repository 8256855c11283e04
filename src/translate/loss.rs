//! What the target format could not say.

use crate::json::{Node, Path};

/// Why something of the source is not in the output. The words are those of the loss list, the
/// `code` label of `cutover_losses_total` and `docs/translation.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LossCode {
    /// Part of the Cloud envelope (`object`, ids, `metadata`); comes with every body.
    Envelope,
    /// Contacts beside statuses without a message: one side never sends them.
    StatusContacts,
    /// A whole change, body or message that the target has no place for.
    NoCounterpart,
    /// A message type the target never had; the content is carried.
    MessageType,
    /// The id of a revocation itself: a `deleted` status carries the id of what was deleted.
    RevokeId,
    /// The platform withheld the phone number and the rule is `dead_letter`.
    WithoutPhone,
    /// `played` said as `read`.
    StatusPlayed,
    /// A second recipient that differs from the first.
    RecipientId,
    /// An error code without a counterpart, said as the generic one.
    ErrorCode,
    /// A text of an error that is neither the table's nor kept in the details.
    ErrorText,
}

impl LossCode {
    /// All codes.
    pub const ALL: [LossCode; 10] = [
        LossCode::Envelope,
        LossCode::StatusContacts,
        LossCode::NoCounterpart,
        LossCode::MessageType,
        LossCode::RevokeId,
        LossCode::WithoutPhone,
        LossCode::StatusPlayed,
        LossCode::RecipientId,
        LossCode::ErrorCode,
        LossCode::ErrorText,
    ];

    /// The `snake_case` word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            LossCode::Envelope => "envelope",
            LossCode::StatusContacts => "status_contacts",
            LossCode::NoCounterpart => "no_counterpart",
            LossCode::MessageType => "message_type",
            LossCode::RevokeId => "revoke_id",
            LossCode::WithoutPhone => "without_phone",
            LossCode::StatusPlayed => "status_played",
            LossCode::RecipientId => "recipient_id",
            LossCode::ErrorCode => "error_code",
            LossCode::ErrorText => "error_text",
        }
    }

    /// Whether every body brings it: shown as expected, left out of alerts.
    #[must_use]
    pub const fn is_expected(self) -> bool {
        matches!(self, LossCode::Envelope | LossCode::StatusContacts)
    }
}

/// One thing that the target could not say.
#[derive(Debug, Clone)]
pub struct Loss<'a> {
    /// Where it stood in the source, as a JSON pointer, escaped as inside a JSON string.
    pub path: String,
    /// Why it is not in the output.
    pub code: LossCode,
    /// What stood there.
    pub value: Node<'a>,
}

/// The loss list while it is written.
#[derive(Debug, Default)]
pub(super) struct Ledger<'a> {
    losses: Vec<Loss<'a>>,
}

impl<'a> Ledger<'a> {
    /// An empty list; the envelope alone fills five places of it.
    pub(super) fn new() -> Self {
        Self { losses: Vec::with_capacity(8) }
    }

    pub(super) fn lose(&mut self, path: &Path<'_>, code: LossCode, value: Node<'a>) {
        self.losses.push(Loss { path: path.pointer(), code, value });
    }

    /// Pointers into the body that a normalized event was made from, as pointers into the event.
    pub(super) fn point_into_event(&mut self) {
        for loss in &mut self.losses {
            loss.path = super::normalized::pointer_into_event(&loss.path);
        }
    }

    pub(super) fn into_losses(self) -> Vec<Loss<'a>> {
        self.losses
    }
}
