//! What the platforms see. A file for each stage a request can fail at, in the order of the stages.

mod bounds;
mod closed;
mod doors;
mod handshake;
mod malformed;
mod proof;

use crate::support::bodies::{SUPPORT, cloud_text, flat_text};
use crate::support::consumer::Consumer;
use crate::support::http::Answer;
use crate::support::proxy::Proxy;

/// A consumer that takes everything, and a proxy in front of it with these further sections.
fn behind(sections: &str) -> (Consumer, Proxy) {
    let consumer = Consumer::start();
    let proxy = Proxy::pass_through(&format!("{}{sections}", consumer.section("crm", "normalized", "")));
    (consumer, proxy)
}

/// Exactly 200, with nothing in it.
#[track_caller]
fn accepted(answer: &Answer) {
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
}

#[track_caller]
fn refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
}

/// On a loopback address everything is open, at each address for the formats it is for.
#[test]
fn a_sidecar_takes_both_formats_without_any_credential() {
    let (consumer, proxy) = behind("");
    for (target, body) in [
        ("/webhooks", cloud_text(SUPPORT)),
        ("/webhooks", flat_text()),
        ("/webhooks/cloud", cloud_text(SUPPORT)),
        ("/webhooks/onprem", flat_text()),
    ] {
        accepted(&proxy.post(target, body));
    }
    assert_eq!(consumer.requests().len(), 4);
    let log = proxy.log();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("\"WARN\"")).collect();
    let [open] = warnings.as_slice() else { panic!("one warning: {log}") };
    assert!(
        open.contains("Cloud bodies without a signature") && open.contains("On-Premises bodies without a credential")
    );
}
