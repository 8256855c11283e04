//! Who receives an event: the consumers of its number, or of its account, or everyone.

use crate::support::bodies::{
    Business, SALES, SUPPORT, cloud, cloud_of, cloud_text, entry, flat_text, messages_of, template_event, text,
};
use crate::support::consumer::Consumer;
use crate::support::http::Request;
use crate::support::proxy::Proxy;
use serde_json::json;

/// `support` and `sales` with a number each, and `audit` with none.
struct House {
    support: Consumer,
    sales: Consumer,
    audit: Consumer,
    proxy: Proxy,
}

impl House {
    fn open() -> Self {
        Self::with(&[SUPPORT.section("support", "\"support\""), SALES.section("sales", "\"sales\"")].concat())
    }

    fn with(numbers: &str) -> Self {
        let [support, sales, audit] = [Consumer::start(), Consumer::start(), Consumer::start()];
        let consumers = [
            support.section("support", "normalized", ""),
            sales.section("sales", "normalized", ""),
            audit.section("audit", "normalized", ""),
        ];
        let proxy = Proxy::pass_through(&format!("{}{numbers}", consumers.concat()));
        Self { support, sales, audit, proxy }
    }

    /// Posts it, and how many requests each of the three got for it.
    fn post(&self, request: &Request) -> (u16, [usize; 3]) {
        let count = || [&self.support, &self.sales, &self.audit].map(|consumer| consumer.requests().len());
        let before = count();
        let status = self.proxy.send(request).status;
        let after = count();
        (status, std::array::from_fn(|index| after[index] - before[index]))
    }
}

fn webhook(body: impl AsRef<[u8]>) -> Request {
    Request::post("/webhooks", body)
}

#[test]
fn cloud_events_go_by_their_phone_number_id() {
    let house = House::open();
    assert_eq!(house.post(&webhook(cloud_text(SUPPORT))), (200, [1, 0, 0]));
    assert_eq!(house.post(&webhook(cloud_text(SALES))), (200, [0, 1, 0]));
    // Moved to another account, its phone spelled otherwise: the id decides.
    let moved = Business { account: "999", phone: "+1 555-078-3992", ..SALES };
    assert_eq!(house.post(&webhook(cloud_text(moved))), (200, [0, 1, 0]));
}

#[test]
fn or_by_the_phone_number_itself() {
    let numbers = "[[number]]\ndisplay_phone_number = \"+1 555-078-3881\"\ndeliver_to = [\"sales\"]\n";
    let house = House::with(numbers);
    assert_eq!(house.post(&webhook(cloud_text(SUPPORT))), (200, [0, 1, 0]));
}

#[test]
fn an_unknown_number_is_nobodys() {
    let house = House::open();
    let unknown = Business { id: "306540352242944", phone: "15550784000", account: SUPPORT.account };
    assert_eq!(house.post(&webhook(cloud_text(unknown))), (404, [0, 0, 0]));
}

#[test]
fn account_events_go_to_the_consumers_of_the_account() {
    let house = House::open();
    assert_eq!(house.post(&webhook(template_event(SUPPORT.account))), (200, [1, 0, 0]));
    assert_eq!(house.post(&webhook(template_event(SALES.account))), (200, [0, 1, 0]));
    assert_eq!(house.post(&webhook(template_event("999"))), (200, [1, 1, 1]));
}

#[test]
fn a_consumer_of_two_numbers_gets_their_accounts_events_once() {
    let other = Business { account: SUPPORT.account, ..SALES };
    let numbers = [SUPPORT.section("one", "\"support\""), other.section("two", "\"support\", \"sales\"")];
    let house = House::with(&numbers.concat());
    assert_eq!(house.post(&webhook(template_event(SUPPORT.account))), (200, [1, 1, 0]));
}

