//! From a webhook to records: cut, routed, named, and safe before anybody is answered 200.
//!
//! Who receives an event is settled here. What becomes of it there is not: nothing is translated.

use crate::clock;
use crate::fate::Reason;
use crate::format::{Format, Identities, Piece};
use crate::headers;
use crate::journal::{Appended, Arrival, ConsumerId, Journal, NewRecord, Trouble};
use crate::received::{Received, line, pieces};
use crate::routing::{Destination, Routes, is_test};
use crate::telemetry::IngressMeter;
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
        meter: &IngressMeter,
    ) -> Result<Taken, Trouble> {
        let Received { document, bytes, headers, number } = received;
        let source = document.format();
        let all = pieces(document, number.as_deref());
        // The platform's own bytes and its signature belong to a webhook that is kept whole.
        let whole = (all.len() == 1).then(|| bytes.clone());
        let mut offered: Vec<(Piece<'_>, NewRecord)> = Vec::with_capacity(all.len());
        for piece in all {
            let kept = headers::kept(headers, whole.is_some());
            let record = self.record(&piece, whole.clone(), kept, number.as_deref(), routes);
            offered.push((piece, record));
        }
        let received_ms = clock::steady_ms();
        let mut room = room;
        for _ in 0..OFFERS {
            let records = offered.iter().map(|(_, record)| record.clone()).collect();
            match self.journal.append(Arrival { received_ms, records, room: room.take() }).await? {
                Appended::Safe { known } => return Ok(count(&offered, &known, source, meter)),
                Appended::Partly(known) => {
                    let cut_out = known.iter().filter(|known| known.contains(&false));
                    meter.duplicates(source, cut_out.flatten().filter(|known| **known).count() as u64);
                    let unsigned = headers::kept(headers, false);
                    offered =
                        offered.into_iter().zip(known).map(|(offer, known)| cut(offer, &known, &unsigned)).collect();
                }
            }
        }
        Err(Trouble::Failing("parts of the webhook keep arriving elsewhere".to_owned()))
    }

    fn record(
        &self,
        piece: &Piece<'_>,
        whole: Option<Bytes>,
        headers: String,
        number: Option<&str>,
        routes: &Routes,
    ) -> NewRecord {
        let (to, known) = match routes.destination(&piece.address) {
            Destination::Consumers(to, number) => (to, number),
            Destination::UnknownNumber => (Vec::new(), None),
        };
        let line = line(&piece.address, known);
        let is_test = is_test(&piece.address);
        NewRecord {
            source: piece.document.format(),
            kind: piece.kind,
            lane: lane(&line, &piece.conversation()),
            number: number.filter(|_| piece.document.format() == Format::OnPremises).map(str::to_owned),
            headers,
            body: whole.unwrap_or_else(|| Bytes::from(piece.document.to_json())),
            to: to.into_iter().filter_map(|index| self.consumers.get(index).copied()).collect(),
            identities: if is_test { Identities::default() } else { piece.identities(&line) },
        }
    }
}

/// An offer without the events that are known; one of which nothing is known stays as it was.
fn cut<'a>((piece, record): (Piece<'a>, NewRecord), known: &[bool], headers: &str) -> (Piece<'a>, NewRecord) {
    if !(known.contains(&true) && known.contains(&false)) {
        return (piece, record);
    }
    let mut rest = known.iter();
    let piece = piece.without(known);
    let events = record.identities.events.into_iter().filter(|_| rest.next() == Some(&false)).collect();
    let record = NewRecord {
        body: Bytes::from(piece.document.to_json()),
        headers: headers.to_owned(),
        identities: Identities { events, beside: record.identities.beside },
        ..record
    };
    (piece, record)
}

fn count(offered: &[(Piece<'_>, NewRecord)], known: &[bool], source: Format, meter: &IngressMeter) -> Taken {
    let mut taken = Taken::Known;
    for ((piece, record), known) in offered.iter().zip(known) {
        match known {
            true => meter.duplicates(source, piece.events()),
            false => {
                meter.events(source, piece.kind, piece.events());
                if record.to.is_empty() {
                    meter.unrouted();
                    tracing::warn!(reason = Reason::UnknownNumber.label(), "dead letter");
                }
                taken = Taken::New;
            }
        }
    }
    taken
}

/// A conversation as the journal orders it. Two that share a lane by chance only wait for each other.
fn lane(line: &str, conversation: &str) -> i64 {
    let digest = Sha256::new().chain_update(line).chain_update([0]).chain_update(conversation).finalize();
    digest.first_chunk::<8>().map_or(0, |bytes| i64::from_le_bytes(*bytes))
}
