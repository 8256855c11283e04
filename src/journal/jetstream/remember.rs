//! What makes events known to all processes: a stream of identities that each of them reads.
//!
//! Everything that waits goes into one message: the more webhooks come, the more share one.

use super::broker::failing;
use super::{Inner, known};
use crate::clock;
use crate::format::Identity;
use crate::journal::Trouble;
use crate::lock::lock;
use async_nats::jetstream::consumer::push::OrderedConfig;
use async_nats::jetstream::consumer::{DeliverPolicy, ReplayPolicy};
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Identities in one message, where the server takes so large a one.
const MOST: usize = 16_384;
const PAUSE: Duration = Duration::from_millis(250);
/// Who accepts a webhook tells of it within this, or is dead.
const TOLD_WITHIN: Duration = Duration::from_secs(2);
/// Who has not run for so long may have missed what others came to know.
const AWAY_MS: u64 = 1_000;
/// How often it is looked whether runs should be merged. With 1,000 webhooks a second one comes in a minute.
const MERGE_EVERY: Duration = Duration::from_secs(5);
/// What others were told is heard within this, where nothing is wrong.
const FOLLOWED_WITHIN: Duration = Duration::from_millis(250);

/// Identities that are to be written, and who waits for it.
#[derive(Debug)]
pub(super) struct Remembering {
    identities: Vec<(Identity, u64)>,
    written: oneshot::Sender<()>,
}

/// Events of a record that are not known, as it was read from the stream.
#[derive(Debug)]
pub(super) struct Doubt {
    since: Instant,
    identities: Vec<(Identity, u64)>,
}

impl Inner {
    /// These stand in the stream. Whoever accepted them says so in a moment, unless that process is dead.
    pub(super) fn doubt(&self, identities: Vec<Identity>, received_ms: u64) {
        let now_ms = clock::steady_ms();
        let received_ms = received_ms.min(now_ms);
        if received_ms < now_ms.saturating_sub(self.remember_ms()) {
            return;
        }
        let known = lock(&self.known);
        let unknown = identities.into_iter().filter(|identity| !known.contains(identity, now_ms));
        let identities: Vec<_> = unknown.map(|identity| (identity, received_ms)).collect();
        drop(known);
        if !identities.is_empty() {
            lock(&self.doubts).push_back(Doubt { since: Instant::now(), identities });
        }
    }

    /// What nobody has told of in time is told by us.
    pub(super) fn settle_doubts(self: &Arc<Self>) {
        let old: Vec<Doubt> = {
            let mut doubts = lock(&self.doubts);
            let old = doubts.iter().take_while(|doubt| doubt.since.elapsed() > TOLD_WITHIN).count();
            doubts.drain(..old).collect()
        };
        let now_ms = clock::steady_ms();
        let mut known = lock(&self.known);
        let all = old.into_iter().flat_map(|doubt| doubt.identities);
        let untold: Vec<_> = all.filter(|(identity, _)| !known.contains(identity, now_ms)).collect();
        untold.iter().for_each(|(identity, at_ms)| known.insert(*identity, *at_ms));
        drop(known);
        if !untold.is_empty() {
            tracing::debug!(events = untold.len(), "told for one that did not");
            let inner = Arc::clone(self);
            tokio::spawn(async move { inner.write_known(untold).await });
        }
    }

    /// This process runs. Says whether it did not for a while, and has not learned since what others know.
    pub(super) fn is_awake(&self) -> bool {
        let now_ms = clock::steady_ms();
        let before_ms = self.awake_ms.fetch_max(now_ms, Ordering::Relaxed);
        if now_ms.saturating_sub(before_ms) > AWAY_MS {
            self.was_away.store(true, Ordering::Relaxed);
        }
        self.was_away.load(Ordering::Relaxed)
    }

    /// Ready when others can know of it.
    pub(super) async fn write_known(&self, identities: Vec<(Identity, u64)>) {
        let (written, is_written) = oneshot::channel();
        if self.remembering.send(Remembering { identities, written }).await.is_ok() {
            // The task only ends with the journal.
            is_written.await.ok();
        }
    }

