//! From a webhook to records: cut, routed, named, and safe before anybody is answered 200.
//!
//! Who receives an event is settled here. What becomes of it there is not: nothing is translated.

use crate::clock;
use crate::event::Number;
use crate::format::{Format, Identities, Piece};
use crate::headers;
use crate::journal::{Appended, Arrival, ConsumerId, Journal, NewRecord, Trouble};
use crate::received::{Received, line, pieces};
use crate::routing::{Destination, Routes, is_test};
use crate::watch::{Sighting, Witness};
use hyper::body::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is safe, and something in it was new.
    New,
    /// All of it was known.
    Known,
}

/// How often an arrival is offered again without what others have made known in between. Each time
/// something of it is known that was not before, so there is an end to it.
const OFFERS: usize = 8;

/// The way into the journal.
#[derive(Debug, Clone)]
pub struct Intake {
    journal: Journal,
    /// In the order of the routes' indices.
    consumers: Vec<ConsumerId>,
}

impl Intake {
    /// Into this journal, for these consumers, in the order of the routes' indices.
    #[must_use]
    pub const fn new(journal: Journal, consumers: Vec<ConsumerId>) -> Self {
        Self { journal, consumers }
    }

    /// Makes a webhook safe.
    ///
    /// # Errors
    /// When that cannot be promised.
    pub async fn take(
        &self,
        received: Received<'_>,
        room: Option<OwnedSemaphorePermit>,
        routes: &Routes,
        witness: &Witness,
    ) -> Result<Taken, Trouble> {
        let Received { document, bytes, headers, number } = received;
        let source = document.format();
        let all = pieces(document, number.as_deref());
        // The platform's own bytes and its signature belong to a webhook that is kept whole.
        let whole = (all.len() == 1).then(|| bytes.clone());
        let mut offered: Vec<Offer<'_, '_>> = Vec::with_capacity(all.len());
        for piece in all {
            let kept = headers::kept(headers, whole.is_some());
            offered.push(self.offer(piece, whole.clone(), kept, number.as_deref(), routes));
        }
        let received_ms = clock::steady_ms();
        let mut room = room;
        for _ in 0..OFFERS {
            let records = offered.iter().map(|offer| offer.record.clone()).collect();
            match self.journal.append(Arrival { received_ms, records, room: room.take() }).await? {
                Appended::Safe { known } => return Ok(count(&offered, &known, received_ms, witness)),
                Appended::Partly(known) => {
                    let cut_out = known.iter().filter(|known| known.contains(&false));
                    witness.duplicates(source, cut_out.flatten().filter(|known| **known).count() as u64);
                    let unsigned = headers::kept(headers, false);
                    offered =
                        offered.into_iter().zip(known).map(|(offer, known)| cut(offer, &known, &unsigned)).collect();
                }
            }
        }
        Err(Trouble::Failing("parts of the webhook keep arriving elsewhere".to_owned()))
    }

    fn offer<'a, 'r>(
        &self,
        piece: Piece<'a>,
        whole: Option<Bytes>,
        headers: String,
        number: Option<&str>,
        routes: &'r Routes,
    ) -> Offer<'a, 'r> {
        let (to, known) = match routes.destination(&piece.address) {
            Destination::Consumers(to, number) => (to, number),
            Destination::UnknownNumber => (Vec::new(), None),
        };
        let line = line(&piece.address, known);
        let is_test = is_test(&piece.address);
        let record = NewRecord {
            source: piece.document.format(),
            kind: piece.kind,
            lane: lane(&line, &piece.conversation()),
            number: number.filter(|_| piece.document.format() == Format::OnPremises).map(str::to_owned),
            headers,
            body: whole.unwrap_or_else(|| Bytes::from(piece.document.to_json())),
            to: to.into_iter().filter_map(|index| self.consumers.get(index).copied()).collect(),
            identities: if is_test { Identities::default() } else { piece.identities(&line) },
        };
        Offer { piece, record, number: known }
    }
}

/// What is offered to the journal of one conversation.
struct Offer<'a, 'r> {
    piece: Piece<'a>,
    record: NewRecord,
    /// The configured number that it belongs to.
    number: Option<&'r Number>,
}

/// An offer without the events that are known; one of which nothing is known stays as it was.
fn cut<'a, 'r>(offer: Offer<'a, 'r>, known: &[bool], headers: &str) -> Offer<'a, 'r> {
    if !(known.contains(&true) && known.contains(&false)) {
        return offer;
    }
    let Offer { piece, record, number } = offer;
    let mut rest = known.iter();
    let piece = piece.without(known);
    let events = record.identities.events.into_iter().filter(|_| rest.next() == Some(&false)).collect();
    let record = NewRecord {
        body: Bytes::from(piece.document.to_json()),
        headers: headers.to_owned(),
        identities: Identities { events, beside: record.identities.beside },
        ..record
    };
    Offer { piece, record, number }
}

fn count(offered: &[Offer<'_, '_>], known: &[bool], at_ms: u64, witness: &Witness) -> Taken {
    let mut taken = Taken::Known;
    for (Offer { piece, record, number }, known) in offered.iter().zip(known) {
        if *known {
            witness.duplicates(record.source, piece.events());
            continue;
        }
        witness.accepted(&Sighting::of(piece, *number), at_ms);
        if record.to.is_empty() {
            witness.unrouted();
        }
        taken = Taken::New;
    }
    taken
}

/// A conversation as the journal orders it. Two that share a lane by chance only wait for each other.
fn lane(line: &str, conversation: &str) -> i64 {
    let digest = Sha256::new().chain_update(line).chain_update([0]).chain_update(conversation).finalize();
    digest.first_chunk::<8>().map_or(0, |bytes| i64::from_le_bytes(*bytes))
}
