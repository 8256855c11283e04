//! Leases: the next record of each conversation that this process holds and of which nothing is out.

use super::Inner;
use super::envelope::Envelope;
use super::held::Cached;
use super::lanes::{Most, Taken, Turn};
use crate::journal::{ConsumerId, Hold, Lease, Leased, Trouble};
use crate::lock::lock;
use futures_util::future::join_all;

/// Bodies leased at once take no more than this together, but for the first of them.
const LEASE_BYTES: u64 = 4 << 20;

/// With so many endings that the broker does not have, or so much in them, nothing more is leased.
const MOST_UNWRITTEN: usize = 10_000;
const MOST_UNWRITTEN_BYTES: usize = 64 << 20;
/// It is asked again after this.
const LOOK_AGAIN_MS: u64 = 200;

/// A record that was taken out, and for how long.
struct Out {
    taken: Taken,
    hold: Hold,
    cached: Option<Cached>,
}

impl Inner {
    pub(super) async fn lease(
        &self,
        consumer: ConsumerId,
        most: usize,
        fresh_first: bool,
        now_ms: u64,
    ) -> Result<Leased, Trouble> {
        let (out, more) = self.take(consumer, most, fresh_first, now_ms);
        let bodies = join_all(out.iter().map(|out| self.body(out))).await;
        if out.is_empty() && more {
            return Ok(Leased { next_due_ms: Some(now_ms + LOOK_AGAIN_MS), ..Leased::default() });
        }
        if let Some(trouble) = bodies.iter().find_map(|body| body.as_ref().err().cloned()) {
            for (out, body) in out.iter().zip(bodies) {
                self.put_back(consumer, out, if matches!(body, Ok(None)) { Turn::Done } else { Turn::Back });
            }
            return Err(trouble);
        }
        let mut leased = Leased { more, ..Leased::default() };
        for (out, body) in out.into_iter().zip(bodies) {
            match body {
                Ok(Some(body)) => leased.leases.push(lease_of(consumer, out, body)),
                // Delivered by a process that held it before, or buried: it is owed no longer.
                _ => {
                    leased.more = true;
                    self.put_back(consumer, &out, Turn::Done);
                }
            }
        }
        leased.next_due_ms = lock(&self.holdings).lanes(consumer).next_due_ms(now_ms);
        Ok(leased)
    }

    fn take(&self, consumer: ConsumerId, most: usize, fresh_first: bool, now_ms: u64) -> (Vec<Out>, bool) {
        // What has ended and is not written takes room here, and is delivered again should this process end.
        let (count, bytes) = {
            let unwritten = self.unwritten.borrow();
            (unwritten.count(), unwritten.bytes)
        };
        // And what is known of the stream may be of one that has lost its end.
        if count > MOST_UNWRITTEN || bytes > MOST_UNWRITTEN_BYTES || !self.was_looked_at() {
            return (Vec::new(), true);
        }
        let mut holdings = lock(&self.holdings);
        let most = Most { records: most, bytes: LEASE_BYTES };
        let (taken, more) = holdings.lanes(consumer).take(most, fresh_first, now_ms);
        let mut out = Vec::with_capacity(taken.len());
        for taken in taken {
            let cached = holdings.cache.take(taken.place.sequence);
            // Lanes of a partition that is not held are forgotten with it.
            let Some(held) = holdings.partitions.get_mut(&taken.partition) else { continue };
            if held.is_late() {
                holdings.lanes(consumer).turn(taken.token, taken.place.sequence, Turn::Back);
                continue;
            }
            held.out += 1;
            out.push(Out { hold: held.hold(), taken, cached });
        }
        (out, more)
    }

    /// What a record holds; `None` if it is not there any more.
    async fn body(&self, out: &Out) -> Result<Option<Cached>, Trouble> {
        if let Some(cached) = &out.cached {
            return Ok(Some(cached.clone()));
        }
        let sequence = out.taken.place.sequence;
        let Some(stored) = self.broker.at(self.names.owed_stream(), sequence).await? else { return Ok(None) };
        let Some(envelope) = Envelope::read(&stored.headers) else { return Ok(None) };
        Ok(Some(envelope.cached(out.taken.partition, sequence, stored.payload)))
    }

    /// It was taken out, and nobody gets it.
    fn put_back(&self, consumer: ConsumerId, out: &Out, turn: Turn) {
        let Out { taken, hold, .. } = out;
        let mut holdings = lock(&self.holdings);
        let Some(held) = holdings.of(taken.partition, hold) else { return };
        held.out = held.out.saturating_sub(1);
        holdings.lanes(consumer).turn(taken.token, taken.place.sequence, turn);
    }
}

fn lease_of(consumer: ConsumerId, out: Out, body: Cached) -> Lease {
    let (Out { taken, hold, .. }, Cached { record, lane, by_hand, .. }) = (out, body);
    let tries = taken.tries.unwrap_or_default();
    Lease {
        consumer,
        record,
        lane,
        attempts: tries.attempts,
        progress: tries.progress(),
        since_ms: taken.place.since_ms,
        by_hand,
        hold,
    }
}
