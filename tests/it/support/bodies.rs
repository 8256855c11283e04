//! Webhook bodies of both platforms, put together from parts. Numbers are of the ranges reserved for
//! fiction.

use serde_json::{Value, json};

/// A business phone number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Business {
    pub(crate) id: &'static str,
    pub(crate) phone: &'static str,
    pub(crate) account: &'static str,
}

/// The number of most tests.
pub(crate) const SUPPORT: Business =
    Business { id: "106540352242922", phone: "15550783881", account: "102290129340398" };

/// Another number, of another account.
pub(crate) const SALES: Business = Business { id: "206540352242933", phone: "15550783992", account: "202290129340399" };

impl Business {
    /// Its `[[number]]`.
    pub(crate) fn section(&self, name: &str, deliver_to: &str) -> String {
        let Business { id, phone, account } = self;
        format!(
            "[[number]]\nname = \"{name}\"\nphone_number_id = \"{id}\"\ndisplay_phone_number = \"{phone}\"\n\
             business_account_id = \"{account}\"\ndeliver_to = [{deliver_to}]\n"
        )
    }
}

/// A text message, the same in both formats.
pub(crate) fn text(from: &str, id: &str, text: &str) -> Value {
    json!({"from": from, "id": id, "timestamp": "1764000001", "type": "text", "text": {"body": text}})
}

/// A status as both formats have it.
pub(crate) fn status(recipient: &str, id: &str, status: &str) -> Value {
    json!({"id": id, "recipient_id": recipient, "status": status, "timestamp": "1764000002"})
}

/// A contact.
pub(crate) fn contact(wa_id: &str, name: &str) -> Value {
    json!({"profile": {"name": name}, "wa_id": wa_id})
}

/// A change of the field `messages`: `members` beside the metadata of `business`.
pub(crate) fn messages_of(business: Business, members: &Value) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": business.phone, "phone_number_id": business.id},
    });
    let object = value.as_object_mut().expect("an object");
    object.extend(members.as_object().expect("members").clone());
    json!({"field": "messages", "value": value})
}

/// An account's entry.
pub(crate) fn entry(account: &str, changes: &[Value]) -> Value {
    json!({"id": account, "changes": changes})
}

/// A Cloud body of several entries.
pub(crate) fn cloud_of(entries: &[Value]) -> String {
    json!({"object": "whatsapp_business_account", "entry": entries}).to_string()
}

/// A Cloud body of one number.
pub(crate) fn cloud(business: Business, members: &Value) -> String {
    cloud_of(&[entry(business.account, &[messages_of(business, members)])])
}

/// A Cloud body of one change.
pub(crate) fn cloud_change(account: &str, field: &str, value: &Value) -> String {
    cloud_of(&[entry(account, &[json!({"field": field, "value": value})])])
}

/// A Cloud body of one text message.
pub(crate) fn cloud_text(business: Business) -> String {
    let members =
        json!({"contacts": [contact("15550102001", "Nora")], "messages": [text("15550102001", "wamid.a", "hi")]});
    cloud(business, &members)
}

/// A flat body of one text message.
pub(crate) fn flat_text() -> String {
    json!({"contacts": [contact("15550102001", "Nora")], "messages": [text("15550102001", "ABGG", "hi")]}).to_string()
}

/// A template's status: an account event, which names no number and has no counterpart in the flat format.
pub(crate) fn template_event(account: &str) -> String {
    cloud_change(account, "message_template_status_update", &json!({"event": "APPROVED", "message_template_id": 7}))
}
