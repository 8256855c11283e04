//! Users without a phone number: since 2026 the platform may withhold it and name the user by a
//! business-scoped user id (BSUID) alone. The flat format has no body without a phone.

use super::rules::WithoutPhone;
use crate::json::{Node, Object};

/// Where an object holds its user's phone and user id.
pub(super) struct UserKeys {
    pub(super) phone: &'static str,
    pub(super) user_id: &'static str,
}

pub(super) const SENDER: UserKeys = UserKeys { phone: "from", user_id: "from_user_id" };
pub(super) const RECIPIENT: UserKeys = UserKeys { phone: "recipient_id", user_id: "recipient_user_id" };
pub(super) const CONTACT: UserKeys = UserKeys { phone: "wa_id", user_id: "user_id" };

/// The user had no phone and the rule does not let a user id stand for it.
pub(super) struct Withheld;

/// Fills a missing phone with the user id, its own or that of the lone contact.
pub(super) fn down<'a>(
    object: &mut Object<'a>,
    keys: &UserKeys,
    lone: Option<&Node<'a>>,
    rule: WithoutPhone,
) -> Result<(), Withheld> {
    if !object.lacks(keys.phone) {
        return Ok(());
    }
    let Some(user_id) = object.filled(keys.user_id).or(lone).cloned() else { return Ok(()) };
    match rule {
        WithoutPhone::DeadLetter => Err(Withheld),
        WithoutPhone::UserId => {
            object.set(keys.phone, user_id);
            Ok(())
        }
    }
}

/// Leaves out a phone that is only the user id again, its own or that of the lone contact.
pub(super) fn up(object: &mut Object<'_>, keys: &UserKeys, lone: Option<&Node<'_>>) {
    let Some(user_id) = object.filled(keys.user_id).or(lone) else { return };
    if object.get(keys.phone).is_some_and(|phone| crate::json::same(phone, user_id)) {
        object.remove(keys.phone);
    }
}
