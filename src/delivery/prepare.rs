//! From a piece of a webhook to request bodies in the consumer's format.

use super::{Batch, Settings};
use crate::event::{Number, digits};
use crate::format::{Document, Format, Piece};
use crate::translate::{LossCode, Rules, WithoutPhone, translate_document};
use hyper::body::Bytes;

/// One request body.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The body.
    pub body: Bytes,
    /// Whether these are the platform's own bytes, so that its signature still holds.
    pub verbatim: bool,
    /// The business number for `X-WA-Account-Id`, where a flat body was made from a Cloud one.
    pub account: Option<String>,
}

/// What a piece is for one consumer.
#[derive(Debug, Default)]
pub struct Prepared {
    /// The requests, in order; none where nothing in it has a counterpart or is wanted.
    pub requests: Vec<Outgoing>,
    /// What the consumer's format could not say, each with where it stood: a JSON pointer.
    pub losses: Vec<(LossCode, String)>,
    /// How many events a rule of the operator left out.
    pub dropped: u64,
}

impl Settings {
    /// Says a piece in the consumer's format. `bytes` are the platform's own where the piece is a
    /// whole body.
    #[must_use]
    pub fn prepare(&self, piece: Piece<'_>, number: Option<&Number>, bytes: Option<&Bytes>) -> Prepared {
        let (document, dropped) = match &self.kinds {
            Some(kinds) => piece.only(kinds),
            None => (Some(piece.document), 0),
        };
        let Some(document) = document else { return Prepared { dropped, ..Prepared::default() } };
        if let Some(bytes) = bytes
            && dropped == 0
            && document.format() == self.format
        {
            let whole = Outgoing { body: bytes.clone(), verbatim: true, account: None };
            return Prepared { requests: vec![whole], ..Prepared::default() };
        }
        let account = match (&document, self.format) {
            (Document::Cloud(body), Format::OnPremises) => {
                body.display_phone_number().map(|phone| digits(&phone)).or_else(|| configured(number))
            }
            _ => None,
        };
        let rules = Rules { number, message_ids: self.message_ids, without_phone: WithoutPhone::UserId };
        let translation = translate_document(document, self.format, rules);
        let losses = translation.losses.into_iter().map(|loss| (loss.code, loss.path)).collect();
        let request = |body: String| Outgoing { body: body.into(), verbatim: false, account: account.clone() };
        let requests = match self.format {
            Format::Normalized => batches(translation.bodies, self.batch).into_iter().map(request).collect(),
            Format::Cloud | Format::OnPremises => translation.bodies.into_iter().map(request).collect(),
        };
        Prepared { requests, losses, dropped }
    }
}

/// Events as CloudEvents batches.
fn batches(events: Vec<String>, batch: Batch) -> Vec<String> {
    match batch {
        _ if events.is_empty() => Vec::new(),
        Batch::Conversation => vec![format!("[{}]", events.join(","))],
        Batch::Event => events.into_iter().map(|event| format!("[{event}]")).collect(),
    }
}

fn configured(number: Option<&Number>) -> Option<String> {
    number.and_then(|number| number.display_phone_number.as_deref()).map(digits)
}
