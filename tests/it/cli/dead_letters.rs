//! `dead-letters` and `redeliver`: beside a running server, and at the journal while none runs.

use crate::support::bodies::{SUPPORT, cloud_text, contact, flat_text, text};
use crate::support::command::Outcome;
use crate::support::consumer::{Consumer, Reply};
use crate::support::eventually;
use crate::support::http::Request;
use crate::support::proxy::{Home, Proxy};
use serde_json::{Value, json};

/// A consumer that refuses everything, tried again only after an hour unless it is told otherwise.
fn refusing(more: &str) -> (Consumer, Proxy) {
    let consumer = Consumer::replying(Reply::status(500));
    let retry = "[consumer.retry]\nfirst = \"1h\"\nmax = \"1h\"\n";
    let proxy = Proxy::start(&format!("{more}{}\n{retry}", consumer.section("crm", "onprem", "")));
    (consumer, proxy)
}

fn message(from: &str, id: &str) -> String {
    json!({"contacts": [contact(from, "Nora")], "messages": [text(from, id, "hi")]}).to_string()
}

/// The command with the address of the server that runs.
fn at(proxy: &Proxy, arguments: &[&str]) -> Outcome {
    let admin = format!("http://{}/", proxy.admin);
    crate::support::command::run(&[arguments, &["--admin", &admin]].concat())
}

fn ids(outcome: Outcome) -> Vec<String> {
    let output = outcome.clean();
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    output.lines().map(id).collect()
}

/// Waiting records once so many have been tried.
fn waiting(proxy: &Proxy, count: usize) -> Vec<String> {
    eventually("waiting records", || {
        let output = at(proxy, &["dead-letters", "list", "--waiting", "--json"]).clean();
        let tried = output.lines().filter(|line| line.contains("refused 500")).count();
        (tried == count).then_some(())
    });
    ids(at(proxy, &["dead-letters", "list", "--waiting", "--json"]))
}

#[test]
fn beside_a_running_server() {
    let (consumer, proxy) = refusing("");
    assert_eq!(proxy.post("/webhooks", flat_text()).status, 200);
    assert_eq!(proxy.post("/webhooks", message("15550102002", "ABGH")).status, 200);
    let [first, second] = <[String; 2]>::try_from(waiting(&proxy, 2)).unwrap();

    assert_eq!(at(&proxy, &["dead-letters", "bury", &first]).clean(), format!("{first} buried\n"));
    let list = at(&proxy, &["dead-letters", "list"]).clean();
    assert!(list.starts_with("ID ") && list.contains("by_hand") && list.contains("refused 500"), "{list}");
    assert!(!list.contains("15550102001"), "a list names no user: {list}");
    let shown: Value = serde_json::from_str(&at(&proxy, &["dead-letters", "show", &first]).clean()).unwrap();
    assert_eq!((shown["consumer"].as_str(), shown["reason"].as_str()), (Some("crm"), Some("by_hand")));
    assert_eq!(shown["body"], flat_text());

    consumer.reply(Reply::status(200));
    assert_eq!(at(&proxy, &["dead-letters", "redeliver", &first]).clean(), "1 put back\n");
    let requests = consumer.wait_for(3);
    let (tried, again) = (&requests[..2], &requests[2]);
    assert_eq!(again.body, flat_text().into_bytes());
    let before = tried.iter().find(|request| request.body == again.body).expect("the two go at the same time");
    assert_eq!(again.header("x-cutover-delivery"), before.header("x-cutover-delivery"));
    assert_eq!(again.header("x-cutover-attempt"), "1");
    assert_eq!(at(&proxy, &["dead-letters", "list", "--json"]).clean(), "");

    assert_eq!(at(&proxy, &["dead-letters", "bury", &second]).code, Some(0));
    assert_eq!(at(&proxy, &["dead-letters", "drop", &second]).clean(), format!("{second} dropped\n"));
    let gone = at(&proxy, &["dead-letters", "show", &second]);
    assert_eq!((gone.code, gone.stdout.as_str()), (Some(1), ""));
    assert!(gone.stderr.contains(&second), "{}", gone.stderr);
}

