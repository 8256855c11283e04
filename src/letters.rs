//! What an operator does with dead letters and with what was delivered: the same at the admin
//! listener of a running server and, while none runs, at the journal itself.

use crate::clock;
use crate::fate::Reason;
use crate::format::Document;
use crate::headers::SIGNATURES;
use crate::journal::{ConsumerId, Journal, Letter, LetterId, Record, Selection, Trouble};
use crate::received::pieces;
use crate::redact::Redactor;
use crate::routing::{Destination, Routes};
use crate::telemetry::{GONE, set_aside};
use crate::trace::TRACEPARENT;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// So many letters make a page, and so many are put back at once.
pub const PAGE: usize = 500;

/// Where letters are handled.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The journal.
    pub journal: Journal,
    /// Which numbers there are, for letters of numbers that nobody knew.
    pub routes: Arc<Routes>,
    /// The consumers, in the order of the routes' indices.
    pub consumers: Vec<(String, ConsumerId)>,
}

/// Some letters.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Page {
    /// The letters.
    pub letters: Vec<Letter>,
    /// After which one to go on; `None` at the end.
    pub next: Option<String>,
}

/// A letter with what it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shown {
    /// The letter.
    #[serde(flatten)]
    pub letter: Letter,
    /// The number its request named.
    pub number: Option<String>,
    /// Headers of its request.
    pub headers: Vec<String>,
    /// The body as it came.
    pub body: String,
}

impl Shown {
    /// It with pseudonyms for phones, names, texts and ids; signatures are left out.
    #[must_use]
    pub fn masked(mut self, redactor: &Redactor) -> Self {
        self.number = self.number.map(|number| redactor.text(&number));
        let signed = |header: &String| SIGNATURES.iter().any(|name| header.starts_with(name.as_str()));
        self.headers.retain(|header| !signed(header));
        for header in &mut self.headers {
            if let Some((name, value)) = header.split_once(": ").filter(|(name, _)| *name != TRACEPARENT.as_str()) {
                *header = format!("{name}: {}", redactor.text(value));
            }
        }
        // What was kept is JSON; if it is not any more, it is shown to nobody who did not ask for it as it is.
        self.body = redactor.body(self.body.as_bytes()).unwrap_or_default();
        self
    }
}

/// What is to be delivered once more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Redelivery {
    /// These letters.
    Letters {
        /// Their ids.
        ids: Vec<String>,
    },
    /// All letters, or all that are alike.
    All {
        /// Always true.
        all: bool,
        /// Only those set aside for this reason.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Only those for this consumer; `-` for those of nobody.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        consumer: Option<String>,
    },
    /// What a consumer was given since a time.
    Since {
        /// The consumer.
        consumer: String,
        /// How far back, such as `2h`.
        since: String,
    },
}

/// Which letters are meant; all of them unless it says something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only {
    /// Set aside for this reason, such as `gave_up`.
    pub reason: Option<String>,
    /// For this consumer; `-` for those of nobody.
    pub consumer: Option<String>,
}

impl Only {
    /// Whether a letter is meant.
    #[must_use]
    pub fn is_met_by(&self, letter: &Letter) -> bool {
        let consumer = if letter.consumer.is_empty() { "-" } else { &letter.consumer };
        self.reason.as_ref().is_none_or(|reason| *reason == letter.reason)
            && self.consumer.as_ref().is_none_or(|wanted| wanted == consumer)
    }