    /// What others were told until now is known here.
    ///
    /// # Errors
    /// When the broker does not say what that is.
    pub(super) async fn learn_all(&self) -> Result<(), Trouble> {
        let last = self.broker.last(&self.names.known_stream(), &self.names.below("known")).await?;
        let last = last.map_or(0, |last| last.sequence);
        let knows = |inner: &Self| *inner.learned.borrow() >= last;
        if !self.wait(&self.learned, FOLLOWED_WITHIN, knows).await {
            // Whoever follows hears late of a server that was away. One reads for all who wait.
            let _turn = self.learning.lock().await;
            while !knows(self) && self.learn_more().await? {}
        }
        self.was_away.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Reads the next page of what is known. Says whether there was one.
    async fn learn_more(&self) -> Result<bool, Trouble> {
        const PAGE: usize = 1_000;
        let (stream, subject) = (self.names.known_stream(), self.names.below("known"));
        let next = *self.learned.borrow() + 1;
        let page = self.broker.from(&stream, &subject, next, PAGE).await?;
        page.iter().for_each(|stored| self.take_in(stored.sequence, &stored.payload));
        Ok(!page.is_empty())
    }

    fn take_in(&self, sequence: u64, payload: &[u8]) {
        let mut known = lock(&self.known);
        let now_ms = clock::steady_ms();
        let least_ms = now_ms.saturating_sub(self.remember_ms());
        let young = known::read(payload).filter(|(_, at_ms)| *at_ms >= least_ms);
        // What comes from a clock ahead of ours came now.
        young.for_each(|(key, at_ms)| known.insert(key, at_ms.min(now_ms)));
        drop(known);
        self.learned.send_modify(|learned| *learned = sequence.max(*learned));
    }
}

/// Writes what waits, again and again.
pub(super) async fn write(inner: Arc<Inner>, mut to_remember: mpsc::Receiver<Remembering>) {
    while let Some(first) = to_remember.recv().await {
        let (mut identities, mut waiting) = (first.identities, vec![first.written]);
        while identities.len() < MOST
            && let Ok(next) = to_remember.try_recv()
        {
            identities.extend(next.identities);
            waiting.push(next.written);
        }
        for some in identities.chunks(MOST.min(inner.broker.largest() / known::BYTES).max(1)) {
            let payload = known::write(some);
            let subject = inner.names.below("known");
            while let Err(trouble) = inner.broker.say(subject.clone(), payload.clone()).await {
                tracing::debug!(%trouble, "what is known is not written yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
        for written in waiting {
            // Who waited may have had enough.
            written.send(()).ok();
        }
    }
}

/// Reads what was known before this process began.
pub(super) async fn learn(inner: &Inner) -> Result<(), Trouble> {
    while inner.learn_more().await? {
        // Nobody asks yet.
        lock(&inner.known).merge_all(clock::steady_ms());
    }
    Ok(())
}

/// Keeps what is known in few runs. Where there is much of it that takes a core for seconds: nobody waits for it.
pub(super) async fn merge(inner: Arc<Inner>) {
    loop {
        let pair = lock(&inner.known).unmerged();
        let Some(pair) = pair else {
            tokio::time::sleep(MERGE_EVERY).await;
            continue;
        };
        let least_ms = clock::steady_ms().saturating_sub(inner.remember_ms());
        let merged = tokio::task::spawn_blocking(move || (known::merge(&pair, least_ms), pair)).await;
        let Ok((run, pair)) = merged else { return };
        lock(&inner.known).merged(&pair, run);
    }
}

/// Reads what others come to know.
pub(super) async fn follow(inner: Arc<Inner>) {
    loop {
        if let Err(trouble) = read(&inner).await {
            tracing::debug!(%trouble, "what others know is not read");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn read(inner: &Inner) -> Result<(), Trouble> {
    let next = *inner.learned.borrow() + 1;
    let context = &inner.broker.context;
    let stream = context.get_stream_no_info(inner.names.known_stream()).await.map_err(failing)?;
    let config = OrderedConfig {
        deliver_subject: inner.broker.client.new_inbox(),
        filter_subject: inner.names.below("known"),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: next },
        replay_policy: ReplayPolicy::Instant,
        ..OrderedConfig::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(failing)?;
    let mut messages = consumer.messages().await.map_err(failing)?;
    while let Some(message) = messages.next().await {
        let message = message.map_err(failing)?;
        let sequence = message.info().map_err(failing)?.stream_sequence;
        inner.take_in(sequence, &message.payload);
    }
    Ok(())
}
