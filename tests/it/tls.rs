//! TLS on either side, with authorities and certificates made on the spot.

mod certificates;
mod consumer;
mod files;
mod listener;
