//! Names in the server are seen by whoever watches it: none of them holds a phone number or an id.

use super::fleet::Fleet;
use super::{journal, settings, stream};
use crate::support::bodies::{SALES, SUPPORT, cloud, cloud_text};
use crate::support::broker::Broker;
use crate::support::consumer::Consumer;
use crate::support::ledger::Promises;
use crate::support::load::{message, user};
use serde_json::{Value, json};

const CONVERSATIONS: usize = 10;

/// Whatever a page of the server's interface lists under this key.
fn list(broker: &Broker, subject: &str, key: &str) -> Vec<String> {
    let answer = broker.request(subject, &json!({"offset": 0}));
    let names = answer[key].as_array().map(Vec::as_slice).unwrap_or_default();
    names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Every name that the server has: of streams, of consumers, of subjects.
fn names(broker: &Broker) -> Vec<String> {
    let streams = list(broker, "$JS.API.STREAM.NAMES", "streams");
    let mut names = streams.clone();
    for stream in streams {
        names.extend(list(broker, &format!("$JS.API.CONSUMER.NAMES.{stream}"), "consumers"));
        let info = broker.request(&format!("$JS.API.STREAM.INFO.{stream}"), &json!({"subjects_filter": ">"}));
        names.extend(info["state"]["subjects"].as_object().into_iter().flat_map(|subjects| subjects.keys().cloned()));
    }
    names
}

#[test]
fn no_name_in_the_server_holds_a_phone_number_or_an_id() {
    let Some(broker) = Broker::start() else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let sections = [crm.section("crm", "onprem", &settings()), SALES.section("sales", "\"crm\"")].concat();
    let stream = stream();
    let config = [sections, journal(&broker.url(), &stream)].concat();
    let fleet = Fleet::start(2, &config);
    let members = |number: usize| json!({"messages": [message(number, number)]});
    for number in 0..CONVERSATIONS {
        let answer = fleet.any().post("/webhooks", cloud(SALES, &members(number)));
        assert!(promises.note(&members(number), &answer));
    }
    // One that is a dead letter.
    assert_eq!(fleet.any().post("/webhooks", cloud_text(SUPPORT)).status, 200);
    let mut seen = names(&broker);
    let subject = format!("{stream}.");
    assert!(seen.iter().any(|name| name.starts_with(&subject)), "what is looked for must be there: {seen:?}");
    crm.arrive();
    fleet.wait_until_kept(&promises, &crm);
    seen.extend(names(&broker));
    let others = ["15550102001", SUPPORT.phone, SUPPORT.id, SALES.phone, SALES.id, "wamid"].map(str::to_owned);
    let secrets = (0..CONVERSATIONS).map(user).chain(others);
    for secret in secrets {
        let found = seen.iter().find(|name| name.contains(&secret));
        assert_eq!(found, None, "{secret} is in a name");
    }
}
