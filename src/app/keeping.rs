//! Keeps what is watched in the journal, so that a restart goes on with it.

use crate::journal::Journal;
use crate::watch::Watch;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// A process that is killed forgets so much of the cutover record, and of nothing else.
const EVERY: Duration = Duration::from_secs(2);

/// So many numbers are kept at once: a record takes some kilobytes, and webhooks wait for the same disk.
const MOST: usize = 64;

/// The task that keeps what has changed, again and again.
pub(super) struct Keeping {
    stop: Sender<bool>,
    task: JoinHandle<()>,
}

impl Keeping {
    pub(super) fn begin(watch: Arc<Watch>, journal: Journal) -> Self {
        let (stop, stopped) = channel(false);
        Self { stop, task: tokio::spawn(keep_on(watch, journal, stopped)) }
    }

    /// Keeps everything once more. What is on its way to the journal is not broken off.
    pub(super) async fn end(self) {
        self.stop.send_replace(true);
        // A panic of it has been reported already.
        self.task.await.ok();
    }
}

async fn keep_on(watch: Arc<Watch>, journal: Journal, mut stopped: Receiver<bool>) {
    // A closed channel means that the app is gone: stop as well.
    while tokio::time::timeout(EVERY, stopped.wait_for(|stopped| *stopped)).await.is_err() {
        keep(&watch, &journal, MOST).await;
    }
    // A disk that does not answer holds nobody up for this.
    tokio::time::timeout(EVERY, keep(&watch, &journal, usize::MAX)).await.ok();
}

/// Keeps what has changed since the last time, of so many numbers at most.
async fn keep(watch: &Watch, journal: &Journal, most: usize) {
    let changed = watch.changed(most);
    if changed.is_empty() {
        return;
    }
    if let Err(trouble) = journal.keep(changed).await {
        // Webhooks are told of the journal's trouble; this is only tried again.
        tracing::debug!(%trouble, "the cutover record is not kept yet");
        watch.has_not_been_kept();
    }
}
