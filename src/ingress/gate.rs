//! How much is worked on at once, measured in bytes of bodies: what anybody may make us hold before
//! he has proven who he is, is bounded.

use super::Rejection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All bodies at work together.
const ROOM_KIB: u32 = 512 * 1024;

/// Counts the bodies at work.
#[derive(Debug)]
pub(super) struct Gate {
    room: Arc<Semaphore>,
    shut: AtomicBool,
}

/// One body at work; dropped when it is answered.
pub(super) type Pass = OwnedSemaphorePermit;

impl Gate {
    pub(super) fn new() -> Self {
        Self { room: Arc::new(Semaphore::new(ROOM_KIB as usize)), shut: AtomicBool::new(false) }
    }

    /// Lets a body of so many bytes in, if there is room and the gate is open.
    pub(super) fn enter(&self, bytes: u64) -> Result<Pass, Rejection> {
        if self.shut.load(Ordering::Acquire) {
            return Err(Rejection::Unavailable);
        }
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(ROOM_KIB).min(ROOM_KIB);
        Arc::clone(&self.room).try_acquire_many_owned(kib).map_err(|_| Rejection::Unavailable)
    }

    /// Lets nobody in from now on.
    pub(super) fn shut(&self) {
        self.shut.store(true, Ordering::Release);
    }

    /// Lets nobody in from now on; ready when all that are in have left.
    pub(super) async fn empty(&self) {
        self.shut();
        // Whoever waits for all the room is served before anybody who comes later.
        let _all = self.room.acquire_many(ROOM_KIB).await;
        self.room.close();
    }

    /// Lets nobody in from now on, whoever is still in.
    pub(super) fn close(&self) {
        self.room.close();
    }
}
