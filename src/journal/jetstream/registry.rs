//! What is kept of consumers and of notes: small, the same for all processes.

use super::Inner;
use super::broker::{Put, failing, patiently};
use super::lanes::Counts;
use crate::journal::{ConsumerId, Depth, Note, Trouble};
use crate::lock::lock;
use data_encoding::HEXLOWER;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::time::Duration;

/// So long is waited for a count; a scraper waits for all of it.
const TELL_WITHIN: Duration = Duration::from_millis(400);
/// And so long for what has just ended to be written.
const WRITTEN_WITHIN: Duration = Duration::from_millis(300);

/// The consumers that were ever configured, as the broker has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Consumers(Vec<Entry>);

/// A consumer; its id is its place, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    name: String,
    give_up_ms: u64,
}

/// What this process knows of it.
#[derive(Debug, Default)]
pub(super) struct Registry {
    consumers: Consumers,
    /// Those that are configured here, once somebody has said which.
    configured: Option<Vec<ConsumerId>>,
    /// How many dead letters each has, as far as the broker has said.
    dead: HashMap<ConsumerId, u64>,
}

fn id_of(place: usize) -> ConsumerId {
    ConsumerId(i64::try_from(place + 1).unwrap_or(i64::MAX))
}

impl Registry {
    /// A consumer's name; empty for those who have none.
    pub(super) fn name(&self, consumer: ConsumerId) -> String {
        let place = usize::try_from(consumer.0 - 1).ok();
        let entry = place.and_then(|place| self.consumers.0.get(place));
        entry.map(|entry| entry.name.clone()).unwrap_or_default()
    }

    /// All of them, in the order of their ids.
    pub(super) fn all(&self) -> Vec<ConsumerId> {
        (0..self.consumers.0.len()).map(id_of).collect()
    }

    /// Those that are not configured here: name, and for how long each is waited for.
    pub(super) fn gone(&self) -> Vec<(ConsumerId, String, u64)> {
        let Some(configured) = &self.configured else { return Vec::new() };
        let all = self.consumers.0.iter().enumerate().map(|(place, entry)| (id_of(place), entry));
        let gone = all.filter(|(id, _)| !configured.contains(id));
        gone.map(|(id, entry)| (id, entry.name.clone(), entry.give_up_ms)).collect()
    }
}

impl Inner {
    fn consumers_subject(&self) -> String {
        self.names.below("state.consumers")
    }

    /// The consumers as the broker has them, and the place of the message.
    async fn consumers(&self) -> Result<(Consumers, u64), Trouble> {
        let kept = self.broker.last(&self.names.state_stream(), &self.consumers_subject()).await?;
        let Some(kept) = kept else { return Ok((Consumers::default(), 0)) };
        Ok((serde_json::from_slice(&kept.payload).map_err(failing)?, kept.sequence))
    }

    pub(super) async fn refresh_registry(&self) -> Result<(), Trouble> {
        let (consumers, _) = self.consumers().await?;
        lock(&self.registry).consumers = consumers;
        Ok(())
    }

    /// Gives each name its id; another process may do the same at this moment.
    pub(super) async fn register(&self, named: &[(String, u64)]) -> Result<Vec<ConsumerId>, Trouble> {
        loop {
            let (kept, last) = patiently(|| self.consumers()).await?;
            let mut consumers = kept.clone();
            let ids: Vec<ConsumerId> =
                named.iter().map(|(name, give_up_ms)| consumers.enter(name, *give_up_ms)).collect();
            if consumers != kept {
                let written = serde_json::to_vec(&consumers).map_err(failing)?;
                if self.broker.put(self.consumers_subject(), written.into(), last).await? == Put::Outrun {
                    continue;
                }
            }
            let mut registry = lock(&self.registry);
            registry.consumers = consumers;
            registry.configured = Some(ids.clone());
            return Ok(ids);
        }
    }

