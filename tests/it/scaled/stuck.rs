//! Consumers that refuse or are away, behind several proxies.

use super::fleet::Fleet;
use super::{flat, journal, settings, stream};
use crate::support::broker::Broker;
use crate::support::consumer::{Consumer, Recorded, Reply};
use crate::support::eventually;
use crate::support::ledger::{Promises, events};
use crate::support::load::user;

/// So many that every part of the stream has some.
const CONVERSATIONS: usize = 40;

fn is_of(request: &Recorded, conversation: &str) -> bool {
    events(&request.json()).iter().any(|event| event.conversation == conversation)
}

#[test]
fn a_refused_conversation_holds_up_no_other_of_any_part() {
    let Some(broker) = Broker::shared() else { return };
    let refused = user(0);
    let reply = Reply::by(move |request| Reply::status(if is_of(request, &refused) { 500 } else { 200 }));
    let (crm, promises) = (Consumer::replying(reply), Promises::default());
    let fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    let rounds = 5;
    (1..=rounds).for_each(|round| fleet.promise_a_round(&promises, CONVERSATIONS, round));
    let taken = || crm.requests().into_iter().filter(|request| !is_of(request, &user(0))).count();
    eventually("all others are through", || (taken() == (CONVERSATIONS - 1) * rounds).then_some(()));
    let tried = || crm.requests().into_iter().filter(|request| is_of(request, &user(0)));
    eventually("it is tried again", || (tried().count() >= 4).then_some(()));
    let first = |request: &Recorded| events(&request.json()).iter().all(|event| event.id == "wamid.0.1");
    assert!(tried().all(|request| first(&request)), "nothing overtakes the one that is refused");
    crm.reply(Reply::status(200));
    fleet.wait_until_kept(&promises, &crm);
}

/// What waits is not what one process remembers.
#[test]
fn what_waits_for_a_consumer_waits_through_a_restart_of_all_proxies() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::absent(), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    fleet.promise_a_round(&promises, CONVERSATIONS, 1);
    eventually("it is known to be down", || {
        fleet.up().any(|proxy| proxy.log().contains("consumer is down")).then_some(())
    });
    fleet.stop_all();
    fleet.all_again();
    fleet.promise_a_round(&promises, CONVERSATIONS, 2);
    assert!(fleet.up().all(|proxy| proxy.ask("/readyz").status == 200), "never red because of a consumer");
    fleet.kill(1);
    crm.arrive();
    fleet.wait_until_kept(&promises, &crm);
    assert_eq!(crm.requests().len(), promises.count(), "nothing twice");
}

/// Each consumer is owed everything, whichever proxy took it; one that is away costs the other nothing.
#[test]
fn a_consumer_that_is_away_holds_up_no_other() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, away, promises) = (Consumer::start(), Consumer::absent(), Promises::default());
    let sections = [crm.section("crm", "onprem", &settings()), away.section("archive", "cloud", &settings())];
    let fleet = Fleet::start(2, &[sections.concat(), journal(&broker.url(), &stream())].concat());
    (1..=3).for_each(|round| fleet.promise_a_round(&promises, CONVERSATIONS, round));
    fleet.wait_until_kept(&promises, &crm);
    away.arrive();
    fleet.up().for_each(|proxy| proxy.wait_until_drained("archive"));
    promises.assert_kept(&away);
}

/// Nothing that waits to be tried again keeps a partition with the proxy that tried it.
#[test]
fn beside_a_consumer_that_refuses_everything_a_proxy_that_joins_gets_its_share() {
    let Some(broker) = Broker::shared() else { return };
    let (crm, promises) = (Consumer::replying(Reply::status(500)), Promises::default());
    let mut fleet = Fleet::start(2, &[flat(&crm), journal(&broker.url(), &stream())].concat());
    fleet.stop(1);
    fleet.wait_for_shares(&[16.0]);
    (1..=2).for_each(|round| fleet.promise_a_round(&promises, CONVERSATIONS, round));
    eventually("all that can be is refused", || (crm.requests().len() >= CONVERSATIONS).then_some(()));
    fleet.again(1);
    fleet.wait_for_shares(&[8.0, 8.0]);
    crm.reply(Reply::status(200));
    fleet.wait_until_kept(&promises, &crm);
    assert!(fleet.delivered().iter().all(|delivered| *delivered > 0.0), "both deliver");
}
