//! What arrived, written down: each webhook that was proven and readable, one JSON object a line, for
//! `replay` and `translate`. Opt-in, and never in the way of a webhook: [`Capture::write`] neither
//! waits nor fails. It knows nothing of what is inside a body; `redact` does.

mod left_out;
mod line;
mod recorder;

pub use line::Line;

use crate::clock;
use crate::event::rfc3339;
use crate::format::Format;
use crate::headers::goes_along;
use crate::lock::lock;
use crate::redact::Redactor;
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use left_out::LeftOut;
use recorder::Recorder;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Whoever may read what arrived is its owner alone.
const MODE: u32 = 0o600;
/// What may wait to be written.
const WAITING_MAX_LINES: usize = 4096;
const WAITING_MAX_BYTES: usize = 64 << 20;
/// How long the end waits for what still waits.
const END_PATIENCE: Duration = Duration::from_secs(5);
const END_POLL: Duration = Duration::from_millis(5);

/// Where webhooks are written down.
#[derive(Debug, Clone)]
pub struct Capture {
    arrivals: SyncSender<Arrival>,
    state: Arc<State>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// A webhook on its way to the file.
#[derive(Debug)]
struct Arrival {
    at: String,
    source: Format,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

/// What both sides of the channel know.
#[derive(Debug, Default)]
struct State {
    /// Bytes in the channel.
    waiting: AtomicUsize,
    ending: AtomicBool,
    left_out: Mutex<LeftOut>,
}

impl State {
    fn left_out(&self) -> MutexGuard<'_, LeftOut> {
        lock(&self.left_out)
    }
}

impl Arrival {
    fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        self.path.len() + self.body.len() + headers.sum::<usize>()
    }
}

impl Capture {
    /// Opens the file, to be appended to, and starts the thread that writes. With a redactor what is
    /// personal never reaches the file.
    ///
    /// # Errors
    /// A file that cannot be opened, or not be kept to its owner.
    pub fn open(path: &Path, redactor: Option<Redactor>) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).mode(MODE).open(path);
        // What can only be written to, such as a device, is good enough.
        let file = file.or_else(|_| OpenOptions::new().append(true).create(true).mode(MODE).open(path))?;
        if file.metadata()?.is_file() {
            file.set_permissions(Permissions::from_mode(MODE))?;
        }
        Self::start(file, redactor)
    }

    fn start(file: File, redactor: Option<Redactor>) -> io::Result<Self> {
        let (arrivals, inbox) = sync_channel(WAITING_MAX_LINES);
        let state = Arc::new(State::default());
        let recorder = Recorder::new(file, redactor, Arc::clone(&state));
        let thread = thread::Builder::new().name("capture".to_owned()).spawn(move || recorder.run(&inbox))?;
        Ok(Self { arrivals, state, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Writes a webhook down, or leaves it out where the file does not keep up.
    pub fn write(&self, source: Format, path: &str, request: &HeaderMap, body: &Bytes) {
        let arrival = Arrival {
            at: rfc3339(&clock::unix_seconds().to_string()).unwrap_or_default(),
            source,
            path: path.to_owned(),
            headers: kept_headers(request),
            body: body.clone(),
        };
        let bytes = arrival.bytes();
        let before = self.state.waiting.fetch_add(bytes, Ordering::Relaxed);
        let has_room = before.saturating_add(bytes) <= WAITING_MAX_BYTES;
        if !has_room || self.arrivals.try_send(arrival).is_err() {
            self.state.waiting.fetch_sub(bytes, Ordering::Relaxed);
            // Said from here too: the thread may be stuck in a write.
            let mut left_out = self.state.left_out();
            left_out.add(None);
            left_out.say_when_due();
        }
    }

    /// Ends when everything that waits is written, or after a few seconds. Nothing is written after it.
    pub fn finish(&self) {
        self.state.ending.store(true, Ordering::Relaxed);
        let thread = lock(&self.thread).take();
        let Some(thread) = thread else { return };
        let deadline = Instant::now() + END_PATIENCE;
        while !thread.is_finished() && Instant::now() < deadline {
            thread::sleep(END_POLL);
        }
        if !thread.is_finished() {
            self.state.left_out().say();
            tracing::warn!("capture: what still waited was not written in time");
        }
    }
}

/// The headers that say what was sent and for whom; what proves the sender by itself is not among them.
fn kept_headers(request: &HeaderMap) -> Vec<(String, String)> {
    let text =
        |(name, value): (&HeaderName, &HeaderValue)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()));
    request.iter().filter(|(name, _)| goes_along(name, true)).filter_map(text).collect()
}
