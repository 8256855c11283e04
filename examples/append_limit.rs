//! The limit that a durable accept is measured against: writers that each append 1 KiB to a plain file
//! and wait until it is on the disk, all who wait served by one fdatasync. Prints a line of JSON.
//!
//!     append_limit FILE WRITERS SECONDS

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const RECORD: [u8; 1024] = [b'x'; 1024];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("append_limit FILE WRITERS SECONDS");
    let (file, writers, seconds) = (next()?, next()?.parse::<usize>()?, next()?.parse::<u64>()?);
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(file)?;
    let (append, appended) = mpsc::channel::<mpsc::Sender<()>>();
    let keeper = std::thread::spawn(move || -> std::io::Result<()> {
        while let Ok(first) = appended.recv() {
            let waiting: Vec<_> = std::iter::once(first).chain(appended.try_iter()).collect();
            for _ in &waiting {
                file.write_all(&RECORD)?;
            }
            file.sync_data()?;
            for writer in waiting {
                // A writer whose time is over does not listen any more.
                writer.send(()).ok();
            }
        }
        Ok(())
    });
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let writer = |append: mpsc::Sender<mpsc::Sender<()>>| {
        std::thread::spawn(move || {
            let (done, durable) = mpsc::channel();
            let mut took = Vec::new();
            while Instant::now() < until {
                let asked = Instant::now();
                if append.send(done.clone()).is_err() || durable.recv().is_err() {
                    break;
                }
                took.push(asked.elapsed());
            }
            took
        })
    };
    let writers: Vec<_> = (0..writers).map(|_| writer(append.clone())).collect();
    drop(append);
    let mut took: Vec<Duration> = writers.into_iter().flat_map(|writer| writer.join().unwrap_or_default()).collect();
    let seconds = begun.elapsed().as_secs_f64();
    keeper.join().map_err(|_| "the keeper broke off")??;
    took.sort_unstable();
    let at = |share: f64| took.get((took.len() as f64 * share) as usize).map_or(0, Duration::as_micros);
    println!("{{\"requests\":{},\"seconds\":{seconds},\"p50_us\":{},\"p99_us\":{}}}", took.len(), at(0.5), at(0.99));
    Ok(())
}
