//! Checkpoints: what SQLite's log holds goes into the file, beside the accept path.
//!
//! A thread with a connection of its own does nearly all of it. The writer does the small rest in a
//! moment when nothing is appended, so that the log begins anew and stays short.

use super::open;
use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

/// The writer's side of it.
#[derive(Debug)]
pub(super) struct Checkpointer {
    /// Pages in the log.
    pages: Arc<AtomicI32>,
    order: mpsc::Sender<()>,
    done: mpsc::Receiver<()>,
    is_at_work: bool,
    thread: Option<JoinHandle<()>>,
    /// From so many pages on the writer does all of it, however long that takes: the log is bounded.
    most_pages: i32,
}

impl Checkpointer {
    /// With a log that may have no more pages than this, nothing larger than a few webhooks is taken.
    pub(super) const LEAST_PAGES: i32 = 64;

    /// Starts the thread; `db` is the writer's connection, and the log may have `most_pages`.
    pub(super) fn start(path: &Path, db: &mut Connection, most_pages: i32) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicI32::new(0));
        let counted = Arc::clone(&pages);
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            counted.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        let (order, orders) = mpsc::channel::<()>();
        let (tell, done) = mpsc::channel();
        let beside = open::connect(path)?;
        let work = move || {
            while orders.recv().is_ok() {
                checkpoint(&beside);
                if tell.send(()).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(work);
        if let Err(error) = &thread {
            tracing::warn!(%error, "no thread for checkpoints: the journal makes them itself");
        }
        Ok(Self { pages, order, done, is_at_work: false, thread: thread.ok(), most_pages })
    }

    /// Whether the log is long enough for a checkpoint to be worth its fsync.
    pub(super) fn is_due(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= self.most_pages / 4
    }

    /// Whether the log has all the pages it may have: nothing it held could be brought into the file.
    pub(super) fn is_overdue(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= self.most_pages
    }

    /// Called by the writer between two transactions while a checkpoint is due.
    pub(super) fn go_on(&mut self, db: &Connection) {
        let is_done = self.is_at_work && self.done.try_recv() != Err(mpsc::TryRecvError::Empty);
        if is_done {
            self.is_at_work = false;
        }
        if is_done || self.is_overdue() {
            self.finish(db);
        } else if !self.is_at_work {
            self.is_at_work = self.order.send(()).is_ok();
            if !self.is_at_work {
                self.finish(db);
            }
        }
    }

    /// Ends the thread, and with it its connection.
    pub(super) fn stop(self) {
        drop(self.order);
        if self.thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::debug!("the thread for checkpoints had ended before");
        }
    }

    /// All of it, by the writer, between two transactions.
    ///
    /// Only one at a time can do it, so the thread is waited for: a writer that went on beside a slow one
    /// would let the log grow until it has the room that the file needs for what the log holds.
    pub(super) fn finish(&mut self, db: &Connection) {
        if std::mem::take(&mut self.is_at_work) && self.done.recv().is_err() {
            tracing::debug!("the thread for checkpoints has ended");
        }
        if checkpoint(db) {
            self.pages.store(0, Ordering::Relaxed);
        }
    }
}

/// Whether all of the log is in the file now.
fn checkpoint(db: &Connection) -> bool {
    match db.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE) {
        Ok((in_log, in_file)) => in_log == in_file,
        Err(error) => {
            tracing::debug!(%error, "no checkpoint");
            false
        }
    }
}
