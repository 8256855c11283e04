//! What the events of one body have in common: repeated with each, unless it is so large that the
//! copies would grow with the square of the body; then with the first.

use super::draft::Draft;
use crate::event::Number;
use crate::format::normalized::Platform;
use crate::json::{Node, Object, Shared};

/// What stands around the items of one change or flat body.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    platform: Platform,
    /// `object` of the body.
    pub(super) object: Shared<'a>,
    /// The members of the entry.
    pub(super) account: Shared<'a>,
    /// `field` of the change.
    pub(super) field: Shared<'a>,
    /// `messaging_product` of the value.
    pub(super) messaging_product: Shared<'a>,
    /// The number, as it is known.
    pub(super) number: Shared<'a>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(platform: Platform) -> Self {
        Self {
            platform,
            object: Shared::default(),
            account: Shared::default(),
            field: Shared::default(),
            messaging_product: Shared::default(),
            number: Shared::default(),
        }
    }

    /// Names a configured number, which a flat body does not.
    pub(super) fn name(&mut self, number: &Number) {
        let texts =
            [("display_phone_number", &number.display_phone_number), ("phone_number_id", &number.phone_number_id)];
        let mut metadata = Object::with_capacity(2);
        for (key, text) in texts {
            if let Some(text) = text {
                metadata.push(key, Node::string(text));
            }
        }
        self.number = Shared::new(Some(metadata.into()));
        if let Some(id) = &number.business_account_id {
            let mut account = Object::with_capacity(1);
            account.push("id", Node::string(id));
            self.account = Shared::new(Some(account.into()));
        }
    }

    /// The next event, still about nothing.
    pub(super) fn draft(&mut self) -> Draft<'a> {
        Draft {
            object: self.object.give(),
            account: self.account.give(),
            field: self.field.give(),
            messaging_product: self.messaging_product.give(),
            number: self.number.give(),
            ..Draft::new(self.platform)
        }
    }
}
