//! Consumers behind TLS, with an authority of their own.

use super::certificates::{Authority, consumer, section};
use crate::support::bodies::{SUPPORT, cloud_text};
use crate::support::command::{Folder, run};
use crate::support::proxy::Proxy;

#[test]
fn a_consumer_behind_a_private_authority_is_reached_by_tls_ca() {
    let (authority, folder) = (Authority::new("private"), Folder::new());
    let crm = consumer(&authority.issue("crm", &["localhost", "127.0.0.1"]));
    let trusted = format!("tls_ca = \"{}\"", folder.write("ca.pem", authority.pem()));
    for host in ["localhost", "127.0.0.1"] {
        let proxy = Proxy::pass_through(&section(&crm, host, &trusted));
        assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200, "{host}");
    }
    assert_eq!(crm.requests().len(), 2);
}

#[test]
fn a_consumer_nobody_vouches_for_gets_nothing() {
    let (authority, folder) = (Authority::new("private"), Folder::new());
    let crm = consumer(&authority.issue("crm", &["localhost"]));
    let other = format!("tls_ca = \"{}\"", folder.write("ca.pem", Authority::new("private").pem()));
    for more in ["", &other] {
        let proxy = Proxy::pass_through(&section(&crm, "localhost", more));
        assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 502);
    }
    assert_eq!(crm.requests().len(), 0);
}

#[test]
fn a_certificate_of_another_host_is_none() {
    let (authority, folder) = (Authority::new("private"), Folder::new());
    let crm = consumer(&authority.issue("localhost", &["crm.example"]));
    let trusted = format!("tls_ca = \"{}\"", folder.write("ca.pem", authority.pem()));
    let proxy = Proxy::pass_through(&section(&crm, "localhost", &trusted));
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 502);
    assert_eq!(crm.requests().len(), 0);
}

/// `check --probe` shakes hands and sends nothing.
#[test]
fn a_probe_includes_tls() {
    let (authority, folder) = (Authority::new("private"), Folder::new());
    let crm = consumer(&authority.issue("crm", &["localhost"]));
    let trusted = format!("tls_ca = \"{}\"", folder.write("ca.pem", authority.pem()));
    let good = folder.write("good.toml", section(&crm, "localhost", &trusted));
    assert!(run(&["check", "--probe", "--config", &good]).clean().contains("consumer crm: reached"));
    let bad = folder.write("bad.toml", section(&crm, "localhost", ""));
    let outcome = run(&["check", "--probe", "--config", &bad]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("consumer crm: cannot connect to https://localhost"), "{}", outcome.stderr);
    assert_eq!(crm.requests().len(), 0);
}