    /// What is owed to each consumer, by all processes together. While the broker does not say how many
    /// letters there are, as many as it said last.
    pub(super) async fn depths(&self, now_ms: u64) -> Result<Vec<Depth>, Trouble> {
        if self.is_well() {
            self.written_within(WRITTEN_WITHIN).await;
            let refreshed = tokio::time::timeout(TELL_WITHIN, self.refresh_counts()).await;
            if !matches!(refreshed, Ok(Ok(()))) {
                tracing::debug!(?refreshed, "letters are not counted now");
            }
        }
        let mut consumers = lock(&self.registry).all();
        consumers.push(ConsumerId::NOBODY);
        try_join_all(consumers.iter().map(|consumer| self.depth(*consumer, now_ms))).await
    }

    /// Asks who the consumers are, and how many dead letters each has.
    async fn refresh_counts(&self) -> Result<(), Trouble> {
        self.refresh_registry().await?;
        let mut consumers = lock(&self.registry).all();
        consumers.push(ConsumerId::NOBODY);
        let stream = self.names.dead_stream();
        let filters: Vec<String> = consumers.iter().map(|consumer| self.names.dead_of(*consumer)).collect();
        let counts = try_join_all(filters.iter().map(|filter| self.broker.count(&stream, filter))).await?;
        lock(&self.registry).dead = consumers.into_iter().zip(counts).collect();
        Ok(())
    }

    async fn depth(&self, consumer: ConsumerId, now_ms: u64) -> Result<Depth, Trouble> {
        let dead = lock(&self.registry).dead.get(&consumer).copied().unwrap_or_default();
        let (counts, nobody_holds) = {
            let mut holdings = lock(&self.holdings);
            let own = holdings.lanes(consumer).counts();
            let others = holdings.others.values().filter_map(|owed| owed.get(&consumer.0));
            let counts = others.fold(own, |sum, other| sum.and(*other));
            (counts, holdings.partitions.is_empty() && holdings.others.is_empty())
        };
        let counts = if nobody_holds {
            let ready = self.broker.count(self.names.owed_stream(), &self.names.owed_to(consumer)).await?;
            Counts { ready, ..Counts::default() }
        } else {
            counts
        };
        let Counts { ready, in_flight, parked, oldest_since_ms } = counts;
        let oldest_ms = if oldest_since_ms == 0 { 0 } else { now_ms.saturating_sub(oldest_since_ms) };
        Ok(Depth { consumer: lock(&self.registry).name(consumer), ready, in_flight, parked, dead, oldest_ms })
    }

    pub(super) async fn keep(&self, notes: &[Note]) -> Result<(), Trouble> {
        try_join_all(notes.iter().map(|note| self.keep_one(note))).await?;
        Ok(())
    }

    async fn keep_one(&self, note: &Note) -> Result<(), Trouble> {
        let name = HEXLOWER.encode(Sha256::digest(&note.0).get(..16).unwrap_or_default());
        let subject = self.names.below(&format!("note.{name}"));
        let said = serde_json::to_vec(note).map_err(failing)?;
        self.broker.say(subject, said).await?;
        Ok(())
    }

    pub(super) async fn kept(&self) -> Result<Vec<Note>, Trouble> {
        let kept = self.broker.all(&self.names.state_stream(), &self.names.below("note.*")).await?;
        let mut notes: Vec<Note> =
            kept.iter().filter_map(|stored| serde_json::from_slice(&stored.payload).ok()).collect();
        notes.sort();
        Ok(notes)
    }
}

impl Consumers {
    fn enter(&mut self, name: &str, give_up_ms: u64) -> ConsumerId {
        match self.0.iter().position(|entry| entry.name == name) {
            Some(place) => {
                if let Some(entry) = self.0.get_mut(place) {
                    entry.give_up_ms = give_up_ms;
                }
                id_of(place)
            }
            None => {
                self.0.push(Entry { name: name.to_owned(), give_up_ms });
                id_of(self.0.len() - 1)
            }
        }
    }
}
