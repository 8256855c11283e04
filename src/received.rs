//! A webhook between its proof and its delivery: authentic, readable, cut into pieces that each say
//! whose they are.

use crate::event::{Address, Number};
use crate::format::{By, Document, Format, Piece, split};
use crate::routing::{Destination, Routes};
use hyper::HeaderMap;
use hyper::body::Bytes;

/// A webhook that is authentic and readable.
#[derive(Debug)]
pub struct Received<'a> {
    /// The body, taken apart.
    pub document: Document<'a>,
    /// The body as it came.
    pub bytes: &'a Bytes,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The number that URL, header or configuration names; flat bodies name none.
    pub number: Option<String>,
}

/// The pieces of a webhook, a flat one's addressed to the number that its request named.
#[must_use]
pub fn pieces<'a>(document: Document<'a>, number: Option<&str>) -> Vec<Piece<'a>> {
    let flat = document.format() == Format::OnPremises;
    let mut pieces = split(document, By::Conversation);
    if flat {
        for piece in &mut pieces {
            piece.address.number = number.map(str::to_owned);
        }
    }
    pieces
}

/// The configured number of a piece, where it is one.
#[must_use]
pub fn number_of<'r>(piece: &Piece<'_>, routes: &'r Routes) -> Option<&'r Number> {
    match routes.destination(&piece.address) {
        Destination::Consumers(_, number) => number,
        Destination::UnknownNumber => None,
    }
}

/// Whether a consumer's format names the number and the piece does not.
#[must_use]
pub fn lacks_number(piece: &Piece<'_>, number: Option<&Number>, consumer: Format) -> bool {
    number.is_none() && piece.document.format() == Format::OnPremises && consumer == Format::Cloud
}

/// What names the line an event belongs to: its number, else its account.
#[must_use]
pub fn line(address: &Address, number: Option<&Number>) -> String {
    let configured = number.and_then(|number| number.phone_number_id.as_ref().or(number.display_phone_number.as_ref()));
    let said = [&address.number, &address.display_phone_number, &address.account];
    configured.or_else(|| said.into_iter().flatten().next()).cloned().unwrap_or_default()
}
