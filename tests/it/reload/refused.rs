//! A configuration that cannot take the place of the old one, or not all of it.

use crate::support::consumer::Consumer;
use crate::support::ledger::Promises;
use crate::support::load::promise;
use crate::support::proxy::{Home, Proxy};

#[test]
fn a_bad_file_is_refused_and_the_old_one_stays() {
    let (crm, other, promises) = (Consumer::start(), Consumer::start(), Promises::default());
    let good = crm.section("crm", "onprem", "");
    let proxy = Proxy::start(&good);
    let bad = [
        ("[[consumer]\n".to_owned(), "line 1"),
        (other.section("crm", "smoke signals", ""), "consumer.crm.format"),
        (other.section("crm", "onprem", "tls_ca = \"/nowhere/ca.pem\""), "consumer.crm.tls_ca"),
        (format!("{good}\n[journal]\npaht = \"x\"\n"), "journal.paht"),
    ];
    for (number, (config, named)) in bad.iter().enumerate() {
        let log = proxy.reload(config);
        assert_ne!(proxy.home().command(&["check"]).code, Some(0), "and `check` says so before: {config}");
        assert!(log.contains("configuration not reloaded, the old one stays") && log.contains(named), "{log}");
        promise(&proxy, &promises, 0, number);
        let refused = proxy.metric("cutover_config_reloads_total{outcome=\"refused\"}");
        assert_eq!(refused, Some(number as f64 + 1.0));
    }
    std::fs::remove_file(proxy.home().config()).unwrap();
    proxy.signal("HUP");
    crate::support::eventually("a file that is gone is one, too", || proxy.log().contains("cannot read").then_some(()));
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    assert_eq!(other.requests().len(), 0);
    // And a good one is still taken after that.
    assert!(proxy.reload(&other.section("crm", "onprem", "")).contains("configuration reloaded"));
    let later = Promises::default();
    promise(&proxy, &later, 0, 100);
    proxy.wait_until_drained("crm");
    later.assert_kept(&other);
}

#[test]
fn what_takes_a_restart_is_named_and_the_rest_is_done() {
    let (crm, other, promises) = (Consumer::start(), Consumer::start(), Promises::default());
    let listen = |port: u16| format!("[listen]\nwebhooks = \"127.0.0.1:{port}\"\n");
    let home = Home::new(&format!("{}{}", listen(0), crm.section("crm", "onprem", "")));
    // The environment would stand above the file.
    home.unset("CUTOVER_LISTEN__WEBHOOKS");
    let proxy = home.start();
    let log = proxy.reload(&format!(
        "{}max_body_bytes = 1000\n[journal]\nremember = \"48h\"\n{}",
        listen(1),
        other.section("crm", "onprem", "")
    ));
    for key in ["listen.webhooks", "listen.max_body_bytes", "journal"] {
        assert!(log.contains(&format!("{key} has changed: that takes a restart")), "{key}: {log}");
    }
    assert!(!log.contains("listen.admin has changed") && log.contains("configuration reloaded"), "{log}");
    promise(&proxy, &promises, 0, 1);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&other);
}
