//! Consumers that are away, refuse or hang: what the platform posts is accepted all the same, others
//! are not held up, and all of it arrives in order once they are back.

mod conversations;
mod down;
mod events;
mod patience;
mod surrender;

use crate::support::consumer::{Consumer, Recorded, Reply};
use crate::support::ledger::{Promises, events};
use crate::support::load::promise;
use crate::support::proxy::Proxy;

/// A schedule that tests can wait for.
const RETRY: &str = "[consumer.retry]\nfirst = \"50ms\"\nmax = \"200ms\"\n";

/// The section of a consumer of flat bodies with that schedule.
fn flat(consumer: &Consumer, name: &str) -> String {
    consumer.section(name, "onprem", RETRY)
}

/// Ids of what a request holds.
fn ids(request: &Recorded) -> Vec<String> {
    events(&request.json()).into_iter().map(|event| event.id).collect()
}

/// Refuses every request of which this is true.
fn refusing(is_refused: impl Fn(&Recorded) -> bool + Send + Sync + 'static) -> Reply {
    Reply::by(move |request| Reply::status(if is_refused(request) { 500 } else { 200 }))
}

/// What ended before a webhook is answered 200 is written down by then.
fn commit(proxy: &Proxy) {
    promise(proxy, &Promises::default(), 1_000, 1);
}
