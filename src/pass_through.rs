//! `journal.backend = "none"`: a webhook is answered with its consumers' verdict. 200 only when every
//! consumer it concerns has taken it; else the platform's retry goes to all of them again.

use crate::delivery::{Batch, Consumer, Prepared, Verdict};
use crate::event::{Kind, Number};
use crate::format::{By, Document, Format, Piece, split};
use crate::routing::{Destination, Routes};
use crate::telemetry::{Delivery, IngressMeter};
use futures_util::future::join_all;
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

/// Why a webhook is not delivered everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    /// Its number is none of ours, or unknown where a consumer's format has to name it.
    UnknownNumber,
    /// A consumer asked to be left alone for so many seconds.
    Busy(u64),
    /// A consumer did not take it.
    Failed,
}

/// The consumers, asked directly.
#[derive(Debug)]
pub struct PassThrough {
    consumers: Vec<Consumer>,
}

/// When a consumer whose `concurrency` is used up is worth another try.
const BUSY_SECONDS: u64 = 5;

/// A piece on its way to one consumer.
struct Parcel<'r, 'a> {
    piece: Piece<'a>,
    number: Option<&'r Number>,
    /// The platform's own bytes, where the piece is all of them.
    bytes: Option<Bytes>,
}

impl PassThrough {
    /// In the order of the routes' indices.
    #[must_use]
    pub const fn new(consumers: Vec<Consumer>) -> Self {
        Self { consumers }
    }

    /// Delivers to every consumer the webhook concerns. Consumers are asked at the same time, the
    /// pieces for one of them in their order.
    ///
    /// # Errors
    /// The first reason why it is not delivered everywhere.
    pub async fn deliver(
        &self,
        received: Received<'_>,
        routes: &Routes,
        meter: &IngressMeter,
    ) -> Result<(), Undelivered> {
        let Received { document, bytes, headers, number } = received;
        let source = document.format();
        let pieces = address(document, number.as_deref());
        let events: Vec<(Kind, u64)> = pieces.iter().map(|piece| (piece.kind, piece.events())).collect();
        let parcels = self.route(pieces, bytes, routes)?;
        let concerned = self.consumers.iter().zip(parcels).filter(|(_, parcels)| !parcels.is_empty());
        let asked = concerned.map(|(consumer, parcels)| ask(consumer, parcels, source, headers));
        let taken: Result<(), Undelivered> = join_all(asked).await.into_iter().collect();
        taken?;
        for (kind, count) in events {
            meter.events(source, kind, count);
        }
        Ok(())
    }

    /// What goes to each consumer, in the order of the consumers. Nothing is sent before all of it has
    /// a place to go.
    fn route<'r, 'a>(
        &self,
        pieces: Vec<Piece<'a>>,
        bytes: &Bytes,
        routes: &'r Routes,
    ) -> Result<Vec<Vec<Parcel<'r, 'a>>>, Undelivered> {
        let bytes = (pieces.len() == 1).then(|| bytes.clone());
        let mut parcels: Vec<Vec<Parcel<'r, 'a>>> = self.consumers.iter().map(|_| Vec::new()).collect();
        for piece in pieces {
            let Destination::Consumers(to, number) = routes.destination(&piece.address) else {
                return Err(Undelivered::UnknownNumber);
            };
            if number.is_none() && to.iter().any(|consumer| self.must_name_number(*consumer, &piece)) {
                return Err(Undelivered::UnknownNumber);
            }
            let Some((last, others)) = to.split_last() else { continue };
            let mut put = |consumer: usize, piece| {
                if let Some(own) = parcels.get_mut(consumer) {
                    own.push(Parcel { piece, number, bytes: bytes.clone() });
                }
            };
            // Nearly always there is one consumer, and nothing to be copied.
            for other in others {
                put(*other, piece.clone());
            }
            put(*last, piece);
        }
        Ok(parcels)
    }

    /// Whether a consumer's format names a number that the piece does not.
    fn must_name_number(&self, consumer: usize, piece: &Piece<'_>) -> bool {
        let format = self.consumers.get(consumer).map(|consumer| consumer.settings.format);
        piece.document.format() == Format::OnPremises && format == Some(Format::Cloud)
    }
}

/// The pieces of a webhook, a flat one's addressed to the number that its request named.
fn address<'a>(document: Document<'a>, number: Option<&str>) -> Vec<Piece<'a>> {
    let flat = document.format() == Format::OnPremises;
    let mut pieces = split(document, By::Conversation);
    if flat {
        for piece in &mut pieces {
            piece.address.number = number.map(str::to_owned);
        }
    }
    pieces
}

async fn ask(
    consumer: &Consumer,
    parcels: Vec<Parcel<'_, '_>>,
    source: Format,
    headers: &HeaderMap,
) -> Result<(), Undelivered> {
    for parcel in parcels {
        for prepared in prepare(consumer, parcel) {
            send(consumer, prepared, source, headers).await?;
        }
    }
    Ok(())
}

async fn send(consumer: &Consumer, prepared: Prepared, source: Format, headers: &HeaderMap) -> Result<(), Undelivered> {
    let meter = &consumer.meter;
    let nothing_to_send = prepared.requests.is_empty();
    for outgoing in prepared.requests {
        match consumer.attempt(outgoing, source, headers).await {
            Verdict::Delivered => meter.ended(Delivery::Delivered, 1),
            verdict => {
                meter.ended(Delivery::Retried, 1);
                return Err(undelivered(verdict));
            }
        }
    }
    meter.lost(source, &prepared.losses);
    meter.ended(Delivery::Dropped, prepared.dropped);
    if nothing_to_send && prepared.dropped == 0 {
        meter.ended(Delivery::NoCounterpart, 1);
    }
    Ok(())
}

/// The piece as the consumer wants it, or each of its events.
fn prepare(consumer: &Consumer, parcel: Parcel<'_, '_>) -> Vec<Prepared> {
    let settings = &consumer.settings;
    let Parcel { piece, number, bytes } = parcel;
    if settings.batch == Batch::Conversation {
        return vec![settings.prepare(piece, number, bytes.as_ref())];
    }
    let events = split(piece.document, By::Event);
    let bytes = bytes.filter(|_| events.len() == 1);
    events.into_iter().map(|event| settings.prepare(event, number, bytes.as_ref())).collect()
}

fn undelivered(verdict: Verdict) -> Undelivered {
    match verdict {
        Verdict::Busy => Undelivered::Busy(BUSY_SECONDS),
        Verdict::Refused { retry_after: Some(seconds), .. } => Undelivered::Busy(seconds),
        Verdict::Delivered | Verdict::Refused { .. } | Verdict::TimedOut | Verdict::Unreachable => Undelivered::Failed,
    }
}
