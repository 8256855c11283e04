//! A business phone number, as far as it is known.

/// The digits of a phone number, however it was written.
#[must_use]
pub fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// A business phone number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Number {
    /// What logs, metrics and traces call it: they never hold the number itself.
    pub name: String,
    /// Meta's id of the number, the routing key of Cloud bodies.
    pub phone_number_id: Option<String>,
    /// The number itself.
    pub display_phone_number: Option<String>,
    /// The WhatsApp Business Account it belongs to.
    pub business_account_id: Option<String>,
}

impl Number {
    /// Whether `id` is its `phone_number_id`, or its phone number however written.
    #[must_use]
    pub fn answers_to(&self, id: &str) -> bool {
        let phone = digits(id);
        self.phone_number_id.as_deref() == Some(id)
            || (!phone.is_empty() && self.display_phone_number.as_deref().is_some_and(|own| digits(own) == phone))
    }
}

/// What an event says of the number it belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// `phone_number_id` of the metadata, or the number of a URL or header.
    pub number: Option<String>,
    /// The number itself, where it is said beside its id.
    pub display_phone_number: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// Whether events of this kind name a number at all; those of accounts and templates do not.
    pub names_number: bool,
}
