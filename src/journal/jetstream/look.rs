//! Looks after what nobody asks for: whether the stream takes anything, and whether it is still the one that
//! is known.

use super::broker::{self, PATIENCE, failing};
use super::held::Sight;
use super::{Inner, told};
use crate::clock;
use crate::journal::Trouble;
use crate::lock::lock;
use serde_json::json;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often the journal looks after itself.
const TICK: Duration = Duration::from_millis(500);
/// While something is wrong it is asked again soon: what is asked while there is no leader is never answered.
const IMPATIENCE: Duration = Duration::from_secs(1);
/// A stream that seems to be another is looked at again, so often and after so long, before that is believed.
const SURE_AFTER: u32 = 3;
const AGAIN: Duration = Duration::from_millis(200);
/// How many looks lie between two tries whether a full store has room again.
const FILL_EVERY: u64 = 4;

impl Inner {
    /// A stream that was made anew, or has lost its end, gives places a second time: nothing that is known
    /// of it holds any more.
    fn begin_anew(&self) {
        let mut holdings = lock(&self.holdings);
        lock(&self.born).1 += 1;
        tracing::error!("the journal's stream was made anew or has lost its end: what it holds is read again");
        holdings.begin_anew();
    }

    /// Whether the stream was looked at over the connection that there is.
    pub(super) fn was_looked_at(&self) -> bool {
        *lock(&self.looked_at) == self.broker.connection()
    }

    /// Whether this tells of the stream that is known, `last` having been the last record of it. It is
    /// another if it was made at another time, if it ends before that, or if a later record stands before it.
    async fn is_the_same(&self, info: &serde_json::Value, last: Option<Sight>) -> Result<bool, Trouble> {
        let was_made = lock(&self.born).0.clone();
        if was_made.is_some() && was_made.as_deref() != info["created"].as_str() {
            return Ok(false);
        }
        let Some((place, taken)) = last else { return Ok(true) };
        if ends(info) < place {
            return Ok(false);
        }
        // Only a server that was away can have lost something.
        if self.was_looked_at() {
            return Ok(true);
        }
        let stream = self.names.owed_stream();
        let later = self.broker.first_after(stream, &self.names.below("owed.>"), taken).await?;
        Ok(later.is_none_or(|later| later > place))
    }
}

fn ends(info: &serde_json::Value) -> u64 {
    info["state"]["last_seq"].as_u64().unwrap_or_default()
}

/// Looks after what nobody asks for: whether the broker takes anything, and what is too old.
pub(super) async fn look_after(inner: Arc<Inner>) {
    for tick in 0_u64.. {
        match examine(&inner, tick).await {
            Ok(()) => inner.recovered(),
            Err(trouble) => inner.suffer(trouble),
        }
        inner.settle_doubts();
        // One at a time, each within a minute or so: others wait for the lock meanwhile.
        if let Some(held) = lock(&inner.holdings).partitions.get_mut(&inner.names.turn(tick)) {
            told::forget(&mut held.told, clock::steady_ms(), inner.remember_ms());
        }
        tokio::time::sleep(TICK).await;
    }
}

/// What the stream says of itself, once it is known whether it is the one that was known.
async fn look(inner: &Inner, patience: Duration) -> Result<serde_json::Value, Trouble> {
    let stream = inner.names.owed_stream();
    let nothing = json!({});
    let mut looks = 0;
    loop {
        looks += 1;
        // Before it is asked: what comes in between is not behind what it says.
        let last = lock(&inner.holdings).last;
        let asked = inner.broker.ask(format!("STREAM.INFO.{stream}"), &nothing);
        let info = match within(patience, asked).await {
            // The server's words; nobody but an operator takes one away.
            Err(Trouble::Failing(error)) if error.contains("stream not found") => {
                return Err(failing(format!("the stream {stream} is gone: restart a proxy to make it again")));
            }
            info => info?,
        };
        if within(patience, inner.is_the_same(&info, last)).await? {
            lock(&inner.holdings).prove();
        } else if looks < SURE_AFTER {
            // A leader that has just been made may not know yet what its readers have been told.
            tokio::time::sleep(AGAIN).await;
            continue;
        } else {
            inner.begin_anew();
        }
        lock(&inner.born).0 = info["created"].as_str().map(str::to_owned);
        *lock(&inner.looked_at) = inner.broker.connection();
        inner.ends.store(ends(&info), Ordering::Relaxed);
        return Ok(info);
    }
}

/// Whether a webhook could be taken: the stream has a leader, and room.
async fn examine(inner: &Inner, tick: u64) -> Result<(), Trouble> {
    let is_well = lock(&inner.trouble).is_none() && inner.was_looked_at();
    let patience = if is_well { PATIENCE } else { IMPATIENCE };
    let info = look(inner, patience).await?;
    let stream = inner.names.owed_stream();
    let bytes = info["state"]["bytes"].as_u64();
    let bytes = bytes.ok_or_else(|| failing(format!("the server does not say how much the stream {stream} holds")))?;
    reserve(inner, tick, patience).await?;
    // A full one takes nothing until there is room for more than the next webhook.
    let was_full = lock(&inner.trouble).as_ref() == Some(&full(stream));
    match inner.settings.max_bytes {
        Some(most) if bytes >= if was_full { most / 20 * 19 } else { most } => Err(full(stream)),
        _ => Ok(()),
    }
}

/// Fills the reserve. That the store has no room is told; what else is in the way of it is no webhook's trouble.
async fn reserve(inner: &Inner, tick: u64, patience: Duration) -> Result<(), Trouble> {
    let was_full = lock(&inner.trouble).as_ref() == Some(&broker::store_is_full());
    if was_full && !tick.is_multiple_of(FILL_EVERY) {
        return Err(broker::store_is_full());
    }
    // Filling takes its time, and must come to its end.
    let patience = if was_full { PATIENCE } else { patience };
    match within(patience, inner.fill_reserve()).await {
        Err(trouble) if was_full || trouble == broker::store_is_full() => Err(trouble),
        filled => {
            if let Err(trouble) = filled {
                tracing::debug!(%trouble, "the reserve is not filled");
            }
            Ok(())
        }
    }
}

async fn within<T>(patience: Duration, asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    tokio::time::timeout(patience, asked).await.unwrap_or_else(|_| Err(broker::silent()))
}

pub(super) fn full(stream: &str) -> Trouble {
    Trouble::Failing(format!("the stream {stream} is full: deliver, or raise journal.jetstream.max_bytes"))
}
