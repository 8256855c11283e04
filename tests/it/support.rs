//! What the tests stand on. Each part is a thing of the outside world; none knows a type of ours.

pub(crate) mod bodies;
#[path = "../shared/broker.rs"]
pub(crate) mod broker;
pub(crate) mod browser;
pub(crate) mod collector;
pub(crate) mod command;
pub(crate) mod consumer;
pub(crate) mod disk;
pub(crate) mod http;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod proxy;
pub(crate) mod signature;

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up; only failing tests ever wait that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// Asks until there is an answer.
pub(crate) fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, ask)
}

/// The same with another patience.
pub(crate) fn within<T>(patience: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(POLL);
    }
}
