//! The thread that writes: lines whole or not at all, whatever the disk does.

use super::{Arrival, Line, State};
use crate::headers;
use crate::redact::Redactor;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How often it looks up when nothing arrives.
const TICK: Duration = Duration::from_millis(50);
pub(super) struct Recorder {
    file: File,
    redactor: Option<Redactor>,
    state: Arc<State>,
    /// The file may end in part of a line.
    torn: bool,
}

impl Recorder {
    pub(super) fn new(mut file: File, redactor: Option<Redactor>, state: Arc<State>) -> Self {
        let torn = ends_torn(&mut file);
        Self { file, redactor, state, torn }
    }

    /// Writes until the end is announced and nothing waits any more.
    pub(super) fn run(mut self, inbox: &Receiver<Arrival>) {
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(arrival) => self.take(arrival),
                Err(RecvTimeoutError::Timeout) if !self.state.ending.load(Ordering::Relaxed) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
            self.state.left_out().say_when_due();
        }
        self.state.left_out().say();
    }

    fn take(&mut self, arrival: Arrival) {
        self.state.waiting.fetch_sub(arrival.bytes(), Ordering::Relaxed);
        let Arrival { at, source, path, headers, body } = arrival;
        // What was readable is text.
        let line =
            std::str::from_utf8(&body).ok().map(|body| Line { at, source, path, headers, body: body.to_owned() });
        let line = match &self.redactor {
            Some(redactor) => line.and_then(|line| line.redacted(redactor, is_signature)),
            None => line,
        };
        let written = line.map_or(Err(io::ErrorKind::InvalidData.into()), |line| self.append(&line.print()));
        if let Err(error) = written {
            self.state.left_out().add(Some(error));
        }
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        let text = [if self.torn { "\n" } else { "" }, line, "\n"].concat();
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let error = match self.file.write(rest) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(bytes) => {
                    rest = rest.get(bytes..).unwrap_or_default();
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            if rest.len() < text.len() {
                self.take_back(text.len() - rest.len());
            }
            return Err(error);
        }
        self.torn = false;
        Ok(())
    }

    /// Takes back the part of a line that was written, where nothing was written behind it; else the
    /// next line begins on a new one.
    fn take_back(&mut self, bytes: usize) {
        self.torn = true;
        let (ours, end) = (self.file.stream_position(), self.file.seek(SeekFrom::End(0)));
        if let (Ok(ours), Ok(end)) = (ours, end)
            && ours == end
            && self.file.set_len(end.saturating_sub(bytes as u64)).is_ok()
        {
            self.torn = ends_torn(&mut self.file);
        }
    }
}

fn is_signature(name: &str) -> bool {
    headers::SIGNATURES.iter().any(|signature| signature.as_str() == name)
}

/// Whether a file ends in the middle of a line, as a crash may leave it; `false` where that cannot be read.
fn ends_torn(file: &mut File) -> bool {
    let mut last = [b'\n'];
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    is_file && file.seek(SeekFrom::End(-1)).is_ok() && file.read_exact(&mut last).is_ok() && last != [b'\n']
}
