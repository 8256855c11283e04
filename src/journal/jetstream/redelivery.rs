//! What was delivered is delivered once more.

use super::Inner;
use super::envelope::Envelope;
use super::pack::unpack;
use crate::clock;
use crate::journal::{Amount, Selection, Step, Trouble};
use futures_util::future::try_join_all;
use hyper::body::Bytes;

/// Records looked at in one step, about.
const STEP: usize = 500;
/// Messages read for them; each holds some.
const MESSAGES: usize = 500;

impl Inner {
    /// A step of it. What is delivered in between is not part of it: the last place is fixed at the
    /// beginning.
    pub(super) async fn owe_again(&self, selection: &Selection, now_ms: u64) -> Result<Amount, Trouble> {
        let (stream, subject) = (self.names.delivered_stream(), self.names.delivered(selection.consumer));
        let step = match selection.from {
            Some(step) => step,
            None => {
                let last = self.broker.last(&stream, &subject).await?.map_or(0, |stored| stored.sequence);
                Step { next: 1, last: i64::try_from(last).unwrap_or(i64::MAX) }
            }
        };
        let (next, last) = (u64::try_from(step.next).unwrap_or(1), u64::try_from(step.last).unwrap_or_default());
        let page = self.broker.from(&stream, &subject, next, MESSAGES).await?;
        let mut records: Vec<(Envelope, Bytes)> = Vec::new();
        let mut end = None;
        for stored in page.iter().filter(|stored| stored.sequence <= last) {
            records.extend(unpack(&stored.payload));
            end = Some(stored.sequence);
            if records.len() >= STEP {
                break;
            }
        }
        let end = end.filter(|end| *end < last);
        let rest = end.and_then(|end| Some(Step { next: i64::try_from(end + 1).ok()?, last: step.last }));
        let least_ms = now_ms.saturating_sub(clock::millis(self.settings.kept.retain_delivered));
        let is_meant = |envelope: &Envelope| {
            envelope.delivered.is_none_or(|at_ms| at_ms >= least_ms) && envelope.received >= selection.since_ms
        };
        let meant = records.into_iter().filter(|(envelope, _)| is_meant(envelope));
        let again =
            |envelope: Envelope| envelope.id.map(|id| Envelope { retained: true, ..envelope.again(id, now_ms) });
        let waiting: Vec<(Envelope, Bytes)> =
            meant.filter_map(|(envelope, body)| Some((again(envelope)?, body))).collect();
        // One after the other where they share a lane; what is published in this order is stored in it.
        let owed = waiting.iter().map(|(again, body)| self.owe(selection.consumer, again, body.clone(), None));
        try_join_all(owed).await?;
        Ok(Amount { records: waiting.len() as u64, rest })
    }
}
