//! Keeps what is watched in the journal, so that a restart goes on with it.

use super::line::Grounds;
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// A process that is killed forgets so much of the cutover record, and of nothing else.
const EVERY: Duration = Duration::from_secs(2);

/// Keeps what has changed, again and again, and once more when it is told to stop: what is on its way to
/// the journal then is not broken off.
pub(super) async fn keep_on(grounds: Grounds, mut stopped: Receiver<bool>) {
    // A closed channel means that the app is gone: stop as well.
    while tokio::time::timeout(EVERY, stopped.wait_for(|stopped| *stopped)).await.is_err() {
        keep(&grounds).await;
    }
    // A disk that does not answer holds nobody up for this.
    tokio::time::timeout(EVERY, keep(&grounds)).await.ok();
}

/// Keeps what has changed since the last time; without a journal it is forgotten.
async fn keep(grounds: &Grounds) {
    let Some(journal) = &grounds.journal else { return };
    let changed = grounds.watch.changed();
    if changed.is_empty() {
        return;
    }
    if let Err(trouble) = journal.keep(changed).await {
        // Webhooks are told of the journal's trouble; this is only tried again.
        tracing::debug!(%trouble, "the cutover record is not kept yet");
        grounds.watch.has_not_been_kept();
    }
}
