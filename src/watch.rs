//! What the operator watches, while it happens: which platform each number speaks and how it got there,
//! what each consumer takes, what is lost, what nobody has seen before.
//!
//! Everything here is in memory and bounded; the cutover records are handed out to be kept. It knows no
//! journal, no HTTP and no clock, and it never holds anybody up: losing it loses no event.

mod consumer;
mod cutover;
mod minutes;
mod overlap;
mod parity;
mod platform;
mod rhythm;
mod sighting;
mod track;
mod unfamiliar;
mod witness;

pub use consumer::ConsumerSight;
pub use parity::Answer;
pub use sighting::Sighting;
pub use track::Track;
pub use witness::Witness;

use crate::format::Format;
use crate::format::novelty::Novelty;
use crate::lock::lock;
use crate::status::{self, Status};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use track::Record;
use unfamiliar::Unfamiliar;
use witness::Requests;

/// What everything that comes in is watched as where no number is configured.
pub const ALL_NUMBERS: &str = "all";
/// What the kept record of a number is called: this, and its name.
const NUMBER: &str = "number/";
const UNFAMILIAR: &str = "unfamiliar";

/// The live picture.
#[derive(Debug)]
pub struct Watch {
    started_ms: u64,
    picture: RwLock<Picture>,
    unfamiliar: Mutex<Unfamiliar>,
    requests: Requests,
    /// How often it was asked what is to be kept.
    rounds: AtomicU64,
    /// What was kept of numbers that nobody has configured since.
    dormant: Mutex<HashMap<String, Record>>,
}

/// Who is watched.
#[derive(Debug, Default)]
struct Picture {
    tracks: HashMap<String, Arc<Track>>,
    sights: HashMap<String, Arc<ConsumerSight>>,
    /// Those that are configured, in their order.
    numbers: Vec<Arc<Track>>,
    consumers: Vec<Arc<ConsumerSight>>,
}

/// A number and the consumers it is delivered to.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The number's name.
    pub number: String,
    /// Its consumers' names.
    pub deliver_to: Vec<String>,
}

impl Watch {
    /// Watches nothing yet; `kept` is what was handed out before the restart.
    #[must_use]
    pub fn new(started_ms: u64, kept: &[(String, String)]) -> Self {
        Self {
            started_ms,
            picture: RwLock::default(),
            unfamiliar: Mutex::new(unfamiliar(kept)),
            requests: Requests::default(),
            rounds: AtomicU64::new(1),
            dormant: Mutex::new(numbers(kept, started_ms).collect()),
        }
    }

    /// From now on these are watched.
    pub fn watch(&self, numbers: Vec<Watched>, consumers: Vec<Arc<ConsumerSight>>, now_ms: u64) {
        let mut picture = self.picture.write().unwrap_or_else(PoisonError::into_inner);
        let mut dormant = lock(&self.dormant);
        let mut track = |watched: Watched| {
            let kept = || Arc::new(Track::new(&watched.number, dormant.remove(&watched.number).unwrap_or_default()));
            let track = Arc::clone(picture.tracks.entry(watched.number.clone()).or_insert_with(kept));
            track.deliver_to(watched.deliver_to, now_ms);
            track
        };
        let numbers = numbers.into_iter().map(&mut track).collect();
        for sight in &consumers {
            sight.show_up();
            picture.sights.insert(sight.name().to_owned(), Arc::clone(sight));
        }
        (picture.numbers, picture.consumers) = (numbers, consumers);
    }

    /// What is seen of a consumer of this name and format; watched once [`Self::watch`] is told. One that
    /// understands another format now is another one.
    #[must_use]
    pub fn consumer(&self, name: &str, format: Format) -> Arc<ConsumerSight> {
        let known = self.read().sights.get(name).filter(|sight| sight.format() == format).map(Arc::clone);
        known.unwrap_or_else(|| Arc::new(ConsumerSight::new(name, format)))
    }

