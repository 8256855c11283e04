//! What the operator sees of a running server, from its start to its end.

mod canaries;
mod metrics;
mod probes;
mod start;
mod stop;
