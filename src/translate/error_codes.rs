//! The crosswalk of error codes, read from `error_codes.tsv`: one line a pair, with how sure it is.
//!
//! Each direction is a function of the code. A new code is a new line there and nothing here.
//! Neither platform documents such a table; the last column says what a pair rests on: `meta` (Meta
//! names both), `bsp` and `code` (providers or public code treat them as one), `same-string` (the
//! same words on both sides), `inferred`. The two sets of codes are disjoint.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Where an error stands; the same Cloud code is another On-Premises code in a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a failed status.
    Status,
    /// In a message, or beside messages.
    Elsewhere,
}

/// What a code becomes on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counterpart {
    /// The code over there.
    pub code: u32,
    /// Its title over there.
    pub title: &'static str,
    /// False when there is no counterpart and this is the generic error.
    pub known: bool,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The On-Premises code.
    pub on_premises: u32,
    /// The Cloud code; 200 stands for 200 to 299.
    pub cloud: u32,
    /// `both`, `c2o` or `o2c`.
    pub direction: &'static str,
    /// What the pair rests on.
    pub confidence: &'static str,
    on_premises_title: &'static str,
    cloud_title: &'static str,
}

#[derive(Debug)]
struct Table {
    rows: Vec<Row>,
    on_premises_titles: BTreeMap<u32, &'static str>,
    cloud_titles: BTreeMap<u32, &'static str>,
    down: BTreeMap<u32, u32>,
    up: BTreeMap<u32, u32>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(include_str!("error_codes.tsv")));

/// The generic error of a failed send.
const GENERIC_SEND: u32 = 500;
/// The generic error anywhere else.
const GENERIC: u32 = 1000;
/// The Cloud's generic error, "Something went wrong".
const CLOUD_GENERIC: u32 = 131_000;
/// "Resource not found": about a recipient when its details speak of a contact.
const NOT_FOUND: u32 = 1006;
const CLOUD_UNDELIVERABLE: u32 = 131_026;

impl Table {
    fn new(tsv: &'static str) -> Self {
        let rows: Vec<Row> = tsv.lines().filter_map(Row::parse).collect();
        // The first line of a code wins: the stronger pairs stand first.
        let pairs = |direction: &str, pair: fn(&Row) -> (u32, u32)| {
            let wanted = rows.iter().filter(|row| row.direction == "both" || row.direction == direction);
            wanted.rev().map(pair).collect()
        };
        Self {
            on_premises_titles: rows.iter().map(|row| (row.on_premises, row.on_premises_title)).collect(),
            cloud_titles: rows.iter().map(|row| (row.cloud, row.cloud_title)).collect(),
            down: pairs("c2o", |row| (row.cloud, row.on_premises)),
            up: pairs("o2c", |row| (row.on_premises, row.cloud)),
            rows,
        }
    }
}

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t');
        Some(Self {
            on_premises: columns.next()?.parse().ok()?,
            on_premises_title: columns.next()?,
            cloud: columns.next()?.parse().ok()?,
            cloud_title: columns.next()?,
            direction: columns.next()?,
            confidence: columns.next()?,
        })
    }
}

/// The lines of the table, for the documentation and its test.
#[must_use]
pub fn rows() -> &'static [Row] {
    &TABLE.rows
}

fn family(code: u32) -> u32 {
    if (200..300).contains(&code) { 200 } else { code }
}

/// The title the Cloud gives to one of its codes.
#[must_use]
pub fn cloud_title(code: u32) -> Option<&'static str> {
    TABLE.cloud_titles.get(&family(code)).copied()
}

/// The title the On-Premises client gives to one of its codes.
#[must_use]
pub fn on_premises_title(code: u32) -> Option<&'static str> {
    TABLE.on_premises_titles.get(&code).copied()
}

/// What a code of a Cloud body is in a flat one. A code that is an On-Premises one already is kept.
#[must_use]
pub fn to_on_premises(code: u32, place: Place) -> Counterpart {
    let kept = on_premises_title(code).map(|_| code);
    let mapped = TABLE.down.get(&family(code)).map(|&code| if code == GENERIC_SEND { GENERIC } else { code });
    let found = kept.or(mapped);
    let code = match (found.unwrap_or(GENERIC), place) {
        (GENERIC, Place::Status) => GENERIC_SEND,
        (code, _) => code,
    };
    Counterpart { code, title: on_premises_title(code).unwrap_or_default(), known: found.is_some() }
}

/// What a code of a flat body is in a Cloud one. A code that is a Cloud one already is kept.
#[must_use]
pub fn to_cloud(code: u32, details: &str) -> Counterpart {
    let about_contact = code == NOT_FOUND && details.to_ascii_lowercase().contains("unknown contact");
    let kept = cloud_title(code).map(|_| code);
    let found = match about_contact {
        true => Some(CLOUD_UNDELIVERABLE),
        false => kept.or_else(|| TABLE.up.get(&code).copied()),
    };
    let code = found.unwrap_or(CLOUD_GENERIC);
    Counterpart { code, title: cloud_title(code).unwrap_or_default(), known: found.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_leads_where_it_says() {
        let lines = include_str!("error_codes.tsv").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows().len(), lines);
        for row in rows() {
            // 500 and 1006 depend on place and details, as the next test shows.
            if row.direction != "o2c" && row.on_premises != GENERIC_SEND {
                assert_eq!(to_on_premises(row.cloud, Place::Elsewhere).code, row.on_premises, "{row:?}");
            }
            if row.direction != "c2o" && row.on_premises != NOT_FOUND {
                assert_eq!(to_cloud(row.on_premises, "").code, row.cloud, "{row:?}");
            }
        }
    }

    #[test]
    fn the_sets_are_disjoint() {
        for row in rows() {
            assert!(cloud_title(row.on_premises).is_none(), "{row:?}");
            assert!(on_premises_title(row.cloud).is_none(), "{row:?}");
        }
    }

    #[test]
    fn place_and_details_decide_where_a_row_says_so() {
        assert_eq!(to_on_premises(131_000, Place::Status).code, 500);
        assert_eq!(to_on_premises(131_000, Place::Elsewhere).code, 1000);
        assert_eq!(to_on_premises(999_999, Place::Status).code, 500);
        assert_eq!(to_on_premises(287, Place::Elsewhere).code, 1005);
        assert_eq!(to_cloud(1006, "Unknown contact").code, 131_026);
        assert_eq!(to_cloud(1006, "no such media").code, 131_006);
        assert!(!to_cloud(77, "").known);
    }
}
