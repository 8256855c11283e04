//! Servers that let not everybody in.

use super::fleet::Fleet;
use super::{flat, journal, red, stream};
use crate::support::broker::Broker;
use crate::support::command::Folder;
use crate::support::consumer::Consumer;
use crate::support::eventually;
use crate::support::ledger::Promises;
use crate::tls::certificates::Authority;

/// Two proxies with these further keys take webhooks and deliver them, also after the server was away.
fn assert_let_in(broker: &Broker, url: &str, keys: &str) {
    let (crm, promises) = (Consumer::start(), Promises::default());
    let config = [flat(&crm), journal(url, &stream()), keys.to_owned()].concat();
    let fleet = Fleet::start(2, &config);
    fleet.promise_a_round(&promises, 10, 1);
    fleet.wait_until_kept(&promises, &crm);
    broker.kill();
    broker.again();
    for proxy in fleet.up() {
        eventually("it is ready again", || red(proxy).is_none().then_some(()));
    }
    fleet.promise_a_round(&promises, 10, 2);
    fleet.wait_until_kept(&promises, &crm);
    for proxy in fleet.up() {
        let said = proxy.log() + &proxy.ask("/api/status").text() + &proxy.ask("/metrics").text();
        assert!(!said.contains("very secret") && !said.contains(SEED), "{said}");
    }
}

#[test]
fn by_a_user_and_a_password() {
    let Some(broker) = Broker::start_with("authorization { user: cutover, password: \"very secret\" }") else { return };
    assert_let_in(&broker, &broker.url(), "user = \"cutover\"\npassword = \"very secret\"\n");
}

#[test]
fn by_a_token() {
    let Some(broker) = Broker::start_with("authorization { token: \"very secret\" }") else { return };
    assert_let_in(&broker, &broker.url(), "token = \"very secret\"\n");
}

/// A pair that was made for this test and opens nothing else.
const SEED: &str = "SUAEDXCBR47P7DH724ZI4ELJXFJUVBD3PD6XH7HRG5F3KNJQONUUOPORMY";
const PUBLIC_KEY: &str = "UDTZTTKSCZYCEMGTTG2F2745YZBJSDIPJ56KUCQXUSAHFKUEQXTF4OJ2";

#[test]
fn by_a_key_pair() {
    let users = format!("authorization {{ users: [ {{ nkey: {PUBLIC_KEY} }} ] }}");
    let Some(broker) = Broker::start_with(&users) else { return };
    assert_let_in(&broker, &broker.url(), &format!("nkey = \"{SEED}\"\n"));
}

/// The certificate of a private authority, and one of ours that the server asks for.
#[test]
fn by_certificates() {
    let (folder, authority) = (Folder::new(), Authority::new("a private authority"));
    let ca = folder.write("ca.pem", authority.pem());
    let write = |name: &str, alternative: &[&str]| {
        let identity = authority.issue(name, alternative);
        (folder.write(&format!("{name}.pem"), identity.certificate), folder.write(&format!("{name}.key"), identity.key))
    };
    let (certificate, key) = write("server", &["localhost", "127.0.0.1"]);
    let lines = format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\", ca_file: \"{ca}\", verify: true }}");
    let Some(broker) = Broker::start_with(&lines) else { return };
    let (certificate, key) = write("cutover", &[]);
    let url = format!("tls://localhost:{}", broker.address().port());
    let keys = format!("tls_ca = \"{ca}\"\ntls_cert = \"{certificate}\"\ntls_key = \"{key}\"\n");
    assert_let_in(&broker, &url, &keys);
}
