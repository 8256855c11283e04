//! The executable, from outside: real processes, sockets and files; no mocks of our own types.
//!
//! One binary, so that linking is paid once. Each test starts its own proxy on ports that the system
//! picks, and waits for what it needs with a deadline; none sleeps for a fixed time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, helpers included")]

/// What the tests stand on: the proxy's process, a scriptable consumer, a collector of traces, an HTTP client, bodies. No assertions.
mod support;

/// What the platforms see: handshake, proofs, refusals, what is open and what is closed.
mod ingress;

/// What the consumers see: bodies, headers, signatures, who gets what, and what their answers come to.
mod delivery;

/// TLS on either side, with certificates made on the spot.
mod tls;

/// What the operator sees of a running server: probes, metrics, logs, its start and its end.
mod lifecycle;

/// What the operator watches: platforms and switches, consumers, parity, losses, the unknown; page, terminal, stream.
mod watching;

/// Webhooks written down by a running server, and what the other commands make of them.
mod capture;

/// The configuration as `check` judges it: good and bad files, the environment on top, secrets, probing.
mod config;

/// The commands that need no server: translate, replay, schema, demo, completions, manual.
mod cli;

/// Spans, as a collector of traces receives them, and what becomes of `traceparent`.
mod traces;

/// Kills, restarts and bad consumers under load: every 200 is kept.
mod recovery;

/// Consumers that are away, refuse or hang, and what that means for others and for what waits.
mod outage;

/// Several proxies that share a journal.
mod scaled;

/// A journal that is taken, full or damaged.
mod stress;

/// Another configuration, or the end, while webhooks come in.
mod reload;

/// The operator's rules that need a memory: what they leave out is counted, what they set aside is listed.
mod rules;

/// The status page in a real browser.
mod page;
