//! For how long a lease holds.

use tokio::sync::watch;

/// Whether a lease still holds. One of a journal that several processes share is lost when another may
/// deliver the record: whoever is at it stops.
#[derive(Debug, Clone)]
pub struct Hold {
    lost: Option<watch::Receiver<bool>>,
    /// How often the stream was another before: places of one mean nothing in the next.
    pub(super) stream: u64,
}

impl Hold {
    /// It holds until it is settled: nobody else has the journal.
    pub(super) const fn for_good() -> Self {
        Self { lost: None, stream: 0 }
    }

    /// It holds until this says `true`, for places of that stream.
    pub(super) const fn until(lost: watch::Receiver<bool>, stream: u64) -> Self {
        Self { lost: Some(lost), stream }
    }

    /// Ready when it is lost; never, if that cannot be.
    pub async fn lost(&self) {
        let Some(mut lost) = self.lost.clone() else { return std::future::pending().await };
        // One that nobody can prolong is lost as well.
        lost.wait_for(|lost| *lost).await.ok();
    }

    /// Whether both come from the same holding.
    pub(super) fn is_of(&self, lost: &watch::Sender<bool>) -> bool {
        self.lost.as_ref().is_some_and(|ours| ours.same_channel(&lost.subscribe()))
    }
}
