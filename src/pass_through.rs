//! `journal.backend = "none"`: a webhook is answered with its consumers' verdict. 200 only when every
//! consumer it concerns has taken it; else the platform's retry goes to all of them again.

use crate::delivery::{Batch, Consumer, Prepared, Verdict};
use crate::event::{Address, Kind, Number};
use crate::format::{By, Document, Format, Piece, split};
use crate::ingress::{Received, Rejection};
use crate::routing::{Destination, Routes};
use crate::telemetry::{Delivery, IngressMeter};
use hyper::HeaderMap;
use hyper::body::Bytes;

/// The consumers, asked directly.
#[derive(Debug)]
pub struct PassThrough {
    consumers: Vec<Consumer>,
}

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
    ) -> Result<(), Rejection> {
        let Received { document, bytes, headers, number } = received;
        let source = document.format();
        let pieces = address(document, number.as_deref());
        let events: Vec<(Kind, u64)> = pieces.iter().map(|piece| (piece.kind, piece.events())).collect();
        let mut parcels = sort(pieces, bytes, routes, self.consumers.len())?.into_iter().zip(&self.consumers);
        let concerned = parcels.by_ref().filter(|(parcels, _)| !parcels.is_empty());
        let asked = concerned.map(|(parcels, consumer)| ask(consumer, parcels, source, headers));
        let taken: Result<(), Rejection> = match asked.collect::<Vec<_>>() {
            mut one if one.len() == 1 => one.remove(0).await,
            all => futures_util::future::join_all(all).await.into_iter().collect(),
        };
        taken?;
        events.into_iter().for_each(|(kind, count)| meter.events(source, kind, count));
        Ok(())
    }
}

/// The pieces of a webhook, a flat one's addressed to the number that its request named.
fn address<'a>(document: Document<'a>, number: Option<&str>) -> Vec<Piece<'a>> {
    let flat = document.format() == Format::OnPremises;
    let mut pieces = split(document, By::Conversation);
    if flat {
        for piece in &mut pieces {
            piece.address = Address { number: number.map(str::to_owned), names_number: true, ..Address::default() };
        }
    }
    pieces
}

/// What goes to each consumer, in the order of the consumers.
fn sort<'r, 'a>(
    pieces: Vec<Piece<'a>>,
    bytes: &Bytes,
    routes: &'r Routes,
    consumers: usize,
) -> Result<Vec<Vec<Parcel<'r, 'a>>>, Rejection> {
    let bytes = (pieces.len() == 1).then(|| bytes.clone());
    let mut parcels: Vec<Vec<Parcel<'r, 'a>>> = (0..consumers).map(|_| Vec::new()).collect();
    for piece in pieces {
        let Destination::Consumers(to, number) = routes.destination(&piece.address) else {
            return Err(Rejection::UnknownNumber);
        };
        let Some((last, others)) = to.split_last() else { continue };
        let mut send = |consumer: usize, piece| {
            if let Some(own) = parcels.get_mut(consumer) {
                own.push(Parcel { piece, number, bytes: bytes.clone() });
            }
        };
        // Nearly always there is one consumer, and nothing to be copied.
        others.iter().for_each(|other| send(*other, piece.clone()));
        send(*last, piece);
    }
    Ok(parcels)
}

async fn ask(
    consumer: &Consumer,
    parcels: Vec<Parcel<'_, '_>>,
    source: Format,
    headers: &HeaderMap,
) -> Result<(), Rejection> {
    for parcel in parcels {
        // A flat body of an unnamed number cannot be said in a format that names it.
        if source == Format::OnPremises && consumer.settings.format == Format::Cloud && parcel.number.is_none() {
            return Err(Rejection::UnknownNumber);
        }
        for prepared in prepare(consumer, parcel) {
            send(consumer, prepared, source, headers).await?;
        }
    }
    Ok(())
}

async fn send(consumer: &Consumer, prepared: Prepared, source: Format, headers: &HeaderMap) -> Result<(), Rejection> {
    let meter = &consumer.meter;
    meter.lost(source, &prepared.losses);
    if prepared.dropped > 0 {
        meter.ended(Delivery::Dropped, prepared.dropped);
    } else if prepared.requests.is_empty() {
        meter.ended(Delivery::NoCounterpart, 1);
    }
    for outgoing in prepared.requests {
        match consumer.attempt(outgoing, source, headers).await {
            Verdict::Delivered => meter.ended(Delivery::Delivered, 1),
            verdict => {
                meter.ended(Delivery::Retried, 1);
                return Err(refusal(verdict));
            }
        }
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

fn refusal(verdict: Verdict) -> Rejection {
    match verdict {
        Verdict::Refused { retry_after: Some(seconds), .. } => Rejection::ConsumerBusy(seconds),
        Verdict::Delivered | Verdict::Refused { .. } | Verdict::TimedOut | Verdict::Unreachable => {
            Rejection::NotDelivered
        }
    }
}
