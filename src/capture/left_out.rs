//! Lines that are not in the file, and saying so: once a burst, not once a line.

use std::io;
use std::time::{Duration, Instant};

/// Lines that were left out are gathered for so long before they are said, ...
const GATHER: Duration = Duration::from_secs(1);
/// ... and not said again for so long.
const QUIET: Duration = Duration::from_secs(30);

/// What has not been said yet.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    lines: u64,
    error: Option<io::Error>,
    since: Option<Instant>,
    said: Option<Instant>,
}

impl LeftOut {
    /// One more; without an error the file did not keep up.
    pub(super) fn add(&mut self, error: Option<io::Error>) {
        self.lines += 1;
        self.error = error.or(self.error.take());
        self.since.get_or_insert_with(Instant::now);
    }

    pub(super) fn say_when_due(&mut self) {
        let gathered = self.since.is_some_and(|since| since.elapsed() >= GATHER);
        let quiet = self.said.is_none_or(|said| said.elapsed() >= QUIET);
        if gathered && quiet {
            self.say();
        }
    }

    pub(super) fn say(&mut self) {
        if self.lines == 0 {
            return;
        }
        let reason =
            self.error.take().map_or_else(|| "the file does not keep up".to_owned(), |error| error.to_string());
        tracing::warn!(lines = self.lines, reason, "capture: webhooks were taken but not written down");
        *self = Self { said: Some(Instant::now()), ..Self::default() };
    }
}
