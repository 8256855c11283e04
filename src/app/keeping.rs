//! Keeps what is watched in the journal, so that a restart goes on with it.

use super::line::Grounds;
use std::time::Duration;

/// A process that is killed forgets so much of the cutover record, and of nothing else.
const EVERY: Duration = Duration::from_secs(2);

/// Keeps what has changed, again and again.
pub(super) async fn keep_on(grounds: Grounds) {
    loop {
        tokio::time::sleep(EVERY).await;
        keep(&grounds).await;
    }
}

/// Keeps what has changed since the last time; without a journal it is forgotten.
pub(super) async fn keep(grounds: &Grounds) {
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
