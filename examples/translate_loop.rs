//! Translates one payload many times, for counting instructions:
//! `valgrind --tool=callgrind translate_loop text onprem 2000`. Two counts, subtracted and divided by
//! the difference of their rounds, leave the start of the process out.
//!
//! `cloud` begins with the flat body that the payload becomes; `validate` only checks the grammar;
//! `novelties` only looks for what is new, in a body that was read before.

#[path = "../bench/payloads.rs"]
mod payloads;

use cutover::event::Number;
use cutover::format::novelty::novelties;
use cutover::format::{Document, Format};
use cutover::translate::{Rules, translate};
use serde::de::IgnoredAny;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, to, rounds] = arguments.as_slice() else {
        return Err("usage: translate_loop NAME FORMAT ROUNDS".into());
    };
    let rounds: u32 = rounds.parse()?;
    let mut payload = payloads::cloud(name).ok_or_else(|| format!("one of {}", payloads::NAMES.join(", ")))?;
    let number = Number::default();
    let rules = Rules { number: Some(&number), ..Rules::default() };
    if to == "validate" {
        for _ in 0..rounds {
            black_box(serde_json::from_slice::<IgnoredAny>(black_box(payload.as_bytes()))?);
        }
        return Ok(());
    }
    if to == "novelties" {
        let document = Document::read(payload.as_bytes(), None)?;
        for _ in 0..rounds {
            black_box(novelties(black_box(&document)));
        }
        return Ok(());
    }
    let to: Format = to.parse()?;
    if to == Format::Cloud {
        payload = translate(payload.as_bytes(), None, Format::OnPremises, rules)?.bodies.concat();
    }
    for _ in 0..rounds {
        black_box(translate(black_box(payload.as_bytes()), None, to, rules)?);
    }
    Ok(())
}
