//! Nothing personal and no secret in logs, answers or metrics: canaries are planted wherever such a
//! thing can stand, everything goes wrong that can, and then they are looked for.

use crate::support::bodies::{SUPPORT, cloud, contact, status, text};
use crate::support::consumer::{Consumer, Reply};
use crate::support::http::{Answer, Request};
use crate::support::proxy::Proxy;
use crate::support::signature::{meta, turn};
use serde_json::json;

const PHONE: &str = "15550199777";
const PERSONAL: [&str; 8] =
    [PHONE, "CanaryName", "canary-text", "wamid.CANARY", "US.canaryuser", SUPPORT.id, SUPPORT.phone, SUPPORT.account];
/// What all the secrets below have in common.
const SECRET: &str = "s3cret";

const CONFIG: &str = r#"
timeout = "200ms"
sign_with = "s3cret-sign"
[consumer.headers]
Authorization = "Bearer s3cret-header"
X-Key = { env = "CONSUMER_KEY" }
[listen]
admin_token = "s3cret-admin"
max_body_bytes = 20000
[cloud]
verify_token = "s3cret-verify"
app_secrets = ["s3cret-app", { env = "APP_SECRET" }]
authorization = "s3cret-cloud"
[onprem]
authorization = "s3cret-flat"
turn_secret = "s3cret-turn"
url_secret = "s3cret-url"
"#;

fn cloud_body() -> String {
    let mut message = text(PHONE, "wamid.CANARY", "canary-text");
    message["from_user_id"] = json!("US.canaryuser");
    message["canary-text"] = json!({"CanaryName": PHONE});
    let members = json!({
        "contacts": [contact(PHONE, "CanaryName")],
        "messages": [message, {"type": "canary-text", "from": PHONE}, "canary-text"],
        "statuses": [status(PHONE, "wamid.CANARY", "canary-text")],
        "errors": [{"code": 131_000, "title": "canary-text", "message": PHONE, "href": "canary-text"}],
    });
    cloud(SUPPORT, &members)
}

fn flat_body() -> String {
    let message = text(PHONE, "wamid.CANARY", "canary-text");
    json!({"contacts": [contact(PHONE, "CanaryName")], "messages": [message]}).to_string()
}

/// Everything that a platform, a stranger or an operator may ask.
fn everything() -> Vec<Request> {
    let (cloud, flat) = (cloud_body(), flat_body());
    let post = |body: &str| Request::post("/webhooks", body);
    let signed = |body: &str| post(body).header("X-Hub-Signature-256", &meta("s3cret-app", body));
    let unknown = cloud.replace(SUPPORT.id, "canary-text").replace(SUPPORT.phone, PHONE);
    let handshake = "/webhooks?hub.mode=subscribe&hub.challenge=1&hub.verify_token=";
    vec![
        signed(&cloud),
        signed(&unknown),
        signed(&cloud.replace("\"contacts\"", "canary-text")),
        signed(&format!("[{cloud}]")),
        signed(&format!("{{\"object\":\"canary-text {PHONE}\",\"entry\":[]}}")),
        signed(&format!("{cloud}{}", "x".repeat(20_000))),
        post(&cloud).header("Authorization", "s3cret-cloud"),
        post(&cloud).header("Authorization", "s3cret-wrong"),
        post(&cloud).header("X-Hub-Signature-256", &meta("s3cret-wrong", &cloud)),
        post(&flat).header("Authorization", "s3cret-flat"),
        post(&flat).header("X-Turn-Hook-Signature", &turn("s3cret-turn", &flat)).header("X-Turn-Claim", "canary-text"),
        post(&flat).header("Authorization", "s3cret-flat").header("X-WA-Account-Id", PHONE),
        Request::post("/webhooks?secret=s3cret-url", &flat),
        Request::post("/webhooks/onprem?secret=s3cret-url&name=CanaryName", "{\"canary-text"),
        Request::post("/webhooks/onprem?secret=s3cret-wrong", &flat),
        Request::post(&format!("/webhooks/{PHONE}?secret=s3cret-url"), &flat),
        Request::post(&format!("/canary-text/{PHONE}"), &flat),
        Request::post("/webhooks/onprem?secret=s3cret-url", b"{\"messages\":[\"canary-text \xff\"]}"),
        Request::get(&format!("{handshake}s3cret-wrong")),
        Request::get(&format!("{handshake}s3cret-verify")),
        Request::new("DELETE", "/webhooks/canary-text"),
    ]
}

fn shown(answer: &Answer) -> String {
    format!("{} {:?} {}", answer.status, answer.headers, String::from_utf8_lossy(&answer.body))
}

#[track_caller]
fn assert_silent(place: &str, said: &str) {
    for canary in PERSONAL.iter().chain([&SECRET]) {
        let line = said.lines().find(|line| line.contains(canary));
        assert_eq!(line, None, "{canary} in {place}");
    }
}

#[test]
fn nothing_personal_and_no_secret_is_ever_said() {
    let environment = [("CONSUMER_KEY", "s3cret-key"), ("APP_SECRET", "s3cret-environment")];
    for format in ["onprem", "cloud", "normalized"] {
        let consumer = Consumer::start();
        let numbers = SUPPORT.section("support", "\"crm\"");
        let config = format!("{}{numbers}", consumer.section("crm", format, CONFIG));
        let proxy = Proxy::pass_through_with(&config, &environment);
        let mut answers = String::new();
        for reply in [
            Reply::status(200),
            Reply::with(500, "X-Echo", "canary-text s3cret"),
            Reply::with(429, "Retry-After", "canary-text"),
            Reply::with(302, "Location", "http://canary-text.example/s3cret"),
            Reply::Bytes(b"HTTP/1.1 canary-text s3cret\r\n\r\n"),
            Reply::Close,
            Reply::Reset,
            Reply::Hold,
        ] {
            consumer.reply(reply);
            for request in everything() {
                answers.push_str(&shown(&proxy.send(&request)));
                answers.push('\n');
            }
        }
        answers.push_str(&shown(&Request::get("/metrics?s3cret").send(proxy.admin)));
        let scrape = Request::get("/metrics").header("Authorization", "Bearer s3cret-admin").send(proxy.admin);
        assert!(scrape.text().contains("cutover_webhooks_total"));
        assert!(answers.contains("200 ") && answers.contains("502 ") && answers.contains("401 "));
        proxy.signal("TERM");
        let ended = proxy.end();
        assert!(ended.log.contains("not delivered") && ended.log.contains("webhook refused"));
        assert_silent("the answers", &answers);
        assert_silent("the metrics", &scrape.text());
        assert_silent("the log", &ended.log);
    }
}
