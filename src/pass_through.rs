//! `journal.backend = "none"`: a webhook is answered with its consumers' verdict. 200 only when every
//! consumer it concerns has taken it; else the platform's retry goes to all of them again.

use crate::delivery::{Batch, Consumer, Prepared, Verdict};
use crate::event::{Address, Number};
use crate::format::{By, Document, Format, Piece, split};
use crate::ingress::{Received, Rejection};
use crate::routing::{Destination, Routes};
use crate::telemetry;
use hyper::HeaderMap;
use hyper::body::Bytes;

/// The consumers, asked directly.
#[derive(Debug)]
pub struct PassThrough {
    consumers: Vec<Consumer>,
}

/// A piece and who gets it.
struct Routed<'r, 'a> {
    piece: Piece<'a>,
    consumers: Vec<usize>,
    number: Option<&'r Number>,
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
    pub async fn deliver(&self, received: Received<'_>, routes: &Routes) -> Result<(), Rejection> {
        let Received { document, bytes, headers, number } = received;
        let source = document.format();
        let pieces = route(document, number.as_deref(), routes)?;
        let whole = (pieces.len() == 1).then_some(bytes);
        for routed in &pieces {
            metrics::counter!(telemetry::EVENTS, "source" => source.label(), "kind" => routed.piece.kind.label())
                .increment(1);
        }
        let mut concerned: Vec<usize> = pieces.iter().flat_map(|routed| routed.consumers.iter().copied()).collect();
        concerned.sort_unstable();
        concerned.dedup();
        match concerned.as_slice() {
            [one] => self.to_one(*one, &pieces, whole, source, headers).await,
            _ => {
                let asked = concerned.iter().map(|index| self.to_one(*index, &pieces, whole, source, headers));
                futures_util::future::join_all(asked).await.into_iter().collect()
            }
        }
    }

    async fn to_one(
        &self,
        index: usize,
        pieces: &[Routed<'_, '_>],
        whole: Option<&Bytes>,
        source: Format,
        headers: &HeaderMap,
    ) -> Result<(), Rejection> {
        let Some(consumer) = self.consumers.get(index) else { return Ok(()) };
        let own = pieces.iter().filter(|routed| routed.consumers.contains(&index));
        for routed in own {
            // A flat body of an unnamed number cannot be said in a format that names it.
            if source == Format::OnPremises && consumer.settings.format == Format::Cloud && routed.number.is_none() {
                return Err(Rejection::UnknownNumber);
            }
            for prepared in prepare(consumer, routed, whole) {
                self.send(consumer, prepared, source, headers).await?;
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        consumer: &Consumer,
        prepared: Prepared,
        source: Format,
        headers: &HeaderMap,
    ) -> Result<(), Rejection> {
        let name = &consumer.settings.name;
        let count = |outcome: &'static str| {
            metrics::counter!(telemetry::DELIVERIES, "consumer" => name.clone(), "outcome" => outcome).increment(1);
        };
        for code in prepared.losses {
            let (from, to) = (source.label(), consumer.settings.format.label());
            metrics::counter!(telemetry::LOSSES, "from" => from, "to" => to, "code" => code.label()).increment(1);
        }
        if prepared.requests.is_empty() {
            count(if prepared.dropped { "dropped" } else { "no_counterpart" });
        }
        for outgoing in prepared.requests {
            match consumer.attempt(outgoing, source, headers).await {
                Verdict::Delivered => count("delivered"),
                verdict => {
                    count("retried");
                    return Err(refusal(verdict));
                }
            }
        }
        Ok(())
    }
}

/// The piece as the consumer wants it, or each of its events.
fn prepare(consumer: &Consumer, routed: &Routed<'_, '_>, whole: Option<&Bytes>) -> Vec<Prepared> {
    let settings = &consumer.settings;
    let piece = routed.piece.clone();
    if settings.batch == Batch::Conversation {
        return vec![settings.prepare(piece, routed.number, whole)];
    }
    let events = split(piece.document, By::Event);
    let whole = whole.filter(|_| events.len() == 1);
    events.into_iter().map(|event| settings.prepare(event, routed.number, whole)).collect()
}

/// Cuts a webhook and finds the consumers of each piece.
fn route<'r, 'a>(
    document: Document<'a>,
    number: Option<&str>,
    routes: &'r Routes,
) -> Result<Vec<Routed<'r, 'a>>, Rejection> {
    let flat = document.format() == Format::OnPremises;
    let mut routed = Vec::with_capacity(1);
    for mut piece in split(document, By::Conversation) {
        if flat {
            piece.address = Address { number: number.map(str::to_owned), names_number: true, ..Address::default() };
        }
        match routes.destination(&piece.address) {
            Destination::Consumers(consumers, number) => routed.push(Routed { piece, consumers, number }),
            Destination::UnknownNumber => return Err(Rejection::UnknownNumber),
        }
    }
    Ok(routed)
}

fn refusal(verdict: Verdict) -> Rejection {
    match verdict {
        Verdict::Refused { retry_after: Some(seconds), .. } => Rejection::ConsumerBusy(seconds),
        Verdict::Delivered | Verdict::Refused { .. } | Verdict::TimedOut | Verdict::Unreachable => {
            Rejection::NotDelivered
        }
    }
}
