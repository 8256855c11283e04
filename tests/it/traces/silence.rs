//! Nothing personal and no secret in what is exported, down to its bytes.

use super::{named, parent, proxy, traced};
use crate::support::bodies::{SUPPORT, cloud, contact, status, text};
use crate::support::collector::Collector;
use crate::support::consumer::{Consumer, Reply};
use crate::support::signature::meta;
use serde_json::json;

const PHONE: &str = "15550199777";
const CANARIES: [&str; 9] = [
    PHONE,
    "CanaryName",
    "canary-text",
    "wamid.CANARY",
    "US.canaryuser",
    "s3cret",
    SUPPORT.id,
    SUPPORT.phone,
    SUPPORT.account,
];
const CONFIG: &str = r#"
timeout = "200ms"
sign_with = "s3cret-sign"
[consumer.headers]
Authorization = "Bearer s3cret-header"
[consumer.retry]
first = "10ms"
give_up_after = "1s"
[cloud]
app_secrets = ["s3cret-app"]
[onprem]
url_secret = "s3cret-url"
"#;

fn body() -> String {
    let mut message = text(PHONE, "wamid.CANARY", "canary-text");
    message["from_user_id"] = json!("US.canaryuser");
    let members = json!({
        "contacts": [contact(PHONE, "CanaryName")],
        "messages": [message, {"type": "canary-text", "from": PHONE}],
        "statuses": [status(PHONE, "wamid.CANARY", "canary-text")],
    });
    cloud(SUPPORT, &members)
}

#[test]
fn nothing_personal_and_no_secret_is_exported() {
    let (collector, consumer) = (Collector::start(), Consumer::start());
    consumer.reply_next([Reply::with(500, "X-Echo", "canary-text s3cret"), Reply::Close, Reply::Hold]);
    let target = consumer.section("crm", "onprem", CONFIG).replace("/webhook\"", "/canary-text?token=s3cret-token\"");
    let config = format!("{target}{}", SUPPORT.section("support", "\"crm\""));
    let proxy = proxy(&config, &collector, &[]).start();
    let body = body();
    let signed = traced(&body, &parent("01")).header("X-Hub-Signature-256", &meta("s3cret-app", &body));
    assert_eq!(proxy.send(&signed).status, 200);
    assert_eq!(proxy.send(&traced(&body, "canary-text")).status, 401);
    assert_eq!(proxy.post(&format!("/webhooks/{PHONE}?secret=s3cret-url"), "{\"canary-text").status, 404);
    assert_eq!(proxy.post("/webhooks/onprem?secret=s3cret-url&name=CanaryName", "{\"canary-text").status, 400);
    proxy.wait_until_drained("crm");
    let deliveries = consumer.requests().len();
    let spans = collector.wait_for(4 + deliveries);
    assert!(deliveries >= 4 && named(&spans, "delivery").len() == deliveries);
    let bytes = collector.bytes();
    assert!(String::from_utf8_lossy(&bytes).contains("cutover.verdict"));
    for canary in CANARIES {
        let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!found, "{canary} in what was exported");
    }
}
