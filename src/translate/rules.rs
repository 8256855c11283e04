//! What the operator decides about a translation.

use crate::event::Number;

/// What becomes of message ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageIds {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are converted between the two grammars, see [`message_id`](crate::format::message_id).
    Convert,
}

/// What stands in `from`, `wa_id` and `recipient_id` when the platform withholds the phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutPhone {
    /// The business-scoped user id.
    #[default]
    UserId,
    /// Nothing: the message or status is left out, with the loss `without_phone`.
    DeadLetter,
}

/// The decisions a translation follows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules<'r> {
    /// The number a flat body belongs to; without it a Cloud body says `"0"`, the account id of
    /// Meta's own test button.
    pub number: Option<&'r Number>,
    /// See [`MessageIds`].
    pub message_ids: MessageIds,
    /// See [`WithoutPhone`].
    pub without_phone: WithoutPhone,
}
