//! A proof covers a format: what comes in by it must be of that format, and each address takes its own.

use super::{accepted, behind, refused};
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::http::Request;
use crate::support::signature::{meta, turn};

const BOTH: &str = "[cloud]\napp_secrets = [\"meta\"]\nauthorization = \"Cloud\"\n\
    [onprem]\nauthorization = \"Flat\"\nturn_secret = \"turn\"\nurl_secret = \"url\"\n";

#[test]
fn a_flat_credential_never_carries_a_cloud_body_in() {
    let (consumer, proxy) = behind(BOTH);
    let body = cloud_text(SUPPORT);
    for target in ["/webhooks", "/webhooks/onprem", "/webhooks/cloud"] {
        refused(&proxy.send(&Request::post(target, &body).header("Authorization", "Flat")), 401);
        refused(&proxy.send(&Request::post(target, &body).header("X-Turn-Hook-Signature", &turn("turn", &body))), 401);
        refused(&proxy.send(&Request::post(&format!("{target}?secret=url"), &body)), 401);
    }
    assert_eq!(consumer.requests().len(), 0);
}

#[test]
fn a_cloud_credential_never_carries_a_flat_body_in() {
    let (consumer, proxy) = behind(BOTH);
    let body = flat_text();
    for target in ["/webhooks", "/webhooks/onprem", "/webhooks/cloud"] {
        refused(&proxy.send(&Request::post(target, &body).header("Authorization", "Cloud")), 401);
        refused(&proxy.send(&Request::post(target, &body).header("X-Hub-Signature-256", &meta("meta", &body))), 401);
    }
    assert_eq!(consumer.requests().len(), 0);
}

/// Where one format is guarded and the other open, the open one is no way around the guard.
#[test]
fn an_open_format_does_not_open_the_other() {
    let (consumer, proxy) = behind("[cloud]\napp_secrets = [\"meta\"]\n");
    accepted(&proxy.post("/webhooks", flat_text()));
    refused(&proxy.post("/webhooks", cloud_text(SUPPORT)), 401);
    refused(&proxy.post("/webhooks/onprem", cloud_text(SUPPORT)), 401);
    assert_eq!(consumer.requests().len(), 1);
}

#[test]
fn with_everything_open_the_wrong_address_is_a_bad_request() {
    let (consumer, proxy) = behind("");
    refused(&proxy.post("/webhooks/onprem", cloud_text(SUPPORT)), 400);
    refused(&proxy.post("/webhooks/cloud", flat_text()), 400);
    assert_eq!(consumer.requests().len(), 0);
}

#[test]
fn a_normalized_event_is_no_webhook() {
    let (consumer, proxy) = behind("");
    accepted(&proxy.post("/webhooks", flat_text()));
    let batch = consumer.only().json();
    let event = batch.get(0).unwrap().to_string();
    refused(&proxy.post("/webhooks", event), 400);
    refused(&proxy.post("/webhooks", batch.to_string()), 400);
    assert_eq!(consumer.requests().len(), 1);
}

#[test]
fn a_number_in_the_address_does_not_change_the_rules() {
    let (consumer, proxy) = behind(&format!("{BOTH}{}", SUPPORT.section("support", "\"crm\"")));
    let (cloud, flat) = (cloud_text(SUPPORT), flat_text());
    let target = format!("/webhooks/{}", SUPPORT.id);
    accepted(&proxy.send(&Request::post(&target, &cloud).header("X-Hub-Signature-256", &meta("meta", &cloud))));
    accepted(&proxy.send(&Request::post(&target, &flat).header("Authorization", "Flat")));
    refused(&proxy.send(&Request::post(&target, &cloud).header("Authorization", "Flat")), 401);
    refused(&proxy.send(&Request::post(&target, &flat).header("Authorization", "Cloud")), 401);
    refused(&proxy.post(&target, &flat), 401);
    assert_eq!(consumer.requests().len(), 2);
}
