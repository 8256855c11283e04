//! The normalized event, filled from either platform and turned back.
//!
//! Items are said in the Cloud's words, errors with the codes of both platforms. Where these words
//! could not give back exactly what the platform sent, the event also holds the item `as_received`;
//! that is checked by turning each item back, so it holds for payloads nobody has seen yet.

mod decode;
mod draft;
mod encode;
mod surroundings;
mod words;

pub(super) use decode::{pointer_into_event, source_of};
pub(super) use encode::{of_cloud, of_on_premises};

/// The arrays that hold items, with the word for one of them.
const ITEMS: [(&str, &str); 3] = [("messages", "message"), ("statuses", "status"), ("errors", "error")];
