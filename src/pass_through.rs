//! `journal.backend = "none"`: a webhook is answered with its consumers' verdict. 200 only when every
//! consumer it concerns has taken it; else the platform's retry goes to all of them again.

use crate::clock;
use crate::delivery::{Consumer, Prepared, Shipment, Verdict};
use crate::event::{Kind, Number};
use crate::fate::Rule;
use crate::format::{Format, Piece};
use crate::received::{Received, lacks_number, number_of, pieces};
use crate::routing::{Destination, Routes};
use crate::telemetry::Delivery;
use crate::watch::{Answer, Sighting, Witness};
use data_encoding::HEXLOWER;
use futures_util::future::join_all;
use hyper::HeaderMap;
use hyper::body::Bytes;
use sha2::{Digest, Sha256};
use std::sync::Arc;

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
    consumers: Vec<Arc<Consumer>>,
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
    pub const fn new(consumers: Vec<Arc<Consumer>>) -> Self {
        Self { consumers }
    }

    /// Delivers to every consumer the webhook concerns. Consumers are asked at the same time, the
    /// pieces for one of them in their order.
    ///
    /// # Errors
    /// The first reason why it is not delivered everywhere.
    pub async fn deliver(&self, received: Received<'_>, routes: &Routes, witness: &Witness) -> Result<(), Undelivered> {
        let Received { document, bytes, headers, number } = received;
        let source = document.format();
        let pieces = pieces(document, number.as_deref());
        let sightings = self.sightings(&pieces, routes);
        let parcels = self.route(pieces, bytes, routes)?;
        let concerned = self.consumers.iter().zip(parcels).filter(|(_, parcels)| !parcels.is_empty());
        let asked = concerned.map(|(consumer, parcels)| ask(consumer, parcels, source, headers));
        let taken: Vec<(&str, Result<(), Undelivered>)> = join_all(asked).await;
        let now_ms = clock::steady_ms();
        if taken.len() > 1 {
            let answers: Vec<(&str, Answer)> = taken.iter().map(|(name, taken)| (*name, answer(taken))).collect();
            witness.compare(&sightings, &answers, now_ms);
        }
        taken.into_iter().try_for_each(|(_, taken)| taken)?;
        sightings.iter().for_each(|sighting| witness.accepted(sighting, now_ms));
        Ok(())
    }

    /// What is seen of the pieces, before they go their ways.
    fn sightings<'r>(&self, pieces: &[Piece<'_>], routes: &'r Routes) -> Vec<Sighting<'r>> {
        pieces.iter().map(|piece| Sighting::of(piece, number_of(piece, routes))).collect()
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
            let format = |index: &usize| self.consumers.get(*index).map(|consumer| consumer.settings.format);
            if to.iter().filter_map(format).any(|format| lacks_number(&piece, number, format)) {
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
}

/// Asks a consumer; its name goes with what came of it.
async fn ask<'c>(
    consumer: &'c Consumer,
    parcels: Vec<Parcel<'_, '_>>,
    source: Format,
    headers: &HeaderMap,
) -> (&'c str, Result<(), Undelivered>) {
    let name = consumer.settings.name.as_str();
    for parcel in parcels {
        let kind = parcel.piece.kind;
        for prepared in prepare(consumer, parcel) {
            if let Err(undelivered) = send(consumer, prepared, (source, kind), headers).await {
                return (name, Err(undelivered));
            }
        }
    }
    (name, Ok(()))
}

fn answer(taken: &Result<(), Undelivered>) -> Answer {
    // If the platform comes again, that is another webhook.
    if taken.is_ok() { Answer::Took } else { Answer::GaveUp }
}

async fn send(
    consumer: &Consumer,
    prepared: Prepared,
    (source, kind): (Format, Kind),
    headers: &HeaderMap,
) -> Result<(), Undelivered> {
    let meter = &consumer.meter;
    let nothing_to_send = prepared.requests.is_empty();
    for outgoing in prepared.requests {
        let id = delivery_id(&consumer.settings.name, &outgoing.body);
        let shipment = Shipment { source, kind, platform: headers, id: &id, attempt: 1 };
        match consumer.attempt(outgoing, shipment).await {
            Verdict::Delivered => meter.ended(Delivery::Delivered, 1),
            verdict => {
                meter.ended(Delivery::Retried, 1);
                return Err(undelivered(verdict));
            }
        }
    }
    consumer.lost(source, &prepared.losses);
    meter.dropped(Rule::Kinds, prepared.dropped);
    if nothing_to_send && prepared.dropped == 0 {
        meter.ended(Delivery::NoCounterpart, 1);
    }
    tell(&consumer.settings.name, source, nothing_to_send, prepared.dropped);
    Ok(())
}

/// The fate of a piece, in one line. At the level `debug`: the platform's answer says it too, and a line is not
/// cheap beside the little that a webhook costs here.
fn tell(consumer: &str, source: Format, nothing_to_send: bool, dropped: u64) {
    let source = source.label();
    match nothing_to_send {
        false => tracing::debug!(consumer, source, "delivered"),
        true if dropped > 0 => tracing::debug!(consumer, source, "dropped"),
        true => tracing::debug!(consumer, source, "no counterpart"),
    }
}

/// What a parcel is for its consumer.
fn prepare(consumer: &Consumer, parcel: Parcel<'_, '_>) -> Vec<Prepared> {
    consumer.settings.prepare_all(parcel.piece, parcel.number, parcel.bytes.as_ref())
}

/// The same for the same body to the same consumer: a platform's retry is the same delivery.
fn delivery_id(consumer: &str, body: &[u8]) -> String {
    let digest = Sha256::new().chain_update(consumer).chain_update([0]).chain_update(body).finalize();
    HEXLOWER.encode(digest.get(..16).unwrap_or_default())
}

fn undelivered(verdict: Verdict) -> Undelivered {
    match verdict {
        Verdict::Busy => Undelivered::Busy(BUSY_SECONDS),
        Verdict::Refused { retry_after: Some(seconds), .. } => Undelivered::Busy(seconds),
        Verdict::Delivered | Verdict::Refused { .. } | Verdict::TimedOut | Verdict::Unreachable => Undelivered::Failed,
    }
}
