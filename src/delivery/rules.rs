//! The operator's rules, applied to each event of a record before it is said.

use super::Settings;
use crate::fate::{Reason, Rule};
use crate::format::identity::{advance, happened_ms};
use crate::format::{By, Format, Identity, Piece, split};
use crate::journal::Apart;
use crate::translate::{Obstacle, WithoutPhone, obstacles};
use std::collections::HashMap;
use std::time::Duration;

/// What becomes of message types and statuses that the consumer's format never had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// They are said as well as it can be done.
    Deliver,
    /// They are dead letters.
    DeadLetter,
}

/// Which statuses are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statuses {
    /// All of them.
    All,
    /// None that is behind one delivered before.
    ForwardOnly,
}

/// How far messages have got, as far as the consumer was told.
pub(super) type Advances = HashMap<Identity, u8>;

/// What the rules are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'c> {
    /// When it arrived, in milliseconds since 1970.
    pub(super) received_ms: u64,
    /// How old it may have been then.
    pub(super) max_age: Option<Duration>,
    /// What names its number.
    pub(super) line: &'c str,
    /// How far its messages had got.
    pub(super) advances: &'c Advances,
    /// Whether the operator asked for it: then neither its age nor what came before counts.
    pub(super) by_hand: bool,
}

/// What the rules made of a piece.
#[derive(Debug)]
pub(super) struct Ruled<'a> {
    /// What is left; `None` where nothing is.
    pub(super) piece: Option<Piece<'a>>,
    /// Whether anything was taken out.
    pub(super) changed: bool,
    /// What is set aside.
    pub(super) apart: Vec<Apart>,
    /// How many statuses were dropped for being behind.
    pub(super) behind: u64,
}

/// What is done with one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruling {
    Say,
    SetAside(Reason),
    Drop(Rule),
}

impl Settings {
    /// Applies the rules that are about single events.
    #[must_use]
    pub(super) fn rule<'a>(&self, piece: Piece<'a>, case: Case<'_>) -> Ruled<'a> {
        let rulings = self.rulings(&piece, case);
        if rulings.iter().all(|ruling| *ruling == Ruling::Say) {
            return Ruled { piece: Some(piece), changed: false, apart: Vec::new(), behind: 0 };
        }
        let events = split(piece.document.clone(), By::Event);
        let aside = events.iter().zip(&rulings).filter_map(|(event, ruling)| match ruling {
            Ruling::SetAside(reason) => Some(Apart { body: event.document.to_json().into_bytes(), reason: *reason }),
            Ruling::Say | Ruling::Drop(_) => None,
        });
        let apart = aside.collect();
        let behind = rulings.iter().filter(|ruling| **ruling == Ruling::Drop(Rule::ForwardOnly)).count() as u64;
        let leave_out: Vec<bool> = rulings.iter().map(|ruling| *ruling != Ruling::Say).collect();
        let rest = (leave_out.contains(&false)).then(|| piece.without(&leave_out));
        Ruled { piece: rest, changed: true, apart, behind }
    }

    fn rulings(&self, piece: &Piece<'_>, case: Case<'_>) -> Vec<Ruling> {
        let source = piece.document.format();
        let may_be_old = case.max_age.filter(|_| source == Format::Cloud && !case.by_hand);
        let obstacles = match (self.without_phone, self.unknown) {
            (WithoutPhone::UserId, Unknown::Deliver) => Vec::new(),
            _ => obstacles(&piece.document, self.format),
        };
        let mut told = case.advances.clone();
        let mut rulings = Vec::new();
        for (index, (list, item)) in piece.items().enumerate() {
            let too_old = |max: Duration| {
                happened_ms(item).is_some_and(|then| case.received_ms.saturating_sub(then) > crate::clock::millis(max))
            };
            let obstacle = obstacles.get(index).copied().flatten();
            rulings.push(match obstacle {
                _ if may_be_old.is_some_and(too_old) => Ruling::SetAside(Reason::TooOld),
                Some(Obstacle::WithoutPhone) if self.without_phone == WithoutPhone::DeadLetter => {
                    Ruling::SetAside(Reason::WithoutPhone)
                }
                Some(Obstacle::Unknown) if self.unknown == Unknown::DeadLetter => Ruling::SetAside(Reason::Unknown),
                _ if list == "statuses" && self.statuses == Statuses::ForwardOnly && !case.by_hand => {
                    keep_going(&mut told, advance(case.line, item))
                }
                _ => Ruling::Say,
            });
        }
        rulings
    }

    /// What names messages and recipients whose statuses the rule `forward_only` compares.
    #[must_use]
    pub(super) fn compared(&self, piece: &Piece<'_>, line: &str) -> Advances {
        if self.statuses == Statuses::All {
            return Advances::new();
        }
        let mut most = Advances::new();
        for (key, rank) in
            piece.items().filter(|(list, _)| *list == "statuses").filter_map(|(_, item)| advance(line, item))
        {
            let told = most.entry(key).or_insert(rank);
            *told = rank.max(*told);
        }
        most
    }
}

/// Drops a status that is behind; equal ones pass.
fn keep_going(told: &mut Advances, advance: Option<(Identity, u8)>) -> Ruling {
    let Some((key, rank)) = advance else { return Ruling::Say };
    let most = told.entry(key).or_insert(rank);
    if rank < *most {
        return Ruling::Drop(Rule::ForwardOnly);
    }
    *most = rank;
    Ruling::Say
}
