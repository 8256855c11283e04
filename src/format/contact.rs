//! Which contact belongs to which message or status: by user id, then by `wa_id`, never by index. A
//! lone contact belongs to the lone sender whatever the ids say (numbers of Brazil, Mexico and
//! Argentina differ by a digit; Meta's own examples differ altogether).

use crate::json::{Node, Object, same};
use std::borrow::Cow;
use std::collections::HashMap;

/// The user of a message or status, as it is named there.
#[derive(Debug, Clone, Copy)]
pub struct User<'n, 'a> {
    /// The phone number, without `+`.
    pub phone: Option<&'n Node<'a>>,
    /// The business-scoped user id.
    pub id: Option<&'n Node<'a>>,
}

impl<'n, 'a> User<'n, 'a> {
    /// The user an item names: sender of a message, recipient of a status.
    #[must_use]
    pub fn of(item: &'n Object<'a>) -> Self {
        let first = |keys: [&str; 3]| keys.into_iter().find_map(|key| item.filled(key));
        let nested = || item.get("message")?.object()?.filled("recipient_id");
        Self {
            phone: first(["from", "recipient_id", "wa_id"]).or_else(nested),
            id: first(["from_user_id", "recipient_user_id", "from_bsuid"]),
        }
    }

    fn is(&self, other: &User<'_, '_>) -> bool {
        let equal = |a: Option<&Node<'_>>, b: Option<&Node<'_>>| match (a, b) {
            (Some(a), Some(b)) => same(a, b),
            (None, None) => true,
            _ => false,
        };
        equal(self.phone, other.phone) && equal(self.id, other.id)
    }
}

/// The indices of the contacts of each item, in the order of the items.
#[must_use]
pub fn owners(contacts: &[Node<'_>], items: &[Node<'_>]) -> Vec<Option<usize>> {
    if contacts.is_empty() {
        return vec![None; items.len()];
    }
    let users: Vec<Option<User<'_, '_>>> = items.iter().map(|item| item.object().map(User::of)).collect();
    let lone_sender = match users.as_slice() {
        [] | [None, ..] => false,
        [Some(first), rest @ ..] => rest.iter().all(|user| user.is_some_and(|user| first.is(&user))),
    };
    let lone = (contacts.len() == 1 && lone_sender).then_some(0);
    let (by_id, by_phone) = (index(contacts, "user_id"), index(contacts, "wa_id"));
    let find = |index: &HashMap<Cow<'_, str>, usize>, name: Option<&Node<'_>>| index.get(&name?.text()?).copied();
    let owner = |user: &Option<User<'_, '_>>| {
        let user = user.as_ref()?;
        let named = find(&by_id, user.id).or_else(|| find(&by_phone, user.phone));
        // Where a phone was withheld, providers put the user id into its place.
        named.or_else(|| find(&by_id, user.phone)).or(lone)
    };
    users.iter().map(owner).collect()
}

/// The first contact of each name.
fn index<'n>(contacts: &'n [Node<'_>], key: &str) -> HashMap<Cow<'n, str>, usize> {
    let named = |(index, contact): (usize, &'n Node<'_>)| Some((contact.object()?.text(key)?, index));
    contacts.iter().enumerate().rev().filter_map(named).collect()
}
