//! One consumer as the operator sees it: does it take what it is given, and what could its format not say.

use super::minutes::Minutes;
use crate::format::Format;
use crate::format::novelty::presentable_path;
use crate::lock::lock;
use crate::status;
use crate::telemetry::{self, SOURCES};
use crate::translate::LossCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

/// The rate of success is that of so many minutes.
const RATED_MINUTES: u64 = 60;
const TAKEN: usize = 0;
const FAILED: usize = 1;

/// How a consumer does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Health {
    #[default]
    Idle,
    Up,
    Failing,
    Down,
}

/// What is seen of one consumer since the start.
#[derive(Debug)]
pub struct ConsumerSight {
    name: String,
    format: Format,
    attempts: Mutex<Attempts>,
    /// By source, then code.
    losses: Vec<Vec<Tally>>,
}

#[derive(Debug, Default)]
struct Attempts {
    health: Health,
    /// Whether the last attempt was taken.
    was_taken: bool,
    since_ms: Option<u64>,
    last_taken_ms: Option<u64>,
    last_error: Option<(u64, &'static str, Option<u16>)>,
    minutes: Minutes,
}

#[derive(Debug, Default)]
struct Tally {
    count: AtomicU64,
    example: OnceLock<String>,
}

impl ConsumerSight {
    pub(super) fn new(name: &str, format: Format) -> Self {
        let tallies = || LossCode::ALL.iter().map(|_| Tally::default()).collect();
        Self {
            name: name.to_owned(),
            format,
            attempts: Mutex::default(),
            losses: SOURCES.iter().map(|_| tallies()).collect(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Shows whether it is up.
    pub(super) fn show_up(&self) {
        telemetry::show_up(&self.name, lock(&self.attempts).health != Health::Down);
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }

    /// It has taken something.
    pub fn took(&self, now_ms: u64) {
        let mut attempts = lock(&self.attempts);
        attempts.last_taken_ms = Some(now_ms);
        attempts.was_taken = true;
        attempts.minutes.add(now_ms, TAKEN, 1);
        if attempts.health != Health::Down {
            attempts.turn(Health::Up, now_ms);
        }
    }

    /// It has not; `verdict` is the word for why, `status` what it answered with.
    pub fn failed(&self, now_ms: u64, verdict: &'static str, status: Option<u16>) {
        let mut attempts = lock(&self.attempts);
        attempts.last_error = Some((now_ms, verdict, status));
        attempts.was_taken = false;
        attempts.minutes.add(now_ms, FAILED, 1);
        if attempts.health != Health::Down {
            attempts.turn(Health::Failing, now_ms);
        }
    }

    /// It is asked by one probe at a time from now on, or not any more.
    pub fn went(&self, down: bool, now_ms: u64) {
        let mut attempts = lock(&self.attempts);
        match (down, attempts.health) {
            (true, _) => attempts.turn(Health::Down, now_ms),
            // Asked like any other again; the last attempt tells whether that went well.
            (false, Health::Down) if attempts.was_taken => attempts.turn(Health::Up, now_ms),
            (false, Health::Down) => attempts.turn(Health::Failing, now_ms),
            (false, Health::Idle | Health::Up | Health::Failing) => {}
        }
        telemetry::show_up(&self.name, !down);
    }

    /// Its format could not say something; each with where that stood.
    pub fn lost(&self, source: Format, losses: &[(LossCode, String)]) {
        let Some(tallies) = telemetry::source_place(source).and_then(|place| self.losses.get(place)) else { return };
        for (code, path) in losses {
            if let Some(tally) = tallies.get(*code as usize) {
                tally.count.fetch_add(1, Ordering::Relaxed);
                tally.example.get_or_init(|| presentable_path(path));
            }
        }
    }

    /// It in the words of the status; what the journal knows is filled in by others.
    pub(super) fn shown(&self, now_ms: u64) -> status::Consumer {
        let attempts = lock(&self.attempts);
        let [taken, failed] = attempts.minutes.sum(now_ms, RATED_MINUTES);
        let rate = || taken as f64 / (taken + failed) as f64;
        let failure = |(at_ms, verdict, status): (u64, &str, Option<u16>)| status::Failure {
            at_ms,
            verdict: verdict.to_owned(),
            status,
        };
        status::Consumer {
            name: self.name.clone(),
            format: self.format.label().to_owned(),
            health: attempts.health.label().to_owned(),
            since_ms: attempts.since_ms,
            last_taken_ms: attempts.last_taken_ms,
            last_error: attempts.last_error.map(failure),
            taken,
            failed,
            success_rate: (taken + failed > 0).then(rate),
            ..status::Consumer::default()
        }
    }

    pub(super) fn losses(&self) -> Vec<status::Loss> {
        let of_source = |(source, tallies): (&Format, &Vec<Tally>)| {
            let of_code = |(code, tally): (&LossCode, &Tally)| status::Loss {
                consumer: self.name.clone(),
                from: source.label().to_owned(),
                to: self.format.label().to_owned(),
                code: code.label().to_owned(),
                count: tally.count.load(Ordering::Relaxed),
                expected: code.is_expected(),
                example_path: tally.example.get().cloned(),
            };
            LossCode::ALL.iter().zip(tallies).map(of_code).filter(|loss| loss.count > 0).collect::<Vec<_>>()
        };
        SOURCES.iter().zip(&self.losses).flat_map(of_source).collect()
    }
}

impl Attempts {
    fn turn(&mut self, health: Health, now_ms: u64) {
        if self.health != health {
            self.health = health;
            self.since_ms = Some(now_ms);
        }
    }
}

impl Health {
    const fn label(self) -> &'static str {
        match self {
            Health::Idle => "idle",
            Health::Up => "up",
            Health::Failing => "failing",
            Health::Down => "down",
        }
    }
}
