//! Safe by default: where others can reach us, a format without its credential is closed.

use super::{accepted, refused};
use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::consumer::Consumer;
use crate::support::http::{Answer, Request};
use crate::support::proxy::{Ended, Proxy};
use crate::support::signature::meta;
use std::net::SocketAddr;

/// Listens where others can reach it; asked by loopback all the same.
fn exposed(sections: &str) -> Result<Proxy, Ended> {
    let config = format!("{}{sections}", Consumer::start().section("crm", "normalized", ""));
    Proxy::try_start(&config, &[("CUTOVER_LISTEN__WEBHOOKS", "0.0.0.0:0")])
}

fn send(proxy: &Proxy, request: &Request) -> Answer {
    request.send(SocketAddr::from(([127, 0, 0, 1], proxy.webhooks.port())))
}

#[test]
fn without_any_credential_it_does_not_start() {
    let Err(ended) = exposed("") else { panic!("served") };
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.log.contains("listen.webhooks: ") && ended.log.contains("cloud.app_secrets"), "{}", ended.log);
}

#[test]
fn a_format_without_its_credential_is_closed_and_that_is_said() {
    let Ok(proxy) = exposed("[cloud]\napp_secrets = [\"meta\"]\n") else { panic!("not served") };
    let body = cloud_text(SUPPORT);
    accepted(&send(&proxy, &Request::post("/webhooks", &body).header("X-Hub-Signature-256", &meta("meta", &body))));
    refused(&send(&proxy, &Request::post("/webhooks", &body)), 401);
    for target in ["/webhooks", "/webhooks/onprem"] {
        refused(&send(&proxy, &Request::post(target, flat_text())), 401);
    }
    assert!(proxy.log().contains("closed: onprem has no credential"), "{}", proxy.log());

    let Ok(proxy) = exposed("[onprem]\nauthorization = \"Basic YTpi\"\n") else { panic!("not served") };
    accepted(&send(&proxy, &Request::post("/webhooks", flat_text()).header("Authorization", "Basic YTpi")));
    refused(&send(&proxy, &Request::post("/webhooks", &body)), 401);
    assert!(proxy.log().contains("closed: cloud has no credential"), "{}", proxy.log());
}

#[test]
fn it_can_be_opened_on_purpose_and_that_is_said() {
    let sections = "[cloud]\nallow_unsigned = true\n[onprem]\nallow_unauthenticated = true\n";
    let Ok(proxy) = exposed(sections) else { panic!("not served") };
    accepted(&send(&proxy, &Request::post("/webhooks", cloud_text(SUPPORT))));
    accepted(&send(&proxy, &Request::post("/webhooks", flat_text())));
    let log = proxy.log();
    assert!(log.contains("open at 0.0.0.0:0: Cloud bodies without a signature, On-Premises bodies"), "{log}");
}

/// A credential beats the permission to do without.
#[test]
fn what_has_a_credential_is_not_opened() {
    let Ok(proxy) = exposed("[cloud]\napp_secrets = [\"meta\"]\nallow_unsigned = true\n") else { panic!("not served") };
    refused(&send(&proxy, &Request::post("/webhooks", cloud_text(SUPPORT))), 401);
}

#[test]
fn an_admin_listener_that_others_reach_needs_a_token() {
    let config = Consumer::start().section("crm", "normalized", "");
    let reachable = ("CUTOVER_LISTEN__ADMIN", "0.0.0.0:0");
    let Err(ended) = Proxy::try_start(&config, &[reachable]) else { panic!("served") };
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.log.contains("listen.admin_token: is missing"), "{}", ended.log);
    assert!(Proxy::try_start(&config, &[reachable, ("CUTOVER_LISTEN__ADMIN_TOKEN", "token")]).is_ok());
}
