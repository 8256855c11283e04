//! Everything that is counted and watched of one webhook with one text message, many times: `watch_loop
//! ROUNDS`. Prints nanoseconds for each; under callgrind, two counts, subtracted and divided by the
//! difference of their rounds, are its instructions.

#[path = "../bench/payloads.rs"]
#[expect(dead_code, reason = "only one of them is sent")]
mod payloads;

use cutover::event::Number;
use cutover::format::novelty::novelties;
use cutover::format::{By, Document, Format, split};
use cutover::telemetry::{ConsumerMeter, Delivery, Outcome, start_metrics};
use cutover::watch::{Sighting, Watch, Watched, Witness};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() -> anyhow::Result<()> {
    let rounds: u32 = std::env::args().nth(1).unwrap_or_default().parse()?;
    let _metrics = start_metrics()?;
    let watch = Arc::new(Watch::new(0, &[]));
    let (meter, sight) = (ConsumerMeter::new("crm", Format::OnPremises), watch.consumer("crm", Format::OnPremises));
    let watched = Watched { number: "support".to_owned(), deliver_to: vec!["crm".to_owned()] };
    watch.watch(vec![watched], vec![Arc::clone(&sight)], 0);
    let witness = Witness::new(watch);
    let payload = payloads::cloud("text").unwrap_or_default();
    let document = Document::read(payload.as_bytes(), None)?;
    let pieces = split(document.clone(), By::Conversation);
    let number = Number { name: "support".to_owned(), ..Number::default() };
    let begun = Instant::now();
    for round in 0..u64::from(rounds) {
        black_box(novelties(black_box(&document)));
        for piece in black_box(&pieces) {
            witness.accepted(&Sighting::of(piece, Some(&number)), round);
        }
        witness.answered(Some(Format::Cloud), Outcome::Accepted, Duration::from_micros(100));
        meter.took(Duration::from_micros(200));
        meter.ended(Delivery::Delivered, 1);
        meter.lagged(1_000);
        sight.took(round);
    }
    let nanos = begun.elapsed().as_nanos() / u128::from(rounds.max(1));
    std::io::Write::write_all(&mut std::io::stdout(), format!("{nanos}\n").as_bytes())?;
    Ok(())
}
