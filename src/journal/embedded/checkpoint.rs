//! Checkpoints: what SQLite's log holds goes into the file, beside the accept path.
//!
//! A thread with a connection of its own does nearly all of it. The writer does the small rest in a
//! moment when nothing is appended, so that the log begins anew and stays short.

use super::open;
use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;
use std::path::Path;
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

const IDLE: u8 = 0;
const AT_WORK: u8 = 1;
const DONE: u8 = 2;

/// The writer's side of it.
#[derive(Debug)]
pub(super) struct Checkpointer {
    /// Pages in the log.
    pages: Arc<AtomicI32>,
    stage: Arc<AtomicU8>,
    order: mpsc::Sender<()>,
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
        let stage = Arc::new(AtomicU8::new(IDLE));
        let (order, orders) = mpsc::channel::<()>();
        let (beside, at) = (open::connect(path)?, Arc::clone(&stage));
        let work = move || {
            while orders.recv().is_ok() {
                checkpoint(&beside);
                at.store(DONE, Ordering::Release);
            }
        };
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(work);
        if let Err(error) = &thread {
            tracing::warn!(%error, "no thread for checkpoints: the journal makes them itself");
        }
        Ok(Self { pages, stage, order, thread: thread.ok(), most_pages })
    }

    /// Whether the log is long enough for a checkpoint to be worth its fsync.
    pub(super) fn is_due(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= self.most_pages / 4
    }

    /// Called by the writer between two transactions while a checkpoint is due.
    pub(super) fn go_on(&self, db: &Connection) {
        if self.pages.load(Ordering::Relaxed) >= self.most_pages {
            return self.finish(db);
        }
        match self.stage.load(Ordering::Acquire) {
            IDLE => {
                self.stage.store(AT_WORK, Ordering::Release);
                if self.order.send(()).is_err() {
                    self.finish(db);
                }
            }
            DONE => self.finish(db),
            _ => {}
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
    pub(super) fn finish(&self, db: &Connection) {
        checkpoint(db);
        self.pages.store(0, Ordering::Relaxed);
        // One that is still at work beside us ends by itself.
        let _was_done = self.stage.compare_exchange(DONE, IDLE, Ordering::AcqRel, Ordering::Acquire).is_ok();
    }
}

fn checkpoint(db: &Connection) {
    if let Err(error) = db.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE) {
        tracing::debug!(%error, "no checkpoint");
    }
}