    /// # Errors
    /// There is no such reason.
    pub fn check(&self) -> Result<(), Refused> {
        let known = || Reason::ALL.map(Reason::label);
        match &self.reason {
            Some(reason) if !known().contains(&reason.as_str()) => {
                Err(Refused::Wrong(format!("no reason is called {reason:?}: there are {}", known().join(", "))))
            }
            _ => Ok(()),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// So many are owed again.
    pub redelivered: u64,
    /// What was not done, and why.
    pub problems: Vec<String>,
}

/// Why an operator does not get what he asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    /// It makes no sense.
    #[error("{0}")]
    Wrong(String),
    /// There is no such letter.
    #[error("no dead letter or waiting record is called {0}, or it is being delivered right now")]
    Missing(String),
    /// The journal has trouble.
    #[error("the journal: {0}")]
    Trouble(#[from] Trouble),
}

fn id(text: &str) -> Result<LetterId, Refused> {
    text.parse().map_err(Refused::Wrong)
}

impl Desk {
    /// A page of dead letters, or of what waits.
    ///
    /// # Errors
    /// An id that is none; trouble with the journal.
    pub async fn list(&self, waiting: bool, after: Option<&str>) -> Result<Page, Refused> {
        let after = after.map(id).transpose()?;
        let letters = self.journal.letters(waiting, after, PAGE).await?;
        let next = letters.last().filter(|_| letters.len() == PAGE).map(|letter| letter.id.clone());
        Ok(Page { letters, next })
    }

    /// One letter.
    ///
    /// # Errors
    /// It is not there; trouble with the journal.
    pub async fn show(&self, name: &str) -> Result<Shown, Refused> {
        let found = self.journal.letter(id(name)?).await?;
        let (letter, record) = found.ok_or_else(|| Refused::Missing(name.to_owned()))?;
        Ok(Shown {
            letter,
            number: record.number,
            headers: record.headers.lines().map(str::to_owned).collect(),
            body: String::from_utf8_lossy(&record.body).into_owned(),
        })
    }

    /// Forgets a dead letter.
    ///
    /// # Errors
    /// It is not there; trouble with the journal.
    pub async fn drop_letter(&self, name: &str) -> Result<(), Refused> {
        let done = self.journal.drop_letter(id(name)?).await?;
        done.then_some(()).ok_or_else(|| Refused::Missing(name.to_owned()))
    }

    /// Makes a waiting record a dead letter, so that its conversation goes on.
    ///
    /// # Errors
    /// It is not there, or on its way; trouble with the journal.
    pub async fn bury(&self, name: &str) -> Result<(), Refused> {
        let letter = id(name)?;
        if !self.journal.bury(letter, clock::steady_ms()).await? {
            return Err(Refused::Missing(name.to_owned()));
        }
        let consumer = self.consumers.iter().find(|(_, id)| *id == letter.consumer());
        set_aside(consumer.map_or(GONE, |(name, _)| name), Reason::ByHand, 1);
        Ok(())
    }

    /// Delivers once more.
    ///
    /// # Errors
    /// A consumer or a time that is none; trouble with the journal. What was done before that stays
    /// done.
    pub async fn redeliver(&self, what: &Redelivery) -> Result<Receipt, Refused> {
        match what {
            Redelivery::Letters { ids } => {
                let mut receipt = Receipt::default();
                for ids in ids.chunks(PAGE) {
                    self.revive_all(ids.iter().map(String::as_str), &mut receipt).await?;
                }
                Ok(receipt)
            }
            Redelivery::All { all: true, reason, consumer } => {
                self.redeliver_all(&Only { reason: reason.clone(), consumer: consumer.clone() }).await
            }
            Redelivery::All { all: false, .. } => Err(Refused::Wrong("\"all\" is true, or not there".to_owned())),
            Redelivery::Since { consumer, since } => self.redeliver_since(consumer, since).await,
        }
    }

    async fn redeliver_all(&self, only: &Only) -> Result<Receipt, Refused> {
        only.check()?;
        let mut receipt = Receipt::default();
        let mut after = None;
        loop {
            let page = self.list(false, after.as_deref()).await?;
            let meant = page.letters.iter().filter(|letter| only.is_met_by(letter));
            self.revive_all(meant.map(|letter| letter.id.as_str()), &mut receipt).await?;
            after = page.next;
            if after.is_none() {
                return Ok(receipt);
            }
        }
    }

    /// All at once, so that they share their transactions.
    async fn revive_all(&self, names: impl Iterator<Item = &str>, receipt: &mut Receipt) -> Result<(), Refused> {
        for done in join_all(names.map(|name| self.revive(name))).await {
            match done {
                Ok(()) => receipt.redelivered += 1,
                Err(Refused::Trouble(trouble)) => return Err(Refused::Trouble(trouble)),
                Err(refused) => receipt.problems.push(refused.to_string()),
            }
        }
        Ok(())
    }

    async fn revive(&self, name: &str) -> Result<(), Refused> {
        let letter = id(name)?;
        let missing = || Refused::Missing(name.to_owned());
        let to = match letter.consumer() {
            ConsumerId::NOBODY => {
                let (_, record) = self.journal.letter(letter).await?.ok_or_else(missing)?;
                self.receivers(&record).ok_or_else(|| {
                    Refused::Wrong(format!("{name}: its number is none of those configured: add a [[number]]"))
                })?
            }
            consumer => vec![consumer],
        };
        let done = self.journal.revive(letter, to, clock::steady_ms()).await?;
        done.then_some(()).ok_or_else(missing)
    }

    /// Who receives a record under the configuration of now.
    fn receivers(&self, record: &Record) -> Option<Vec<ConsumerId>> {
        let document = Document::read(&record.body, Some(record.source)).ok()?;
        let piece = pieces(document, record.number.as_deref()).into_iter().next()?;
        let Destination::Consumers(to, _) = self.routes.destination(&piece.address) else { return None };
        let to: Vec<ConsumerId> =
            to.into_iter().filter_map(|index| self.consumers.get(index)).map(|(_, id)| *id).collect();
        // Put back to nobody it would be gone.
        (!to.is_empty()).then_some(to)
    }

    async fn redeliver_since(&self, consumer: &str, since: &str) -> Result<Receipt, Refused> {
        let known = self.consumers.iter().find(|(name, _)| name == consumer);
        let (_, consumer) = known.ok_or_else(|| Refused::Wrong(format!("no consumer is called {consumer:?}")))?;
        let since: Duration = humantime::parse_duration(since)
            .map_err(|_| Refused::Wrong(format!("{since:?} is no span of time: write \"2h\" or \"30m\"")))?;
        let now_ms = clock::steady_ms();
        let since_ms = now_ms.saturating_sub(clock::millis(since));
        let mut selection = Selection { consumer: *consumer, since_ms, from: None };
        let mut receipt = Receipt::default();
        loop {
            let amount = self.journal.owe_again(selection.clone(), now_ms).await?;
            receipt.redelivered += amount.records;
            selection.from = amount.rest;
            if selection.from.is_none() {
                return Ok(receipt);
            }
        }
    }
}
