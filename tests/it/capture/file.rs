//! The file: what is in it, what is not, whose it is.

use super::{capturing, lines, serve, stop};
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::command::Folder;
use crate::support::consumer::{Consumer, Reply};
use crate::support::http::Request;
use crate::support::signature::{meta, turn};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

const DOORS: &str = "[cloud]\napp_secrets = [\"key\"]\n[onprem]\nturn_secret = \"key\"\nurl_secret = \"s3cret\"\n";

#[test]
fn it_holds_what_was_proven_and_readable_before_anybody_else_has_it() {
    let (consumer, folder) = (Consumer::replying(Reply::status(500)), Folder::new());
    let config = format!("{}{DOORS}", consumer.section("crm", "onprem", ""));
    let proxy = capturing(&config, &folder.path("capture.ndjson"), &[], &[]);
    // Bytes that no printer would give back.
    let cloud = cloud_text(SUPPORT).replace("\"hi\"", "\"caf\\u00e9 \\/ \\ud83d \u{e9}\" ").replacen('{', "{\n ", 1);
    let flat = flat_text();
    let signed = Request::post("/webhooks/cloud?secret=s3cret", &cloud)
        .header("X-Hub-Signature-256", &meta("key", &cloud))
        .header("Authorization", "Bearer s3cret")
        .header("User-Agent", "facebookplatform/1.0");
    assert_eq!(proxy.send(&signed).status, 502);
    let turned = Request::post("/webhooks?secret=s3cret", &flat)
        .header("X-Turn-Hook-Signature", &turn("key", &flat))
        .header("X-Turn-Claim", "c1")
        .header("X-WA-Account-Id", SUPPORT.phone);
    assert_eq!(proxy.send(&turned).status, 502);
    assert_eq!(proxy.send(&Request::post("/webhooks", &flat)).status, 401);
    assert_eq!(proxy.send(&Request::post("/webhooks?secret=s3cret", "{}")).status, 400);
    let log = stop(proxy);
    assert!(log.contains("the file holds phone numbers"), "{log}");
    let text = folder.read("capture.ndjson");
    assert!(!text.contains("s3cret") && !text.contains("facebookplatform") && text.ends_with('\n'), "{text}");
    let lines = lines(&folder, "capture.ndjson");
    let shown: Vec<_> =
        lines.iter().map(|line| (&line["source"], &line["path"], &line["headers"], &line["body"])).collect();
    let first = json!({"x-hub-signature-256": meta("key", &cloud)});
    let second =
        json!({"x-turn-hook-signature": turn("key", &flat), "x-turn-claim": "c1", "x-wa-account-id": SUPPORT.phone});
    assert_eq!(
        shown,
        [
            (&json!("cloud"), &json!("/webhooks/cloud"), &first, &json!(cloud)),
            (&json!("onprem"), &json!("/webhooks"), &second, &json!(flat)),
        ]
    );
    assert!(lines[0]["at"].as_str().is_some_and(|at| at.starts_with("20") && at.ends_with('Z')));
}

#[test]
fn it_is_its_owners_alone_and_is_added_to() {
    let (consumer, folder) = (Consumer::start(), Folder::new());
    let config = consumer.section("crm", "onprem", "");
    // Left behind by a crash, in the middle of a line, and open to everybody.
    folder.write("capture.ndjson", "{\"cutover_cap");
    let file = folder.path("capture.ndjson");
    for _ in 0..2 {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let proxy = capturing(&config, &file, &[], &[]);
        assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
        stop(proxy);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let text = folder.read("capture.ndjson");
    let whole = text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
    assert_eq!((text.lines().count(), whole.count()), (3, 2));
    let fresh = folder.path("fresh.ndjson");
    stop(capturing(&config, &fresh, &[], &[]));
    assert_eq!(std::fs::metadata(&fresh).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_file_that_cannot_be_opened_stops_the_start() {
    let consumer = Consumer::start();
    let config = consumer.section("crm", "onprem", "");
    let ended = serve(&config, &["--capture", "/nowhere/capture.ndjson"], &[]).err().expect("refused");
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.log.contains("--capture: cannot write /nowhere/capture.ndjson: No such file"), "{}", ended.log);
    let ended = serve(&config, &["--redact"], &[]).err().expect("refused");
    assert!(ended.status.code() == Some(2) && ended.log.contains("--capture"), "{}", ended.log);
    let folder = Folder::new();
    let file = folder.write("capture.ndjson", "");
    let short = [("CUTOVER_CAPTURE_KEY", "short")];
    let ended = serve(&config, &["--redact", "--capture", &file], &short).err().expect("refused");
    assert!(ended.log.contains("CUTOVER_CAPTURE_KEY: is too short"), "{}", ended.log);
}
