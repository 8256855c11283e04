//! The journal alone, for a profiler: so many rounds in which 64 webhooks are appended together, leased
//! and settled.
//!
//!     journal_loop FILE ROUNDS

use cutover::event::Kind;
use cutover::format::{Format, Identities};
use cutover::journal::{Arrival, Embedded, End, Journal, NewRecord, Settings, Settlement};
use futures_util::future::join_all;
use std::time::Duration;

const TOGETHER: u64 = 64;
const LANES: u64 = 1_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("journal_loop FILE ROUNDS");
    let (path, rounds) = (next()?.into(), next()?.parse()?);
    let day = Duration::from_secs(24 * 60 * 60);
    let settings = Settings { path, remember: day, retain_delivered: day, retain_max_bytes: 2 << 30 };
    let journal = Journal::Embedded(Embedded::open(settings)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(turn(&journal, rounds))?;
    Ok(())
}

async fn turn(journal: &Journal, rounds: u64) -> Result<(), Box<dyn std::error::Error>> {
    let consumers = journal.register(vec![("sink".to_owned(), u64::MAX / 4)]).await?;
    let [consumer] = consumers.as_slice() else { return Err("one consumer".into()) };
    for round in 0..rounds {
        let arrivals = (0..TOGETHER).map(|index| {
            let number = round * TOGETHER + index;
            let mut event = [0; 16];
            // Spread like a hash.
            event[..8].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
            let record = NewRecord {
                source: Format::Cloud,
                kind: Kind::Message,
                lane: (number % LANES).wrapping_mul(0x9E37_79B9_7F4A_7C15).cast_signed(),
                number: None,
                headers:
                    "x-hub-signature-256: sha256=0000000000000000000000000000000000000000000000000000000000000000\n"
                        .to_owned(),
                body: vec![b'x'; 600].into(),
                to: vec![*consumer],
                identities: Identities { events: vec![event], beside: None },
            };
            journal.append(Arrival { received_ms: number, records: vec![record], room: None })
        });
        for appended in join_all(arrivals).await {
            appended?;
        }
        let mut left = TOGETHER;
        while left > 0 {
            let leased = journal.lease(*consumer, TOGETHER as usize, false, round).await?;
            left -= leased.leases.len() as u64;
            let settled = leased.leases.into_iter().map(|lease| Settlement {
                lease,
                end: End::Settled,
                apart: Vec::new(),
                advances: Vec::new(),
                now_ms: round,
            });
            journal.settle(settled.collect());
        }
    }
    journal.close().await;
    Ok(())
}
