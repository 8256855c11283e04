//! SIGHUP and SIGTERM while webhooks come in: none is lost, and none is refused for a reload.

mod consumers;
mod refused;
mod secrets;
mod stop;

use crate::support::load::{Sender, Tally, Target};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const SENDERS: usize = 4;
const CONVERSATIONS_OF_EACH: usize = 5;

/// Does something while webhooks come in, as fast as they are answered.
fn under_load<T>(target: &Target, tally: &Tally, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            let over = &over;
            scope.spawn(move || {
                let mut sender = Sender::new(7, sender * CONVERSATIONS_OF_EACH, CONVERSATIONS_OF_EACH);
                while !over.load(Ordering::Relaxed) && sender.post(target, tally, &|| false) {}
            });
        }
        let done = work();
        over.store(true, Ordering::Relaxed);
        done
    })
}

/// Waits until so many more webhooks were accepted.
fn accepts(tally: &Tally, more: usize) {
    let accepted = || tally.accepted.load(Ordering::Relaxed);
    let before = accepted();
    crate::support::eventually("webhooks are accepted", || (accepted() >= before + more).then_some(()));
}
