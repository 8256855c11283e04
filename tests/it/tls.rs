//! TLS on either side, with authorities and certificates made on the spot.

pub(crate) mod certificates;
mod consumer;
mod files;
mod listener;
mod renewed;
