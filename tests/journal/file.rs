//! The file of the embedded journal: of which version, whose, in what state, in whose hands.

/// Files of other programs, and damaged ones.
mod damage;
/// One process at a time, and nobody else reads it.
mod hold;
/// What several consumers share.
mod shared;
/// Files of other versions.
mod versions;

use crate::bench::{Terms, embedded};
use cutover::journal::{Embedded, Journal, OpenError};
use std::path::Path;

fn open(path: &Path) -> Result<Embedded, OpenError> {
    embedded(path.to_owned(), Terms::default())
}

/// Why it cannot be opened.
fn refusal(path: &Path) -> OpenError {
    match open(path) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

/// Opens it, does something with it, and closes it in order.
fn with(path: &Path, work: impl AsyncFnOnce(&Journal)) {
    let journal = Journal::Embedded(open(path).unwrap());
    crate::bench::runtime().block_on(async {
        work(&journal).await;
        journal.close().await;
    });
}
