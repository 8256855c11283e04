//! Laws 3 and 5: every leaf of the input stands in an output where it stood, or under a loss, or a
//! row of the table explains it; and nothing is lost for being unknown.
//!
//! A leaf's place is the keys on the way to it inside its body ([`Place`]): a body may be cut in
//! several, so indices do not count, but every copy does. Merged and changed leaves are looked up
//! without counting.

use super::rows;
use crate::generate::INVENTED;
use crate::translation::{Lost, say};
use crate::tree::{Leaf, Step, Tree, steps_of};
use cutover::format::Format;
use cutover::translate::LossCode;
use std::collections::BTreeMap;

/// Keys inside a body, without the envelope around it.
pub(super) type Place = Vec<String>;
/// How often a literal stands at a place.
pub(super) type Stock = BTreeMap<(Place, String), usize>;

/// What the laws have to complain about.
pub(crate) fn complaints(text: &str, to: Format) -> Vec<String> {
    let source = Tree::read(text);
    let said = say(text, to);
    let stock = stock_of(&said.bodies);
    let lost: Vec<Vec<String>> = said.losses.iter().map(|loss| steps_of(&loss.pointer)).collect();
    let kept = source.leaves().into_iter().filter(|leaf| !lost.iter().any(|lost| is_under(leaf, lost)));
    let mut unused = stock.clone();
    let moved: Vec<Leaf> = kept.filter(|leaf| !take(&mut unused, leaf)).collect();
    let gone = moved.iter().filter(|leaf| !rows::explain(leaf, &source, to, &stock));
    let mut complaints: Vec<String> =
        gone.map(|leaf| format!("{} = {} is gone", place(leaf).join("/"), leaf.literal)).collect();
    complaints.extend(said.losses.iter().filter_map(|loss| untrue(loss, &source)));
    if !complaints.is_empty() {
        complaints.push(format!("{text}\nbecame {:#?}\nlosses {:?}", said.texts, said.losses));
    }
    complaints
}

/// A leaf's place.
pub(super) fn place(leaf: &Leaf) -> Place {
    let route = leaf.route();
    let inside = route.strip_prefix(["entry", "changes", "value"].as_slice()).unwrap_or(&route);
    inside.iter().map(|key| (*key).to_owned()).collect()
}

fn stock_of(bodies: &[Tree]) -> Stock {
    let mut stock = Stock::new();
    for leaf in bodies.iter().flat_map(Tree::leaves) {
        *stock.entry((place(&leaf), leaf.literal)).or_default() += 1;
    }
    stock
}

fn take(stock: &mut Stock, leaf: &Leaf) -> bool {
    match stock.get_mut(&(place(leaf), leaf.literal.clone())) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    }
}

fn is_under(leaf: &Leaf, lost: &[String]) -> bool {
    let is = |(step, token): (&Step, &String)| match step {
        Step::Key(key) => key == token,
        Step::Index(index) => index.to_string() == *token,
    };
    lost.len() <= leaf.steps.len() && leaf.steps.iter().zip(lost).all(is)
}

/// A loss has to point at what it says; and what nobody knows may only go with what it stood in.
fn untrue(loss: &Lost, source: &Tree) -> Option<String> {
    if source.at(&loss.pointer) != Some(&loss.value) {
        return Some(format!("{} does not point at {:?}", loss.pointer, loss.value));
    }
    let container = [LossCode::Envelope, LossCode::NoCounterpart, LossCode::WithoutPhone];
    let invented = steps_of(&loss.pointer).last().is_some_and(|key| key.starts_with(INVENTED));
    (invented && !container.contains(&loss.code)).then(|| format!("{} is lost as {:?}", loss.pointer, loss.code))
}
