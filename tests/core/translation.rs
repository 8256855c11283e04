//! `cutover::translate::translate` with its answer read a second time, by [`Tree`].

use crate::tree::{Tree, unescaped};
use cutover::event::Number;
use cutover::format::{Format, Unreadable};
use cutover::translate::{LossCode, Rules, translate};
use std::sync::LazyLock;

/// The number that flat bodies belong to in these tests.
pub(crate) static NUMBER: LazyLock<Number> = LazyLock::new(|| Number {
    name: "test".to_owned(),
    phone_number_id: Some("100200300400501".to_owned()),
    display_phone_number: Some("15550100001".to_owned()),
    business_account_id: Some("100200300400600".to_owned()),
});

/// The rules of a consumer that set none, with a configured number.
pub(crate) fn rules() -> Rules<'static> {
    Rules { number: Some(&NUMBER), ..Rules::default() }
}

/// What one body became.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    /// As they were printed.
    pub(crate) texts: Vec<String>,
    /// The same, read.
    pub(crate) bodies: Vec<Tree>,
    /// What was lost.
    pub(crate) losses: Vec<Lost>,
}

/// One loss.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lost {
    /// The pointer by its characters.
    pub(crate) pointer: String,
    /// Why.
    pub(crate) code: LossCode,
    /// What stood there.
    pub(crate) value: Tree,
}

/// Translates a body of any format.
pub(crate) fn attempt(text: &str, to: Format) -> Result<Said, Unreadable> {
    let translation = translate(text.as_bytes(), None, to, rules())?;
    let losses = translation.losses.iter().map(|loss| Lost {
        pointer: unescaped(&loss.path),
        code: loss.code,
        value: Tree::read(&loss.value.to_json()),
    });
    Ok(Said {
        losses: losses.collect(),
        bodies: translation.bodies.iter().map(|body| Tree::read(body)).collect(),
        texts: translation.bodies,
    })
}

/// Translates a body that is known to be readable.
pub(crate) fn say(text: &str, to: Format) -> Said {
    attempt(text, to).unwrap_or_else(|reason| panic!("{reason}: {text}"))
}

/// Translates each of several bodies, in their order.
pub(crate) fn say_each(texts: &[String], to: Format) -> Said {
    let mut all = Said { texts: Vec::new(), bodies: Vec::new(), losses: Vec::new() };
    for said in texts.iter().map(|text| say(text, to)) {
        all.texts.extend(said.texts);
        all.bodies.extend(said.bodies);
        all.losses.extend(said.losses);
    }
    all
}
