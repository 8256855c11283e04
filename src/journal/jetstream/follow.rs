//! Follows a partition: what is owed in it, and what comes.

use super::broker::failing;
use super::envelope::Envelope;
use super::lanes::{Place, Tries};
use super::{Inner, names, told};
use crate::clock;
use crate::journal::{ConsumerId, Hold, Trouble};
use crate::lock::lock;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::push::OrderedConfig;
use async_nats::jetstream::consumer::{DeliverPolicy, ReplayPolicy};
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

/// Before the next try, when the broker does not let us read.
const PAUSE: Duration = Duration::from_millis(200);
/// A reader is made within this, or tried anew.
const MADE_WITHIN: Duration = Duration::from_secs(2);
/// A reader that hears nothing for so long is looked after.
const IDLE: Duration = Duration::from_secs(1);
/// With more than this to catch up with, only places are read, not bodies.
const MANY: u64 = 200;

/// Follows a partition for as long as it is held.
pub(super) async fn follow(inner: Arc<Inner>, partition: u16, hold: Hold) {
    let tried = loop {
        match prepare(&inner, partition, &hold).await {
            Ok(tried) => break tried,
            Err(trouble) => tracing::debug!(partition, %trouble, "not prepared yet"),
        }
        tokio::time::sleep(PAUSE).await;
    };
    let (cleared, reading) = (clear(&inner, partition, tried), read_on(&inner, partition, &hold));
    tokio::join!(cleared, reading);
}