#[test]
fn without_a_server_the_journal_itself_is_opened() {
    let (consumer, proxy) = refusing("");
    for (from, id) in [("15550102001", "ABGG"), ("15550102002", "ABGH")] {
        assert_eq!(proxy.post("/webhooks", message(from, id)).status, 200);
    }
    waiting(&proxy, 2);
    let home = proxy.stop();
    let all = ids(home.command(&["dead-letters", "list", "--waiting", "--json"]));
    assert_eq!(all.len(), 2);
    for id in &all {
        assert_eq!(home.command(&["dead-letters", "bury", id]).code, Some(0));
    }
    // Only those that are meant.
    for (only, count) in [(["--reason", "by_hand"], 2), (["--reason", "gave_up"], 0), (["--consumer", "-"], 0)] {
        let list = [&["dead-letters", "list", "--json"], only.as_slice()].concat();
        assert_eq!(ids(home.command(&list)).len(), count, "{only:?}");
    }
    let redeliver = |more: &[&str]| home.command(&[&["dead-letters", "redeliver"], more].concat());
    assert_eq!(redeliver(&["--all", "--consumer", "other"]).clean(), "0 put back\n");
    let refused = redeliver(&["--all", "--reason", "bad_luck"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("gave_up, unknown_number"), "{refused:?}");
    assert_eq!(redeliver(&[&all[0], "--reason", "by_hand"]).code, Some(1));
    assert_eq!(redeliver(&["--all", "--reason", "by_hand", "--consumer", "crm"]).clean(), "2 put back\n");
    consumer.reply(Reply::status(200));
    let tried = consumer.requests().len();
    let _proxy = home.start();
    assert_eq!(consumer.wait_for(tried + 2)[tried].header("x-cutover-attempt"), "1");
}

#[test]
fn delivered_records_can_be_sent_again() {
    let consumer = Consumer::start();
    let proxy = Proxy::start(&consumer.section("crm", "onprem", ""));
    for (from, id) in [("15550102001", "ABGG"), ("15550102001", "ABGH"), ("15550102002", "ABGI")] {
        assert_eq!(proxy.post("/webhooks", message(from, id)).status, 200);
    }
    let before = consumer.wait_for(3);
    // An ending is durable a moment after the consumer's answer.
    eventually("nothing is owed", || {
        let depth = proxy.metric("cutover_queue_depth{consumer=\"crm\",state=\"in_flight\"}");
        (depth == Some(0.0)).then_some(())
    });
    let again = at(&proxy, &["redeliver", "--consumer", "crm", "--since", "1h"]);
    assert_eq!(again.clean(), "3 put back\n");
    let after = consumer.wait_for(6);
    let of_first = |requests: &[crate::support::consumer::Recorded]| -> Vec<Vec<u8>> {
        requests
            .iter()
            .map(|request| request.body.clone())
            .filter(|body| body.windows(11).any(|part| part == b"15550102001"))
            .collect()
    };
    assert_eq!(of_first(&before), of_first(&after[3..]));
    let none = at(&proxy, &["redeliver", "--consumer", "nobody", "--since", "1h"]);
    assert_eq!(none.code, Some(1));
    assert!(none.stderr.contains("no consumer is called \"nobody\""), "{}", none.stderr);
    let odd = at(&proxy, &["redeliver", "--consumer", "crm", "--since", "yesterday"]);
    assert!(odd.code == Some(1) && odd.stderr.contains("is no span of time"), "{}", odd.stderr);
}

#[test]
fn letters_of_unknown_numbers_are_routed_once_the_number_is_known() {
    let consumer = Consumer::start();
    let crm = consumer.section("crm", "onprem", "");
    let other = crate::support::bodies::SALES.section("sales", "\"crm\"");
    let proxy = Proxy::start(&format!("{other}{crm}"));
    assert_eq!(proxy.post("/webhooks", cloud_text(SUPPORT)).status, 200);
    let [id] = <[String; 1]>::try_from(ids(at(&proxy, &["dead-letters", "list", "--json"]))).unwrap();
    let still = at(&proxy, &["dead-letters", "redeliver", &id]);
    assert!(still.code == Some(1) && still.stderr.contains("add a [[number]]"), "{}", still.stderr);
    proxy.home().configure(&format!("{other}{}{crm}", SUPPORT.section("support", "\"crm\"")));
    proxy.signal("HUP");
    eventually("the reload", || proxy.log().contains("configuration reloaded").then_some(()));
    assert_eq!(at(&proxy, &["dead-letters", "redeliver", &id]).clean(), "1 put back\n");
    consumer.wait_for(1);
}

#[test]
fn what_cannot_be_reached_is_said() {
    let home = Home::new("[[consumer]]\nname = \"crm\"\nurl = \"http://127.0.0.1:9/\"\nformat = \"onprem\"\n");
    let outcome = home.command(&["dead-letters", "list"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("no server answers at") && outcome.stderr.contains("there is no journal at"),
        "{}",
        outcome.stderr
    );
    let outcome = crate::support::command::run(&["dead-letters", "list", "--admin", "http://127.0.0.1:9/"]);
    assert!(outcome.code == Some(2) && outcome.stderr.contains("no server answers"), "{}", outcome.stderr);
}

#[test]
fn a_page_of_another_site_gets_nothing() {
    let (_consumer, proxy) = refusing("");
    let list = |name: &str, value: &str| Request::get("/api/dead-letters").header(name, value).send(proxy.admin).status;
    assert_eq!(list("Accept", "*/*"), 200);
    assert_eq!(list("Origin", "http://evil.example"), 403);
    let order = |name: &str, value: &str| {
        Request::post("/api/redeliver", "{\"all\":true}").header(name, value).send(proxy.admin).status
    };
    assert_eq!(order("Sec-Fetch-Site", "cross-site"), 403);
    assert_eq!(order("Origin", "http://localhost"), 200);
}

#[test]
fn with_a_token_only_who_shows_it() {
    let consumer = Consumer::start();
    let config = format!("[listen]\nadmin_token = \"the token\"\n{}", consumer.section("crm", "onprem", ""));
    let proxy = Proxy::start(&config);
    let without = at(&proxy, &["dead-letters", "list"]);
    assert!(without.code == Some(2) && without.stderr.contains("listen.admin_token"), "{}", without.stderr);
    let with = at(&proxy, &["dead-letters", "list", "--json", "--admin-token", "the token"]);
    assert_eq!(with.clean(), "");
}
