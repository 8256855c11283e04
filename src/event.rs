//! What happened, in our words. No format, no wire names, no I/O.

mod kind;
mod number;
mod time;

pub use kind::{Direction, Kind};
pub use number::{Address, Number, digits};
pub use time::{rfc3339, unix_ms};
