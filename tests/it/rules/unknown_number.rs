//! An event of a number that is not configured is nobody's, until the number is.

use super::{counted, letters, post, seen};
use crate::support::bodies::{SALES, SUPPORT, cloud_of, entry, messages_of, text};
use crate::support::consumer::Consumer;
use crate::support::proxy::Proxy;
use serde_json::json;

const ADA: &str = "15550102001";

#[test]
fn it_is_a_dead_letter_and_the_rest_of_its_webhook_is_delivered() {
    let (crm, other) = (Consumer::start(), Consumer::start());
    let consumers = [crm.section("crm", "onprem", ""), other.section("other", "onprem", "")].concat();
    let before = format!("{consumers}{}", SUPPORT.section("support", "\"crm\""));
    let proxy = Proxy::start(&before);
    let message = |id: &str| json!({"messages": [text(ADA, id, "hello")]});
    let body = cloud_of(&[
        entry(SALES.account, &[messages_of(SALES, &message("lost-1"))]),
        entry(SUPPORT.account, &[messages_of(SUPPORT, &message("known"))]),
    ]);
    assert_eq!(proxy.post("/webhooks", body).status, 200);
    post(&proxy, SALES, &message("lost-2"));
    proxy.wait_until_drained("crm");
    assert_eq!((seen(&crm), seen(&other).len()), (vec!["known".to_owned()], 0));
    let nobodys = ("unknown_number".to_owned(), String::new());
    assert_eq!(letters(&proxy), [nobodys.clone(), nobodys]);
    assert_eq!(proxy.metric("cutover_dead_letters{consumer=\"unrouted\"}"), Some(2.0));
    assert_eq!(counted(&proxy, "cutover_dead_lettered_total", "unrouted", "reason", "unknown_number"), Some(2.0));

    // The platform's retry is known, and a redelivery has nowhere to go.
    post(&proxy, SALES, &message("lost-2"));
    let answer = proxy.order("/api/redeliver", &json!({"all": true}));
    assert!(answer.text().contains("add a [[number]]"), "{}", answer.text());
    assert_eq!(letters(&proxy).len(), 2);

    let after = format!("{before}{}", SALES.section("sales", "\"other\""));
    proxy.reload(&after);
    let answer = proxy.order("/api/redeliver", &json!({"all": true}));
    assert!(answer.text().contains("\"redelivered\":2"), "{}", answer.text());
    proxy.wait_until_drained("other");
    assert_eq!((seen(&crm).len(), seen(&other)), (1, vec!["lost-1".to_owned(), "lost-2".to_owned()]));
    assert_eq!(letters(&proxy), []);
}
