//! What faces the platforms: verify the raw bytes, read, hand on, answer.
//!
//! It knows the name of a format and nothing inside one. Only `rejection` picks a status code.

mod gate;
mod handshake;
mod policy;
mod proof;
mod rejection;
mod webhook;

pub use policy::{Next, Policy};
pub use proof::{Access, CloudDoor, Doors, OnPremisesDoor};
pub use rejection::Rejection;
pub use webhook::{Ingress, busy, router};
