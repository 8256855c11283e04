//! Who may speak: signatures, authorizations and secrets in a URL, all over the raw bytes.

use super::{accepted, behind, refused};
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::http::Request;
use crate::support::signature::{meta, turn};

const SECRET: &str = "the app secret";
const CLOUD: &str = "[cloud]\napp_secrets = [\"the app secret\"]\n";

/// A Cloud body in Meta's own spelling, which no printer of JSON would repeat.
const ESCAPED: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"0","changes":[{"field":"messages",
  "value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"1"},
  "messages":[{"from":"15550102001","id":"wamid.a","timestamp":"1764000001","type":"text","text":{"body":"caf\u00e9 https:\/\/example.com 1.0e0"}}]}}]}]}"#;

fn signed(target: &str, body: &str, signature: &str) -> Request {
    Request::post(target, body).header("X-Hub-Signature-256", signature)
}

#[test]
fn metas_signature_is_checked_over_the_raw_bytes() {
    let (consumer, proxy) = behind(CLOUD);
    accepted(&proxy.send(&signed("/webhooks", ESCAPED, &meta(SECRET, ESCAPED))));
    accepted(&proxy.send(&signed("/webhooks/cloud", ESCAPED, &meta(SECRET, ESCAPED))));
    let printed = serde_json::from_str::<serde_json::Value>(ESCAPED).unwrap().to_string();
    refused(&proxy.send(&signed("/webhooks", &printed, &meta(SECRET, ESCAPED))), 401);
    refused(&proxy.send(&signed("/webhooks", ESCAPED, &meta(SECRET, printed))), 401);
    assert_eq!(consumer.requests().len(), 2);
}

#[test]
fn a_signature_that_is_not_exactly_right_is_none() {
    let (consumer, proxy) = behind(CLOUD);
    let body = cloud_text(SUPPORT);
    let right = meta(SECRET, &body);
    let hex = right.strip_prefix("sha256=").unwrap();
    let (half, _) = hex.split_at(32);
    let other_sums = [
        meta("another secret", &body),
        meta("", &body),
        meta(SECRET, ""),
        hex.to_owned(),
        format!("sha1={hex}"),
        format!("sha256={half}"),
        format!("{right}00"),
        format!("sha256= {hex}"),
        format!("sha256={}", hex.replace(|digit: char| digit.is_ascii_digit(), "z")),
        "sha256=".to_owned(),
        String::new(),
    ];
    for target in ["/webhooks", "/webhooks/cloud"] {
        for wrong in &other_sums {
            refused(&proxy.send(&signed(target, &body, wrong)), 401);
        }
        refused(&proxy.post(target, &body), 401);
    }
    assert_eq!(consumer.requests().len(), 0);
}

#[test]
fn the_hex_digits_of_a_signature_may_be_upper_case() {
    let (_consumer, proxy) = behind(CLOUD);
    let body = cloud_text(SUPPORT);
    let upper = meta(SECRET, &body).to_ascii_uppercase().replace("SHA256=", "sha256=");
    accepted(&proxy.send(&signed("/webhooks", &body, &upper)));
}

#[test]
fn while_a_secret_is_rotated_the_old_and_the_new_one_hold() {
    let (_consumer, proxy) = behind("[cloud]\napp_secrets = [\"new\", \"old\"]\n");
    let body = cloud_text(SUPPORT);
    for secret in ["old", "new"] {
        accepted(&proxy.send(&signed("/webhooks", &body, &meta(secret, &body))));
    }
    refused(&proxy.send(&signed("/webhooks", &body, &meta("older", &body))), 401);
}

#[test]
fn a_provider_may_authorize_cloud_bodies_instead_of_signing_them() {
    let (_consumer, proxy) = behind("[cloud]\nauthorization = \"Bearer d360\"\napp_secrets = [\"the app secret\"]\n");
    let body = cloud_text(SUPPORT);
    let with = |value: &str| proxy.send(&Request::post("/webhooks", &body).header("Authorization", value));
    accepted(&with("Bearer d360"));
    for wrong in ["Bearer d361", "bearer d360", "d360", "Bearer d3600", ""] {
        refused(&with(wrong), 401);
    }
    accepted(&proxy.send(&signed("/webhooks", &body, &meta(SECRET, &body))));
}

#[test]
fn flat_bodies_come_with_any_one_of_their_credentials() {
    let (consumer, proxy) =
        behind("[onprem]\nauthorization = \"Basic YTpi\"\nturn_secret = \"turn\"\nurl_secret = \"a b&c\"\n");
    let body = flat_text();
    let post = |target: &str| Request::post(target, &body);
    for target in ["/webhooks", "/webhooks/onprem"] {
        accepted(&proxy.send(&post(target).header("Authorization", "Basic YTpi")));
        accepted(&proxy.send(&post(target).header("X-Turn-Hook-Signature", &turn("turn", &body))));
        accepted(&proxy.send(&post(&format!("{target}?secret=a%20b%26c"))));
        accepted(&proxy.send(&post(&format!("{target}?other=1&secret=a+b%26c"))));
        refused(&proxy.send(&post(target)), 401);
        refused(&proxy.send(&post(target).header("Authorization", "Basic YTpj")), 401);
        refused(&proxy.send(&post(target).header("X-Turn-Hook-Signature", &turn("turn", "another body"))), 401);
        refused(&proxy.send(&post(target).header("X-Turn-Hook-Signature", &turn("nrut", &body))), 401);
        refused(&proxy.send(&post(target).header("X-Turn-Hook-Signature", "no base64!")), 401);
        refused(&proxy.send(&post(&format!("{target}?secret=a"))), 401);
        refused(&proxy.send(&post(&format!("{target}?secret="))), 401);
        refused(&proxy.send(&post(&format!("{target}?Secret=a%20b%26c"))), 401);
    }
    assert_eq!(consumer.requests().len(), 8);
}

/// A right proof beside a wrong one of the other kind: one of them must match, not all.
#[test]
fn one_right_proof_is_enough() {
    let (_consumer, proxy) = behind("[onprem]\nauthorization = \"Basic YTpi\"\nturn_secret = \"turn\"\n");
    let body = flat_text();
    let wrong_turn = Request::post("/webhooks", &body).header("X-Turn-Hook-Signature", "AAAA");
    accepted(&proxy.send(&wrong_turn.header("Authorization", "Basic YTpi")));
}
