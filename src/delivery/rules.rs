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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{Batch, Retry};
    use crate::format::Document;
    use crate::translate::MessageIds;
    use hyper::Uri;

    fn settings() -> Settings {
        Settings {
            name: "crm".to_owned(),
            url: Uri::from_static("http://127.0.0.1/"),
            format: Format::OnPremises,
            timeout: Duration::from_secs(1),
            tls_ca: None,
            concurrency: 1,
            batch: Batch::Conversation,
            sign_with: None,
            message_ids: MessageIds::Keep,
            kinds: None,
            without_phone: WithoutPhone::UserId,
            unknown: Unknown::Deliver,
            statuses: Statuses::All,
            retry: Retry::default(),
            headers: Vec::new(),
        }
    }

    /// What is left of the items of a body, by their ids; why others are set aside; how many are behind.
    fn ruled(settings: &Settings, items: &str, told: &Advances, by_hand: bool) -> (Vec<String>, Vec<Reason>, u64) {
        let body = format!(r#"{{"entry":[{{"id":"5","changes":[{{"field":"messages","value":{{{items}}}}}]}}]}}"#);
        let document = Document::read(body.as_bytes(), None).expect("readable");
        let piece = split(document, By::Conversation).remove(0);
        let max_age = Some(Duration::from_secs(100));
        let case = Case { received_ms: 1_000_000, max_age, line: "7", advances: told, by_hand };
        let ruled = settings.rule(piece, case);
        let id =
            |(_, item): (&str, &crate::json::Node<'_>)| item.object()?.text("id").map(std::borrow::Cow::into_owned);
        let left = ruled.piece.iter().flat_map(|piece| piece.items().filter_map(id).collect::<Vec<_>>()).collect();
        (left, ruled.apart.iter().map(|apart| apart.reason).collect(), ruled.behind)
    }

    fn statuses(words: &[&str]) -> String {
        let status = |word: &&str| format!(r#"{{"id":"m","status":"{word}","recipient_id":"1","timestamp":"999"}}"#);
        format!(r#""statuses":[{}]"#, words.iter().map(status).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn one_event_is_set_aside_and_the_rest_goes_on() {
        let strict = Settings { without_phone: WithoutPhone::DeadLetter, unknown: Unknown::DeadLetter, ..settings() };
        let items = r#""messages":[{"id":"a","from":"1","type":"text","timestamp":"999"},
            {"id":"b","from":"1","type":"telepathy","timestamp":"999"},{"id":"c","from":"1","type":"text","timestamp":"800"}]"#;
        let none = Advances::new();
        assert_eq!(
            ruled(&strict, items, &none, false),
            (vec!["a".to_owned()], vec![Reason::Unknown, Reason::TooOld], 0)
        );
        assert_eq!(ruled(&settings(), items, &none, true).0, ["a", "b", "c"]);
        let withheld = r#""messages":[{"id":"a","from_user_id":"US.1","type":"text","timestamp":"999"}]"#;
        assert_eq!(ruled(&strict, withheld, &none, false), (Vec::new(), vec![Reason::WithoutPhone], 0));
    }

    #[test]
    fn a_status_behind_another_is_dropped() {
        let forward = Settings { statuses: Statuses::ForwardOnly, ..settings() };
        let left = |words: &[&str], told: &Advances| {
            let (left, _, behind) = ruled(&forward, &statuses(words), told, false);
            (left.len(), behind)
        };
        let none = Advances::new();
        assert_eq!(left(&["sent", "delivered", "read", "read", "failed"], &none), (5, 0));
        assert_eq!(left(&["read", "delivered", "failed", "played"], &none), (3, 1));
        let body = format!("{{{}}}", statuses(&["delivered"]));
        let document = Document::read(body.as_bytes(), None).expect("readable");
        let told = forward.compared(&split(document, By::Conversation).remove(0), "7");
        assert_eq!(left(&["sent", "delivered", "read"], &told), (2, 1));
        assert_eq!(ruled(&forward, &statuses(&["sent"]), &told, true).2, 0, "what the operator asks for is sent");
        assert_eq!(ruled(&settings(), &statuses(&["read", "sent"]), &told, false).2, 0);
    }
}
