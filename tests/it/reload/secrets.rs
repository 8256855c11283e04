//! An app secret is rotated without a gap.

use crate::support::bodies::{SUPPORT, cloud};
use crate::support::consumer::Consumer;
use crate::support::eventually;
use crate::support::http::Request;
use crate::support::ledger::Promises;
use crate::support::load::message;
use crate::support::proxy::Proxy;
use crate::support::signature::meta;
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

const OLD: &str = "an-app-secret-of-old";
const NEW: &str = "an-app-secret-of-new";

fn post(proxy: &Proxy, promises: &Promises, secret: &str, number: usize) -> u16 {
    let members = json!({"messages": [message(0, number)]});
    let body = cloud(SUPPORT, &members);
    let answer = proxy.send(&Request::post("/webhooks", &body).header("X-Hub-Signature-256", &meta(secret, &body)));
    promises.note(&members, &answer);
    answer.status
}

#[test]
fn secrets_are_swapped_while_webhooks_come_in() {
    let (crm, promises) = (Consumer::start(), Promises::default());
    let config = |secrets: &str| format!("[cloud]\napp_secrets = [{secrets}]\n{}", crm.section("crm", "onprem", ""));
    let proxy = Proxy::start(&config(&format!("\"{OLD}\"")));
    let (signs_with, accepted, over) = (Mutex::new(OLD), AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1.. {
                // Held until it is answered, as by a platform that changes between two webhooks.
                let secret = signs_with.lock().unwrap();
                assert_eq!(post(&proxy, &promises, *secret, number), 200);
                drop(secret);
                accepted.fetch_add(1, Ordering::Relaxed);
                if over.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let more = || {
            let before = accepted.load(Ordering::Relaxed);
            eventually("webhooks are accepted", || (accepted.load(Ordering::Relaxed) > before + 20).then_some(()));
        };
        more();
        proxy.reload(&config(&format!("\"{OLD}\", \"{NEW}\"")));
        more();
        *signs_with.lock().unwrap() = NEW;
        more();
        let log = proxy.reload(&config(&format!("\"{NEW}\"")));
        assert!(!log.contains(NEW) && !log.contains(OLD));
        more();
        over.store(true, Ordering::Relaxed);
    });
    let rejected = Promises::default();
    assert_eq!(post(&proxy, &rejected, OLD, 1_000_000), 401);
    proxy.wait_until_drained("crm");
    promises.assert_kept(&crm);
    assert_eq!(rejected.count(), 0);
}
