//! `CUTOVER_<SECTION>__<KEY>` on top of the file, and instead of it.

use super::{check, problems};
use crate::support::bodies::{SALES, SUPPORT, cloud_text};
use crate::support::command::{Folder, run_with};
use crate::support::consumer::Consumer;
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use crate::support::signature::meta;

const CRM: &str = "[[consumer]]\nname = \"crm\"\nurl = \"http://127.0.0.1:1/file\"\nformat = \"onprem\"\n";

fn checked(config: &str, environment: &[(&str, &str)]) -> crate::support::command::Outcome {
    let folder = Folder::new();
    check(&folder.write("cutover.toml", config), environment)
}

#[test]
fn a_key_is_overridden() {
    let environment =
        [("CUTOVER_CONSUMER__CRM__URL", "http://127.0.0.1:2/environment"), ("CUTOVER_CONSUMER__CRM__FORMAT", "cloud")];
    let output = checked(CRM, &environment).clean();
    assert!(output.contains("consumer crm: http://127.0.0.1:2/environment as cloud"), "{output}");
    let output = checked(CRM, &[("CUTOVER_LISTEN__WEBHOOKS", "127.0.0.2:7")]).clean();
    assert!(output.contains("open at 127.0.0.2:7"), "{output}");
}

/// Names are matched without regard to case; `-` cannot stand in a variable and is written `_`.
#[test]
fn a_consumer_is_found_by_its_name() {
    let config = CRM.replace("\"crm\"", "\"My-CRM\"");
    let output = checked(&config, &[("CUTOVER_CONSUMER__MY_CRM__FORMAT", "normalized")]).clean();
    assert!(output.contains("consumer My-CRM: http://127.0.0.1:1/file as normalized"), "{output}");
}

#[test]
fn without_a_file_the_environment_is_enough() {
    let environment =
        [("CUTOVER_CONSUMER__CRM__URL", "http://127.0.0.1:2/"), ("CUTOVER_CONSUMER__CRM__FORMAT", "cloud")];
    let output = run_with(&["check"], &environment, "").clean();
    assert!(output.contains("consumer crm: http://127.0.0.1:2/ as cloud"), "{output}");
}

#[test]
fn tables_in_tables() {
    let environment = [("CUTOVER_CONSUMER__CRM__RETRY__FIRST", "soon"), ("CUTOVER_LISTEN__TLS__CERT", "cert.pem")];
    let outcome = checked(CRM, &environment);
    let found = problems(&outcome);
    assert!(found.iter().any(|line| line.starts_with("consumer.crm.retry.first: ")), "{found:?}");
    assert!(found.iter().any(|line| line.starts_with("listen.tls.key: is missing")), "{found:?}");
}

#[test]
fn what_is_wrong_there_is_told_like_what_is_wrong_in_the_file() {
    let environment = [
        ("CUTOVER_LISTEN__WEBHOKS", "127.0.0.1:1"),
        ("CUTOVER_LISTEN__MAX_BODY_BYTES", "large"),
        ("CUTOVER_CONSUMER__CRM__TIMEOUT", "10"),
        ("CUTOVER_ROUTER__X", "1"),
    ];
    let outcome = checked(CRM, &environment);
    let mut found = problems(&outcome);
    found.sort_unstable();
    let starts = [
        "consumer.crm.timeout: write a duration",
        "listen.max_body_bytes: write a whole number",
        "listen.webhoks: is no key: did you mean webhooks?",
        "router: is no key",
    ];
    assert_eq!(found.len(), starts.len(), "{found:?}");
    for (line, start) in found.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

/// Other programs of the same house begin their variables like ours.
#[test]
fn variables_without_a_section_are_not_ours() {
    let environment = [("CUTOVER_CORPUS", "/somewhere"), ("CUTOVER_REPLAY_SECRET", "x"), ("LISTEN__WEBHOOKS", "x")];
    assert_eq!(checked(CRM, &environment).code, Some(0));
}

#[test]
fn lists_are_written_with_commas() {
    let (crm, shadow) = (Consumer::start(), Consumer::start());
    let config = [
        crm.section("crm", "cloud", ""),
        shadow.section("shadow", "cloud", ""),
        SUPPORT.section("support", "\"crm\""),
        SALES.section("sales", "\"shadow\""),
    ];
    let environment = [
        ("CUTOVER_CLOUD__APP_SECRETS", "old, new"),
        ("CUTOVER_NUMBER__SUPPORT__DELIVER_TO", "crm, shadow"),
        ("CUTOVER_CONSUMER__CRM__KINDS", "message,status"),
    ];
    let proxy = Proxy::pass_through_with(&config.concat(), &environment);
    let body = cloud_text(SUPPORT);
    for secret in ["old", "new"] {
        let request = Request::post("/webhooks", &body).header("X-Hub-Signature-256", &meta(secret, &body));
        assert_eq!(proxy.send(&request).status, 200);
    }
    assert_eq!((crm.requests().len(), shadow.requests().len()), (2, 2));
}