/// Takes away what was noted of records that have ended since: a holder that is late may write it when
/// they are gone.
async fn clear(inner: &Inner, partition: u16, tried: Vec<u64>) {
    for sequence in tried {
        let gone = match inner.broker.at(inner.names.owed_stream(), sequence).await {
            Ok(Some(_)) => continue,
            Ok(None) => {
                lock(&inner.holdings).lanes.values_mut().for_each(|lanes| lanes.forget_tries(sequence));
                inner.untry(partition, sequence).await
            }
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = gone {
            tracing::debug!(partition, %trouble, "what was tried is not cleared; the next holder does it");
        }
    }
}

async fn read_on(inner: &Inner, partition: u16, hold: &Hold) {
    loop {
        match read(inner, partition, hold).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(trouble) => {
                tracing::debug!(partition, %trouble, "not read yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// What has to be known before the first record is leased: what was tried, and what was told. Gives the
/// places of what was tried.
async fn prepare(inner: &Inner, partition: u16, hold: &Hold) -> Result<Vec<u64>, Trouble> {
    let tried =
        inner.broker.all(&inner.names.state_stream(), &inner.names.below(&format!("tries.{partition}.*"))).await?;
    let told = told::learn(inner, partition).await?;
    let now_ms = clock::steady_ms();
    let mut holdings = lock(&inner.holdings);
    let Some(held) = holdings.of(partition, hold) else { return Ok(Vec::new()) };
    held.told = told;
    let sequences = tried.iter().filter_map(|stored| names::number(&stored.subject)).collect();
    for stored in tried {
        let tries: Option<(i64, Tries)> = serde_json::from_slice(&stored.payload).ok();
        if let (Some(sequence), Some((consumer, tries))) = (names::number(&stored.subject), tries) {
            holdings.lanes(ConsumerId(consumer)).was_tried(sequence, tries.taken_over(now_ms));
        }
    }
    Ok(sequences)
}

/// Reads on from where it ended, until it has caught up with places alone, or cannot go on. Says whether
/// the partition is still held.
async fn read(inner: &Inner, partition: u16, hold: &Hold) -> Result<bool, Trouble> {
    let filter = inner.names.owed_in(partition);
    let seen = {
        let mut holdings = lock(&inner.holdings);
        let Some(held) = holdings.of(partition, hold) else { return Ok(false) };
        held.seen
    };
    let only_places = seen == 0 && inner.broker.count(inner.names.owed_stream(), &filter).await? > MANY;
    let stream = inner.broker.context.get_stream_no_info(inner.names.owed_stream()).await.map_err(failing)?;
    let config = OrderedConfig {
        deliver_subject: inner.broker.client.new_inbox(),
        filter_subject: filter,
        headers_only: only_places,
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: seen + 1 },
        replay_policy: ReplayPolicy::Instant,
        ..OrderedConfig::default()
    };
    let consumer = tokio::time::timeout(MADE_WITHIN, stream.create_consumer(config)).await;
    let consumer = consumer.map_err(failing)?.map_err(failing)?;
    if consumer.cached_info().num_pending == 0 {
        caught_up(inner, partition, hold);
    }
    let mut messages = consumer.messages().await.map_err(failing)?;
    let mut missed = Missed::default();
    loop {
        let Ok(next) = tokio::time::timeout(IDLE, messages.next()).await else {
            if missed.something(inner, partition, hold).await? {
                tracing::debug!(partition, "its reader hears nothing any more: another takes its place");
                return Ok(true);
            }
            continue;
        };
        let Some(message) = next else { break };
        let message = message.map_err(failing)?;
        if see(inner, partition, hold, &message, only_places)? == 0 {
            caught_up(inner, partition, hold);
            if only_places {
                return Ok(true);
            }
        }
    }
    // The client has ended the subscription: not at once again.
    tokio::time::sleep(PAUSE).await;
    Ok(true)
}

/// Whether a reader that hears nothing has missed something. The client notices that a reader is dead after ten
/// seconds; what others have accepted meanwhile would wait for that.
#[derive(Debug, Default)]
struct Missed {
    /// Where the stream ended when it was looked at last.
    ends: u64,
    /// What should have come by then.
    awaited: Option<u64>,
}

impl Missed {
    async fn something(&mut self, inner: &Inner, partition: u16, hold: &Hold) -> Result<bool, Trouble> {
        let Some(seen) = lock(&inner.holdings).of(partition, hold).map(|held| held.seen) else { return Ok(true) };
        if self.awaited.is_some_and(|awaited| seen < awaited) {
            return Ok(true);
        }
        let ends = inner.ends.load(Ordering::Relaxed);
        if ends == std::mem::replace(&mut self.ends, ends) {
            return Ok(false);
        }
        // It may be on its way at this moment, so it has until the next look.
        let filter = inner.names.owed_in(partition);
        let first = inner.broker.from(inner.names.owed_stream(), &filter, seen + 1, 1);
        // The server that does not answer may be the reader's.
        let Ok(first) = tokio::time::timeout(IDLE, first).await else { return Ok(true) };
        self.awaited = first?.first().map(|stored| stored.sequence);
        Ok(false)
    }
}

fn caught_up(inner: &Inner, partition: u16, hold: &Hold) {
    if let Some(held) = lock(&inner.holdings).of(partition, hold) {
        held.has_caught_up = true;
    }
    inner.seen.send_modify(|seen| *seen += 1);
}

/// Puts a record into its lane; how many are still to come.
fn see(inner: &Inner, partition: u16, hold: &Hold, message: &Message, only_place: bool) -> Result<u64, Trouble> {
    let info = message.info().map_err(failing)?;
    let (sequence, pending, taken) = (info.stream_sequence, info.pending, SystemTime::from(info.published));
    let none = async_nats::HeaderMap::new();
    let headers = message.headers.as_ref().unwrap_or(&none);
    let size = headers.get("Nats-Msg-Size").and_then(|size| size.as_str().parse().ok());
    let bytes = size.unwrap_or(message.payload.len());
    let was_looked_at = inner.was_looked_at();
    let mut holdings = lock(&inner.holdings);
    let Some(held) = holdings.of(partition, hold) else { return Ok(pending) };
    // The client begins anew after an outage, and may tell of what has ended since.
    if sequence <= held.seen {
        return Ok(pending);
    }
    held.seen = sequence;
    let record = if lock(&inner.ended).contains(&(held.stream, sequence)) {
        // What this process delivered when it held the partition before, and has not written off yet.
        held.ending.insert(sequence);
        None
    } else {
        let record = names::address(&message.subject).zip(Envelope::read(headers));
        if record.is_none() {
            held.unread.insert(sequence);
        }
        record
    };
    let is_leaving = held.leaving.is_some();
    holdings.see((sequence, taken), was_looked_at);
    let Some((address, envelope)) = record.filter(|_| !is_leaving) else { return Ok(pending) };
    let (identities, received_ms) = (envelope.known_by(), envelope.received);
    let place = Place { sequence, since_ms: envelope.since, bytes: u32::try_from(bytes).unwrap_or(u32::MAX) };
    let is_new = holdings.lanes(address.consumer).push(partition, address.token, place);
    if is_new && !only_place && holdings.cache.has_room(bytes) {
        holdings.cache.put(sequence, envelope.cached(partition, sequence, message.payload.clone()));
    }
    drop(holdings);
    inner.doubt(identities, received_ms);
    inner.seen.send_modify(|seen| *seen += 1);
    inner.wake_of(address.consumer).notify_one();
    Ok(pending)
}