#[test]
fn the_dashboards_test_button_goes_to_everyone_each_time() {
    let house = House::open();
    let test = cloud_text(Business { id: "123456123", phone: "16505551111", account: "0" });
    for _ in 0..2 {
        assert_eq!(house.post(&webhook(&test)), (200, [1, 1, 1]));
    }
}

#[test]
fn flat_bodies_go_by_the_number_in_the_address() {
    let house = House::open();
    for target in ["/webhooks", "/webhooks/onprem"] {
        for number in [SALES.id, SALES.phone, "+1%20555-078-3992"] {
            let request = Request::post(&format!("{target}/{number}"), flat_text());
            assert_eq!(house.post(&request), (200, [0, 1, 0]), "{target}/{number}");
        }
        assert_eq!(house.post(&Request::post(&format!("{target}/15550000000"), flat_text())), (404, [0, 0, 0]));
    }
}

#[test]
fn or_by_the_header_of_the_client_and_the_address_comes_first() {
    let house = House::open();
    let named = |target: &str, value: &str| Request::post(target, flat_text()).header("X-WA-Account-Id", value);
    assert_eq!(house.post(&named("/webhooks", SALES.phone)), (200, [0, 1, 0]));
    assert_eq!(house.post(&named("/webhooks/onprem", SUPPORT.id)), (200, [1, 0, 0]));
    assert_eq!(house.post(&named("/webhooks", "15550000000")), (404, [0, 0, 0]));
    assert_eq!(house.post(&named(&format!("/webhooks/{}", SUPPORT.id), SALES.phone)), (200, [1, 0, 0]));
}

#[test]
fn or_to_the_only_number_there_is() {
    let two = House::open();
    assert_eq!(two.post(&webhook(flat_text())), (404, [0, 0, 0]));
    let one = House::with(&SALES.section("sales", "\"sales\""));
    assert_eq!(one.post(&webhook(flat_text())), (200, [0, 1, 0]));
    let none = House::with("");
    assert_eq!(none.post(&webhook(flat_text())), (200, [1, 1, 1]));
}

/// The address names a number for flat bodies; a Cloud body says its own.
#[test]
fn a_cloud_body_is_routed_by_its_metadata_whatever_the_address_says() {
    let house = House::open();
    let request = Request::post(&format!("/webhooks/{}", SALES.id), cloud_text(SUPPORT));
    assert_eq!(house.post(&request), (200, [1, 0, 0]));
}

#[test]
fn a_body_over_several_numbers_is_divided() {
    let house = House::open();
    let message = |id: &str| json!({"messages": [text("15550102001", id, "hi")]});
    let body = cloud_of(&[
        entry(SUPPORT.account, &[messages_of(SUPPORT, &message("a")), messages_of(SALES, &message("b"))]),
        entry(SALES.account, &[messages_of(SALES, &message("c"))]),
        entry("999", &[json!({"field": "account_alerts", "value": {"alert": 1}})]),
    ]);
    assert_eq!(house.post(&webhook(body)), (200, [2, 3, 1]));
    let ids = |consumer: &Consumer| {
        let events: Vec<_> = consumer.requests().iter().map(super::normalized::only_event).collect();
        let id = |event: &serde_json::Value| event.pointer("/data/message/id").cloned();
        events.iter().filter_map(id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&house.support), ["a"]);
    assert_eq!(ids(&house.sales), ["b", "c"]);
}

/// Without a journal there is nowhere to set a part aside: all or nothing.
#[test]
fn a_body_with_one_unknown_number_is_refused_as_a_whole() {
    let house = House::open();
    let message = json!({"messages": [text("15550102001", "a", "hi")]});
    let unknown = Business { id: "306540352242944", phone: "15550784000", account: "999" };
    let body = cloud_of(&[entry(SUPPORT.account, &[messages_of(SUPPORT, &message), messages_of(unknown, &message)])]);
    assert_eq!(house.post(&webhook(body)), (404, [0, 0, 0]));
    assert_eq!(house.post(&webhook(cloud(SUPPORT, &message))), (200, [1, 0, 0]));
}
