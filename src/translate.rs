//! The pure core: a body of one format into bodies of another, and the list of what could not be
//! said. No clock, no network, no configuration file, no log.
//!
//! `docs/translation.md` is the table of every row; the code has a file for each of its sections,
//! both directions side by side. A key, type, status, field or code that no row names is carried
//! where it stands.

mod contacts;
mod envelope;
mod error;
pub mod error_codes;
mod loss;
mod media;
pub(crate) mod message;
mod message_id;
mod normalized;
mod obstacle;
mod phone;
mod rules;
mod status;
mod system;

pub use loss::{Loss, LossCode};
pub use obstacle::{Obstacle, obstacles};
pub use rules::{MessageIds, Rules, WithoutPhone};

use crate::format::{Document, Format, Unreadable};
use crate::json::Object;
use loss::Ledger;

/// What a body became.
#[derive(Debug)]
pub struct Translation<'a> {
    /// The bodies in the target format, in the order of the source; none where nothing in it has a
    /// counterpart.
    pub bodies: Vec<String>,
    /// What the target could not say. Nothing leaves the source without being in a body or in here.
    pub losses: Vec<Loss<'a>>,
}

/// What the rows need beside the payload.
pub(crate) struct Scope<'r, 'a> {
    pub(crate) rules: Rules<'r>,
    ledger: Ledger<'a>,
}

/// Translates one body; `from` as [`Document::read`] takes it.
///
/// # Errors
/// [`Unreadable`] when the body as a whole cannot be read. An item never makes a body unreadable.
pub fn translate<'a>(
    bytes: &'a [u8],
    from: Option<Format>,
    to: Format,
    rules: Rules<'_>,
) -> Result<Translation<'a>, Unreadable> {
    let document = Document::read(bytes, from)?;
    Ok(translate_document(document, to, rules))
}

/// Translates a body that was read before.
#[must_use]
pub fn translate_document<'a>(document: Document<'a>, to: Format, rules: Rules<'_>) -> Translation<'a> {
    let mut scope = Scope { rules, ledger: Ledger::new() };
    let bodies = into_bodies(document, to, &mut scope);
    Translation { bodies: bodies.into_iter().map(|body| body.to_json()).collect(), losses: scope.ledger.into_losses() }
}

fn into_bodies<'a>(document: Document<'a>, to: Format, scope: &mut Scope<'_, 'a>) -> Vec<Object<'a>> {
    match (document, to) {
        (Document::Cloud(body), Format::OnPremises) => envelope::down(body, scope),
        (Document::OnPremises(body), Format::Cloud) => envelope::up(body, scope),
        (Document::Cloud(body), Format::Cloud) => vec![body.into_object()],
        (Document::OnPremises(body), Format::OnPremises) => vec![body.flat],
        (Document::Normalized(event), Format::Normalized) => vec![event.into_object()],
        (Document::Cloud(body), Format::Normalized) => normalized::of_cloud(body),
        (Document::OnPremises(body), Format::Normalized) => normalized::of_on_premises(body, scope.rules.number),
        (Document::Normalized(event), _) => {
            let bodies = into_bodies(normalized::source_of(event), to, scope);
            scope.ledger.point_into_event();
            bodies
        }
    }
}
