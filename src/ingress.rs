//! What faces the platforms: verify the raw bytes, read, hand on, answer.
//!
//! It knows the name of a format and nothing inside one. Only [`rejection`] picks a status code.

mod handshake;
mod proof;
mod rejection;
mod webhook;

pub use proof::{CloudDoor, Doors, OnPremisesDoor};
pub use rejection::{Outcome, Rejection};
pub use webhook::{Ingress, Received, router};
