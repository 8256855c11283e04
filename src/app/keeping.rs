//! Keeps what is watched in the journal, so that a restart goes on with it.

use crate::journal::Journal;
use crate::watch::Watch;
use std::sync::Arc;
use std::time::Duration;

/// A process that is killed forgets so much of the cutover record, and of nothing else.
const EVERY: Duration = Duration::from_secs(2);

/// Keeps what has changed, again and again.
pub(super) async fn keep_on(watch: Arc<Watch>, journal: Journal) {
    loop {
        tokio::time::sleep(EVERY).await;
        keep(&watch, &journal).await;
    }
}

/// Keeps what has changed since the last time.
pub(super) async fn keep(watch: &Watch, journal: &Journal) {
    let changed = watch.changed();
    if changed.is_empty() {
        return;
    }
    if let Err(trouble) = journal.keep(changed).await {
        // Webhooks are told of the journal's trouble; this is only tried again.
        tracing::debug!(%trouble, "the cutover record is not kept yet");
        watch.has_not_been_kept();
    }
}
