//! Nothing personal and no secret in logs, answers or metrics: canaries are planted wherever such a
//! thing can stand, everything goes wrong that can, and then they are looked for.

use crate::support::bodies::{SUPPORT, cloud, contact, status, text};
use crate::support::command::run;
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::http::{self, Answer, Request};
use crate::support::proxy::{Home, Proxy};
use crate::support::signature::{meta, turn};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};

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

/// A body in which everything that has a name is called by something personal: members wherever there are
/// some, types, statuses, fields.
fn misnamed(number: &str) -> String {
    let mut message = text(PHONE, "wamid.CANARY2", "canary-text");
    let mut person = contact(PHONE, "CanaryName");
    let mut read = status(PHONE, "wamid.CANARY2", PHONE);
    let mut error = json!({"code": 131_000, "title": "canary-text", PHONE: "CanaryName"});
    for object in [&mut message, &mut person, &mut read, &mut error] {
        for canary in PERSONAL.iter().chain([&"s3cret-key"]) {
            object[*canary] = json!({*canary: canary});
        }
    }
    let typed =
        |kind: &str| json!({"from": PHONE, "id": format!("wamid.CANARY.{kind}"), "type": kind, kind: {kind: 1}});
    let members = json!({
        "contacts": [person], "statuses": [read], "errors": [error],
        "messages": [message, typed(PHONE), typed("CanaryName"), typed("wamid.CANARY"), typed("US.canaryuser")],
        PHONE: {"CanaryName": 1}, "CanaryName": 1, "canary-text": 1,
    });
    let mut body: Value = serde_json::from_str(&cloud(SUPPORT, &members)).expect("JSON");
    body["entry"][0]["changes"][0]["value"]["metadata"][PHONE] = json!("canary-text");
    // First: of one body only so much is reported.
    let change = json!({"field": PHONE, "value": {"phone_number": PHONE, "CanaryName": 1}, "canary-text": 1});
    body["entry"][0]["changes"].as_array_mut().expect("a list").insert(0, change);
    for canary in PERSONAL {
        body[canary] = json!(canary);
        body["entry"][0][canary] = json!(canary);
    }
    body.to_string()
        .replace(&format!("\"phone_number_id\":\"{}\"", SUPPORT.id), &format!("\"phone_number_id\":\"{number}\""))
}

/// Everything that is said to whoever watches.
fn said_to_operators(proxy: &Proxy) -> Vec<(&'static str, String)> {
    let ask = |path: &str| {
        let request = Request::get(path).by_address(proxy.admin).header("Authorization", "Bearer s3cret-admin");
        shown(&request.send(proxy.admin))
    };
    let admin = format!("http://{}/", proxy.admin);
    let tell =
        |arguments: &[&str]| run(&[arguments, &["--admin", &admin, "--admin-token", "s3cret-admin"]].concat()).clean();
    vec![
        ("/metrics", ask("/metrics")),
        ("/readyz", ask("/readyz")),
        ("/api/status", ask("/api/status")),
        ("the stream", streamed(proxy)),
        ("the list of dead letters", ask("/api/dead-letters")),
        ("the list of what waits", ask("/api/dead-letters?waiting=true")),
        ("cutover status", tell(&["status"])),
        ("cutover status --json", tell(&["status", "--json"])),
        ("cutover dead-letters list", tell(&["dead-letters", "list"])),
        ("cutover dead-letters list --waiting", tell(&["dead-letters", "list", "--waiting", "--json"])),
    ]
}

/// The first event of the stream.
fn streamed(proxy: &Proxy) -> String {
    let mut stream = http::connect(proxy.admin);
    let request = Request::get("/api/status/stream").by_address(proxy.admin);
    stream.write_all(&request.header("Authorization", "Bearer s3cret-admin").bytes()).expect("the proxy listens");
    let lines = BufReader::new(stream).lines().map(|line| line.expect("it goes on"));
    lines.into_iter().find(|line| line.starts_with("data: ")).expect("an event")
}

/// What is kept beside the webhooks.
fn notes(home: &Home) -> String {
    let journal = rusqlite::Connection::open(home.journal()).expect("nobody has it any more");
    let mut all = journal.prepare("SELECT name || text FROM note").expect("the table is there");
    let rows = all.query_map([], |row| row.get::<_, String>(0)).expect("it can be read");
    rows.map(|row| row.expect("text") + "\n").collect()
}

/// Nor by those who watch, with a journal, whatever things are called.
#[test]
fn nothing_personal_is_said_to_operators_or_kept_beside_the_webhooks() {
    let environment = [("CONSUMER_KEY", "s3cret-key"), ("APP_SECRET", "s3cret-environment")];
    let signed = |body: &str| Request::post("/webhooks", body).header("X-Hub-Signature-256", &meta("s3cret-app", body));
    for format in ["onprem", "cloud", "normalized"] {
        let crm = Consumer::start();
        let retry = "[consumer.retry]\nfirst = \"10ms\"\nmax = \"20ms\"\ngive_up_after = \"100ms\"\n";
        let config = CONFIG
            .replace("timeout", "unknown = \"dead_letter\"\ntimeout")
            .replace("[listen]", &format!("{retry}[listen]"));
        let config = [crm.section("crm", format, &config), SUPPORT.section("support", "\"crm\"")].concat();
        let proxy = Proxy::start_with(&config, &environment);
        for reply in [Reply::with(500, "X-Echo", "canary-text s3cret"), Reply::Close, Reply::status(200)] {
            crm.reply(reply);
            for request in everything() {
                proxy.send(&request);
            }
            for body in [misnamed(SUPPORT.id), misnamed(PHONE)] {
                proxy.send(&signed(&body));
            }
            let flat: Value = serde_json::from_str(&misnamed(SUPPORT.id)).expect("JSON");
            let flat = flat.pointer("/entry/0/changes/1/value").expect("a value").to_string();
            proxy.send(&Request::post("/webhooks/onprem?secret=s3cret-url", flat));
            for (place, said) in said_to_operators(&proxy) {
                assert_silent(place, &said);
            }
        }
        let status = |member: &str| {
            let request = Request::get("/api/status").by_address(proxy.admin);
            let answer = request.header("Authorization", "Bearer s3cret-admin").send(proxy.admin);
            serde_json::from_slice::<Value>(&answer.body).expect("JSON")[member].clone()
        };
        eventually("dead letters", || (status("dead_letters").as_u64() > Some(2)).then_some(()));
        let unknown = status("unknown");
        let has = |what: &str| {
            unknown.as_array().expect("a list").iter().any(|one| one["what"] == what && one["word"].is_null())
        };
        assert!(["message_type", "status", "field", "member"].into_iter().all(has), "they were noticed: {unknown}");
        for (place, said) in said_to_operators(&proxy) {
            assert_silent(place, &said);
        }
        proxy.signal("TERM");
        eventually("the end", || proxy.log().contains("\"stopped\"").then_some(()));
        assert_silent("the log", &proxy.log());
        let notes = notes(proxy.home());
        assert!(notes.contains("number/support") && notes.contains("unfamiliar"), "{notes}");
        assert_silent("the notes", &notes);
        let said = proxy.home().command(&["status"]).clean();
        assert!(said.contains("  stopped  "), "{said}");
        assert_silent("cutover status without a server", &said);
    }
}
