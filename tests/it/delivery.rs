//! What the consumers see, and what their answers come to. A file for each question an operator asks.

mod batches;
mod fan_out;
mod headers;
mod kinds;
mod normalized;
mod numbers;
mod routing;
mod rules;
mod signing;
mod verbatim;
mod verdicts;

use crate::support::consumer::Consumer;
use crate::support::proxy::Proxy;

/// A consumer that takes everything in `format`, and a proxy in front of it. `more` are further lines
/// of `[[consumer]]`, and sections after it.
fn to_consumer(format: &str, more: &str) -> (Consumer, Proxy) {
    let consumer = Consumer::start();
    let proxy = Proxy::pass_through(&consumer.section("crm", format, more));
    (consumer, proxy)
}
