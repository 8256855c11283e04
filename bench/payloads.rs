//! The payloads that are measured: compact Cloud bodies with made-up numbers, ids and names.

/// Their names, with what each holds.
pub(crate) const NAMES: [&str; 4] = ["text", "voice", "status", "batch"];

/// The payload of this name.
pub(crate) fn cloud(name: &str) -> Option<String> {
    match name {
        "text" => Some(with_contacts(&[text(0)])),
        "voice" => Some(with_contacts(&[voice(1)])),
        "status" => Some(body(&format!(r#""statuses":[{}]"#, status(2)))),
        "batch" => Some(with_contacts(&(0..100).map(message).collect::<Vec<_>>())),
        _ => None,
    }
}

/// A sender and the message.
type Message = (u64, String);

/// Mostly texts, as in real traffic.
fn message(seed: u64) -> Message {
    match seed % 10 {
        1 => text(seed),
        3 => voice(seed),
        6 => image(seed),
        8 => button(seed),
        _ => (phone(seed), item(seed, "text", &format!(r#""text":{{"body":"{}"}}"#, words(seed)))),
    }
}

fn text(seed: u64) -> Message {
    let quoted = format!(
        r#""text":{{"body":"{}"}},"context":{{"from":"15550100001","id":"{}"}}"#,
        words(seed),
        wamid(seed + 500)
    );
    (phone(seed), item(seed, "text", &quoted))
}

fn voice(seed: u64) -> Message {
    let audio = format!(
        r#""audio":{{"mime_type":"audio/ogg; codecs=opus","sha256":"{}=","id":"{}","url":"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=133&source=webhook&ext=1755123456&hash={}","voice":true}}"#,
        base64(seed, 43),
        1_900_000_000_000_000 + seed,
        "2d711642".repeat(8),
    );
    (phone(seed), item(seed, "audio", &audio))
}

fn image(seed: u64) -> Message {
    let image = format!(
        r#""image":{{"caption":"Receipt","mime_type":"image/jpeg","sha256":"{}=","id":"{}"}}"#,
        base64(seed, 43),
        1_000_000_000_000_000 + seed,
    );
    (phone(seed), item(seed, "image", &image))
}

fn button(seed: u64) -> Message {
    let reply = r#""interactive":{"type":"button_reply","button_reply":{"id":"change","title":"Change"}}"#;
    (phone(seed), item(seed, "interactive", reply))
}

fn status(seed: u64) -> String {
    format!(
        r#"{{"id":"{}","status":"delivered","timestamp":"1764000000","recipient_id":"{}","conversation":{{"id":"{}","expiration_timestamp":"1764086400","origin":{{"type":"utility"}}}},"pricing":{{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}}}}"#,
        wamid(seed),
        phone(seed),
        "62d0162a".repeat(4),
    )
}

fn item(seed: u64, kind: &str, content: &str) -> String {
    format!(r#"{{"from":"{}","id":"{}","timestamp":"1764000000","type":"{kind}",{content}}}"#, phone(seed), wamid(seed),)
}

fn with_contacts(messages: &[Message]) -> String {
    let contact = |(phone, _): &Message| format!(r#"{{"profile":{{"name":"Nora Test Ñ"}},"wa_id":"{phone}"}}"#);
    let contacts: Vec<String> = messages.iter().map(contact).collect();
    let messages: Vec<&str> = messages.iter().map(|(_, message)| message.as_str()).collect();
    body(&format!(r#""contacts":[{}],"messages":[{}]"#, contacts.join(","), messages.join(",")))
}

fn body(items: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100200300400600","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550100001","phone_number_id":"100200300400501"}},{items}}},"field":"messages"}}]}}]}}"#
    )
}

fn words(seed: u64) -> &'static str {
    let all = ["Does it come in another color?", "Line one\\nline two \\\"quoted\\\"", "Grüße aus Köln", "ok"];
    all[seed as usize % all.len()]
}

fn phone(seed: u64) -> u64 {
    15_550_200_000 + seed * 7_919 % 100_000
}

fn wamid(seed: u64) -> String {
    format!("wamid.HBgL{}=", base64(seed, 39))
}

/// As many characters of base64, the last of them `A`, so that 43 of them and `=` are canonical.
fn base64(seed: u64, length: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(alphabet[(state >> 58) as usize])
    };
    (1..length).map(|_| next()).chain(['A']).collect()
}
