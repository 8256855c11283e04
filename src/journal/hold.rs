//! For how long a lease holds.

use tokio::sync::watch;
use tokio::time::Instant;

/// Whether a lease still holds. One of a journal that several processes share is lost when another may
/// deliver the record: whoever is at it stops.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Until when it holds without another word; `None` when it is lost.
    until: Option<watch::Receiver<Option<Instant>>>,
    /// How often the stream was another before: places of one mean nothing in the next.
    pub(super) stream: u64,
}

impl Hold {
    /// It holds until it is settled: nobody else has the journal.
    pub(super) const fn for_good() -> Self {
        Self { until: None, stream: 0 }
    }

    /// It holds until then, or until this says something else; for places of that stream.
    pub(super) const fn until(until: watch::Receiver<Option<Instant>>, stream: u64) -> Self {
        Self { until: Some(until), stream }
    }

    /// Ready when it is lost; never, if that cannot be. A process that was frozen past its time finds it
    /// ready when it wakes.
    pub async fn lost(&self) {
        let Some(mut until) = self.until.clone() else { return std::future::pending().await };
        loop {
            let Some(at) = *until.borrow_and_update() else { return };
            // One that nobody can prolong is lost as well.
            if !matches!(tokio::time::timeout_at(at, until.changed()).await, Ok(Ok(()))) {
                return;
            }
        }
    }

    /// Whether it is lost by now.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.until.as_ref().is_some_and(|until| is_over(*until.borrow()))
    }

    /// Whether both come from the same holding.
    pub(super) fn is_of(&self, until: &watch::Sender<Option<Instant>>) -> bool {
        self.until.as_ref().is_some_and(|ours| ours.same_channel(&until.subscribe()))
    }
}

/// Whether a time is over; `None` when it was taken away.
pub(super) fn is_over(until: Option<Instant>) -> bool {
    until.is_none_or(|until| until <= Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::time::Duration;

    #[tokio::test]
    async fn one_past_its_time_is_lost_before_anybody_says_so() {
        let past = watch::Sender::new(Instant::now().checked_sub(Duration::from_millis(1)));
        assert!(Hold::until(past.subscribe(), 0).lost().now_or_never().is_some());
    }

    #[tokio::test]
    async fn one_that_is_renewed_holds_on_until_it_is_taken_away() {
        let until = watch::Sender::new(Some(Instant::now() + Duration::from_millis(20)));
        let hold = Hold::until(until.subscribe(), 0);
        until.send_replace(Some(Instant::now() + Duration::from_secs(3600)));
        assert!(tokio::time::timeout(Duration::from_millis(40), hold.lost()).await.is_err());
        until.send_replace(None);
        assert!(hold.lost().now_or_never().is_some());
        assert!(hold.is_of(&until) && !hold.is_of(&watch::Sender::new(None)));
    }

    #[test]
    fn one_for_good_is_never_lost() {
        assert!(Hold::for_good().lost().now_or_never().is_none());
    }
}