    /// The numbers whose consumers are compared, by name: those with several.
    #[must_use]
    pub fn compared(&self) -> HashMap<String, Arc<Track>> {
        let picture = self.read();
        let several = picture.tracks.iter().filter(|(_, track)| track.has_several());
        several.map(|(name, track)| (name.clone(), Arc::clone(track))).collect()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Picture> {
        self.picture.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Messages or statuses arrived for a number.
    fn arrived(&self, sighting: &Sighting<'_>, at_ms: u64) {
        if let Some(track) = self.track(sighting) {
            track.arrived(sighting, at_ms);
        }
    }

    /// The number of a sighting, if it is watched. An event of no number is nobody's, unless no number is
    /// configured.
    fn track(&self, sighting: &Sighting<'_>) -> Option<Arc<Track>> {
        let picture = self.read();
        match sighting.number {
            Some(number) => picture.tracks.get(&number.name).map(Arc::clone),
            None => picture.numbers.first().filter(|track| track.name() == ALL_NUMBERS).map(Arc::clone),
        }
    }

    fn unfamiliar(&self, source: Format, novelties: &[Novelty], now_ms: u64) {
        let mut unfamiliar = lock(&self.unfamiliar);
        novelties.iter().for_each(|novelty| unfamiliar.see(source, novelty, now_ms));
    }

    /// What is to be kept across a restart and has changed since it was asked the last time: names and
    /// texts. Of so many numbers at most; of more, those first that have waited longest.
    #[must_use]
    pub fn changed(&self, most: usize) -> Vec<(String, String)> {
        let written = |track: Arc<Track>| {
            let text = serde_json::to_string(&track.changed()?).ok()?;
            Some((format!("{NUMBER}{}", track.name()), text))
        };
        let mut waiting: Vec<Arc<Track>> =
            self.read().tracks.values().filter(|track| track.is_to_be_kept()).map(Arc::clone).collect();
        waiting.sort_by_key(|track| track.handed_out());
        let round = self.rounds.fetch_add(1, Ordering::Relaxed);
        waiting.iter().take(most).for_each(|track| track.hand_out(round));
        let mut changed: Vec<(String, String)> = waiting.into_iter().take(most).filter_map(written).collect();
        let unfamiliar = lock(&self.unfamiliar).changed();
        changed.extend(unfamiliar.map(|text| (UNFAMILIAR.to_owned(), text)));
        changed
    }

    /// What was handed out could not be kept: all of it is handed out once more.
    pub fn has_not_been_kept(&self) {
        self.read().tracks.values().for_each(|track| track.has_changed());
        lock(&self.unfamiliar).touch();
    }

    /// What is seen, in the words of the status. Readiness and what the journal knows is left open.
    #[must_use]
    pub fn shown(&self, now_ms: u64) -> Status {
        let picture = self.read();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            now_ms,
            started_ms: Some(self.started_ms),
            numbers: picture.numbers.iter().map(|track| track.shown(now_ms)).collect(),
            consumers: picture.consumers.iter().map(|sight| sight.shown(now_ms)).collect(),
            losses: picture.consumers.iter().flat_map(|sight| sight.losses()).collect(),
            unknown: lock(&self.unfamiliar).shown(),
            webhooks: self.requests.shown(),
            ..Status::default()
        }
    }
}

/// The same from what was kept alone, where no server runs.
#[must_use]
pub fn kept_status(kept: &[(String, String)], now_ms: u64) -> Status {
    let mut numbers: Vec<status::Number> =
        numbers(kept, now_ms).map(|(name, record)| record.shown(&name, None, now_ms)).collect();
    numbers.sort_by(|one, other| one.name.cmp(&other.name));
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now_ms,
        numbers,
        unknown: unfamiliar(kept).shown(),
        ..Status::default()
    }
}

/// What was unknown among what was kept.
fn unfamiliar(kept: &[(String, String)]) -> Unfamiliar {
    let text = kept.iter().find(|(name, _)| name == UNFAMILIAR);
    text.and_then(|(_, text)| Unfamiliar::read(text)).unwrap_or_default()
}

/// The records among what was kept. What cannot be read, as by an older program, begins anew.
fn numbers(kept: &[(String, String)], now_ms: u64) -> impl Iterator<Item = (String, Record)> {
    kept.iter().filter_map(move |(name, text)| {
        let name = name.strip_prefix(NUMBER)?;
        match serde_json::from_str::<Record>(text) {
            Ok(record) => Some((name.to_owned(), record.not_after(now_ms))),
            Err(error) => {
                tracing::warn!(number = name, %error, "the cutover record cannot be read, and begins anew");
                None
            }
        }
    })
}

#[cfg(test)]
mod tests;
