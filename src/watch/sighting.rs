//! A piece of a webhook, as far as the watch is concerned; taken before the piece goes its way.

use crate::event::{Address, Kind, Number, digits};
use crate::format::{Format, Piece};
use crate::routing::is_test;

/// What is seen of a piece.
#[derive(Debug)]
pub struct Sighting<'r> {
    pub(super) source: Format,
    pub(super) kind: Kind,
    pub(super) events: u64,
    /// The configured number that it belongs to.
    pub(super) number: Option<&'r Number>,
    /// What the body or its request calls a number that is not configured: its id, its phone.
    pub(super) called: Vec<String>,
    /// Its messages and statuses; none of the dashboard's test button, which is no traffic.
    pub(super) told: Vec<Told>,
}

/// A message or status.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) word: String,
    pub(super) happened_ms: Option<u64>,
}

impl<'r> Sighting<'r> {
    /// What is seen of this piece; `number` is the configured one that it belongs to.
    #[must_use]
    pub fn of(piece: &Piece<'_>, number: Option<&'r Number>) -> Self {
        let speaks = matches!(piece.kind, Kind::Message | Kind::Status) && !is_test(&piece.address);
        let told = |told: crate::format::Told<'_>| Told {
            id: told.id.to_owned(),
            word: told.word.to_owned(),
            happened_ms: told.happened_ms,
        };
        Self {
            source: piece.document.format(),
            kind: piece.kind,
            events: piece.events(),
            number,
            called: if number.is_none() { called(&piece.address) } else { Vec::new() },
            told: if speaks { piece.told().map(told).collect() } else { Vec::new() },
        }
    }
}

/// The names of a number, each in one spelling.
fn called(address: &Address) -> Vec<String> {
    let spelled = |name: &String| match name.contains(char::is_alphabetic) {
        true => name.clone(),
        false => digits(name),
    };
    let names = [&address.number, &address.display_phone_number];
    names.into_iter().flatten().map(spelled).filter(|name| !name.is_empty()).collect()
}
