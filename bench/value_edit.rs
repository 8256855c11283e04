//! The same translations as edits of a `serde_json::Value`: what somebody would write by hand for
//! just the measured payloads. No losses, and numbers and the order of members are not kept.

use cutover::event::{Number, rfc3339};
use data_encoding::{BASE64, Encoding, HEXLOWER};
use serde_json::{Map, Value, json};

type Members = Map<String, Value>;

/// The number that the flat bodies belong to.
pub(crate) fn number() -> Number {
    Number {
        name: "bench".into(),
        phone_number_id: Some("100200300400501".into()),
        display_phone_number: Some("15550100001".into()),
        business_account_id: Some("100200300400600".into()),
    }
}

pub(crate) fn cloud_to_onprem(body: &[u8]) -> Vec<String> {
    let mut root: Value = serde_json::from_slice(body).expect("JSON");
    let value = root["entry"][0]["changes"][0]["value"].take();
    let Value::Object(mut value) = value else { return Vec::new() };
    value.remove("messaging_product");
    value.remove("metadata");
    for message in items(&mut value, "messages") {
        respell_hashes(message, &BASE64, &HEXLOWER);
        if let Some(Value::Object(audio)) = message.get_mut("audio")
            && audio.remove("voice") == Some(Value::Bool(true))
            && let Some(audio) = message.remove("audio")
        {
            message.insert("voice".into(), audio);
            message.insert("type".into(), "voice".into());
        }
    }
    for status in items(&mut value, "statuses") {
        let recipient = status["recipient_id"].clone();
        status.insert("message".into(), json!({ "recipient_id": recipient }));
        status.insert("type".into(), "message".into());
    }
    vec![Value::Object(value).to_string()]
}

pub(crate) fn onprem_to_cloud(body: &[u8]) -> Vec<String> {
    let mut value: Members = serde_json::from_slice(body).expect("JSON");
    for message in items(&mut value, "messages") {
        respell_hashes(message, &HEXLOWER, &BASE64);
        if let Some(Value::Object(mut audio)) = message.remove("voice") {
            audio.insert("voice".into(), true.into());
            message.insert("audio".into(), audio.into());
            message.insert("type".into(), "audio".into());
        } else if let Some(Value::Object(audio)) = message.get_mut("audio") {
            audio.insert("voice".into(), false.into());
        }
    }
    for status in items(&mut value, "statuses") {
        status.remove("message");
        status.remove("type");
    }
    let number = number();
    value.insert("messaging_product".into(), "whatsapp".into());
    let metadata =
        json!({ "display_phone_number": number.display_phone_number, "phone_number_id": number.phone_number_id });
    value.insert("metadata".into(), metadata);
    let change = json!({ "field": "messages", "value": value });
    let entry = json!({ "id": number.business_account_id, "changes": [change] });
    vec![json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string()]
}

pub(crate) fn cloud_to_normalized(body: &[u8]) -> Vec<String> {
    let mut root: Value = serde_json::from_slice(body).expect("JSON");
    let value = root["entry"][0]["changes"][0]["value"].take();
    let (account, object) = (&root["entry"][0]["id"], &root["object"]);
    let Value::Object(mut value) = value else { return Vec::new() };
    let (metadata, product) = (value["metadata"].take(), value["messaging_product"].take());
    let source = format!("/whatsapp/numbers/{}", text(&metadata["phone_number_id"]));
    let contacts = value.remove("contacts").unwrap_or_default();
    let contacts = contacts.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut events = Vec::new();
    for (list, word) in [("messages", "message"), ("statuses", "status")] {
        let Some(Value::Array(found)) = value.remove(list) else { continue };
        for item in found {
            let phone = item.get("from").or_else(|| item.get("recipient_id")).cloned().unwrap_or_default();
            let id = match word {
                "message" => text(&item["id"]).to_owned(),
                _ => ["id", "status", "timestamp", "recipient_id"].map(|key| text(&item[key])).join("/"),
            };
            let mut event = json!({
                "specversion": "1.0", "id": id, "source": source, "type": format!("whatsapp.{word}"),
                "subject": phone, "time": rfc3339(text(&item["timestamp"])), "datacontenttype": "application/json",
                "data": {
                    "platform": "cloud", "number": metadata, "account": { "id": account }, "user": { "phone": phone },
                    "field": "messages", "object": object, "messaging_product": product,
                },
            });
            if word == "message" {
                event["data"]["direction"] = "inbound".into();
            }
            if let Some(contact) = contacts.iter().find(|contact| contact["wa_id"] == phone) {
                event["data"]["contact"] = contact.clone();
            }
            event["data"][word] = item;
            events.push(event.to_string());
        }
    }
    events
}

fn items<'v>(value: &'v mut Members, list: &str) -> impl Iterator<Item = &'v mut Members> {
    value.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn respell_hashes(message: &mut Members, from: &Encoding, to: &Encoding) {
    for kind in ["image", "document", "audio", "voice", "video", "sticker"] {
        let Some(hash) = message.get_mut(kind).and_then(|media| media.get_mut("sha256")) else { continue };
        if let Ok(bytes) = from.decode(text(hash).as_bytes()) {
            *hash = to.encode(&bytes).into();
        }
    }
}
