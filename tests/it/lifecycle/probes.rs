//! Liveness, readiness, and who may ask for more.

use crate::support::consumer::{Consumer, Reply};
use crate::support::http::Request;
use crate::support::proxy::Proxy;

#[test]
fn alive_and_ready_whatever_the_consumers_do() {
    let consumer = Consumer::replying(Reply::Close);
    let proxy = Proxy::pass_through(&consumer.section("crm", "onprem", ""));
    assert_eq!(proxy.post("/webhooks", crate::support::bodies::flat_text()).status, 502);
    for probe in ["/livez", "/readyz"] {
        let answer = proxy.ask(probe);
        assert_eq!((answer.status, answer.headers.get("content-type")), (200, Some("application/json")));
        assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()["status"].is_string());
    }
}

#[test]
fn each_listener_has_its_own_routes() {
    let proxy = Proxy::pass_through(&Consumer::start().section("crm", "onprem", ""));
    for target in ["/nowhere", "/webhooks", "/webhooks/cloud"] {
        assert_eq!(proxy.ask(target).status, 404, "{target}");
    }
    for target in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(proxy.send(&Request::get(target)).status, 404, "{target}");
        assert_eq!(Request::new("DELETE", target).send(proxy.admin).status, 405, "{target}");
    }
}

#[test]
fn with_a_token_only_the_probes_are_open() {
    let config = Consumer::start().section("crm", "onprem", "");
    let proxy = Proxy::pass_through_with(&config, &[("CUTOVER_LISTEN__ADMIN_TOKEN", "the token")]);
    for probe in ["/livez", "/readyz"] {
        assert_eq!(proxy.ask(probe).status, 200);
    }
    let with = |value: &str| Request::get("/metrics").header("Authorization", value).send(proxy.admin);
    assert_eq!(with("Bearer the token").status, 200);
    assert_eq!(proxy.ask("/metrics").status, 401);
    for wrong in ["Bearer", "Bearer ", "Bearer the toke", "Bearer the token2", "Basic the token", "the token"] {
        let answer = with(wrong);
        assert_eq!(answer.status, 401, "{wrong}");
        assert!(!answer.text().contains("the token") && !answer.text().contains("cutover_"), "{}", answer.text());
    }
}
