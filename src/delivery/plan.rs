//! From a stored record to the requests that say it, under the configuration of now.

use super::rules::{Advances, Case};
use super::{Batch, Outgoing, Prepared, Settings};
use crate::event::Number;
use crate::fate::Reason;
use crate::format::{By, Document, Piece, split};
use crate::journal::{Apart, Record};
use crate::received::{lacks_number, line, number_of, pieces};
use crate::routing::Routes;
use crate::translate::LossCode;
use crate::watch::{ALL_NUMBERS, Track};
use hyper::body::Bytes;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What applies to every consumer.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Which numbers there are.
    pub routes: Arc<Routes>,
    /// `cloud.max_event_age`.
    pub max_event_age: Option<Duration>,
    /// The numbers whose consumers are compared, by name.
    pub compared: HashMap<String, Arc<Track>>,
}

impl Terms {
    /// Where the consumers of a number are compared, if they are.
    pub(super) fn track(&self, number: Option<&Number>) -> Option<Arc<Track>> {
        match number {
            _ if self.compared.is_empty() => None,
            Some(number) => self.compared.get(&number.name).cloned(),
            None if self.routes.is_empty() => self.compared.get(ALL_NUMBERS).cloned(),
            None => None,
        }
    }
}

/// Everything that is to be done with a record.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The requests, in order.
    pub(super) requests: Vec<Outgoing>,
    /// What is set aside.
    pub(super) apart: Vec<Apart>,
    /// What the consumer's format could not say.
    pub(super) losses: Vec<(LossCode, String)>,
    /// How many events the rule `kinds` left out.
    pub(super) unwanted: u64,
    /// How many statuses the rule `forward_only` left out.
    pub(super) behind: u64,
    /// How many events have no counterpart.
    pub(super) no_counterpart: u64,
    /// How far the consumer knows of its messages once this is delivered.
    pub(super) advances: Advances,
    /// When the first of its events happened, in milliseconds since 1970.
    pub(super) happened_ms: Option<u64>,
}

/// A record, opened.
#[derive(Debug)]
pub(super) struct Opened<'r> {
    pieces: Vec<Piece<'r>>,
    number: Option<&'r Number>,
    line: String,
}

impl<'r> Opened<'r> {
    /// Opens a record. It was readable when it came; if it is not any more, it is damaged.
    ///
    /// # Errors
    /// Why it is a dead letter.
    pub(super) fn new(record: &'r Record, routes: &'r Routes) -> Result<Self, Reason> {
        let document = Document::read(&record.body, Some(record.source)).map_err(|_| Reason::Unreadable)?;
        let pieces = pieces(document, record.number.as_deref());
        let first = pieces.first().ok_or(Reason::Unreadable)?;
        let number = number_of(first, routes);
        let line = line(&first.address, number);
        Ok(Self { pieces, number, line })
    }

    /// The configured number it belongs to.
    pub(super) const fn number(&self) -> Option<&'r Number> {
        self.number
    }

    /// The messages whose statuses the rule `forward_only` compares, for this consumer.
    #[must_use]
    pub(super) fn compared(&self, settings: &Settings) -> Advances {
        let mut all = Advances::new();
        self.pieces.iter().for_each(|piece| all.extend(settings.compared(piece, &self.line)));
        all
    }

    /// Says it in a consumer's words; `advances` is how far the consumer knew of its messages.
    ///
    /// # Errors
    /// Why all of it is a dead letter.
    pub(super) fn plan(
        self,
        settings: &Settings,
        record: &Record,
        by_hand: bool,
        max_age: Option<Duration>,
        advances: &Advances,
    ) -> Result<Plan, Reason> {
        let mut plan = Plan { happened_ms: self.pieces.first().and_then(Piece::happened_ms), ..Plan::default() };
        // A record is one piece. If a later version cuts finer, the parts follow each other.
        let whole = self.pieces.len() == 1;
        let case = Case { received_ms: record.received_ms, max_age, line: &self.line, advances, by_hand };
        for piece in self.pieces {
            if lacks_number(&piece, self.number, settings.format) {
                return Err(Reason::UnknownNumber);
            }
            let events = piece.events();
            let ruled = settings.rule(piece, case);
            plan.apart.extend(ruled.apart);
            plan.behind += ruled.behind;
            let Some(piece) = ruled.piece else { continue };
            plan.advances.extend(settings.compared(&piece, &self.line));
            let bytes = (whole && !ruled.changed).then_some(&record.body);
            for prepared in settings.prepare_all(piece, self.number, bytes) {
                plan.add(prepared, events);
            }
        }
        Ok(plan)
    }
}

impl Plan {
    fn add(&mut self, prepared: Prepared, events: u64) {
        if prepared.requests.is_empty() && prepared.dropped == 0 {
            self.no_counterpart += events;
        }
        self.unwanted += prepared.dropped;
        self.losses.extend(prepared.losses);
        self.requests.extend(prepared.requests);
    }
}

impl Settings {
    /// The piece as the consumer wants it, or each of its events.
    #[must_use]
    pub(crate) fn prepare_all(
        &self,
        piece: Piece<'_>,
        number: Option<&Number>,
        bytes: Option<&Bytes>,
    ) -> Vec<Prepared> {
        if self.batch == Batch::Conversation {
            return vec![self.prepare(piece, number, bytes)];
        }
        let events = split(piece.document, By::Event);
        let bytes = bytes.filter(|_| events.len() == 1);
        events.into_iter().map(|event| self.prepare(event, number, bytes)).collect()
    }
}
