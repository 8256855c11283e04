//! A consumer on a real socket: it writes down every request byte for byte and answers as told.

use super::http::{self, Headers};
use super::{PATIENCE, eventually};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// What a consumer does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Answers with this status, these headers and a body.
    Status(u16, Vec<(&'static str, String)>),
    /// Answers 200 after a while.
    Late(Duration),
    /// Answers 200 once [`Consumer::release`] was called; never, where it is not.
    Hold,
    /// Closes the connection instead of answering.
    Close,
    /// Resets the connection without reading the request, which is therefore not written down.
    Reset,
    /// Sends these bytes and closes the connection.
    Bytes(&'static [u8]),
    /// Sends these bytes and nothing more, with the connection left open.
    Stall(&'static [u8]),
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Reply::Status(status, Vec::new())
    }

    pub(crate) fn with(status: u16, header: &'static str, value: &str) -> Self {
        Reply::Status(status, vec![(header, value.to_owned())])
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// A header that must be there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers.names()))
    }
}

/// How a consumer wraps the connections it accepts.
type Wrap = Arc<dyn Fn(TcpStream) -> io::Result<Box<dyn Stream>> + Send + Sync>;

/// A connection, with TLS or without.
pub(crate) trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// The consumer. Its threads end with the test's process.
pub(crate) struct Consumer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    seen: Vec<Recorded>,
    /// Replies to the next requests; after them always `otherwise`.
    next: VecDeque<Reply>,
    otherwise: Reply,
    released: bool,
    at_once: usize,
    most_at_once: usize,
    connections: usize,
}

impl Default for State {
    fn default() -> Self {
        let otherwise = Reply::status(200);
        Self {
            seen: Vec::new(),
            next: VecDeque::new(),
            otherwise,
            released: false,
            at_once: 0,
            most_at_once: 0,
            connections: 0,
        }
    }
}

impl Consumer {
    /// A consumer that answers 200.
    pub(crate) fn start() -> Self {
        Self::wrapped(Arc::new(|socket| Ok(Box::new(socket))))
    }

    /// One that always replies like this.
    pub(crate) fn replying(reply: Reply) -> Self {
        let consumer = Self::start();
        consumer.reply(reply);
        consumer
    }

    /// One whose connections are wrapped first.
    pub(crate) fn wrapped(wrap: Wrap) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (shared, wrap) = (Arc::clone(&accepting), Arc::clone(&wrap));
                shared.lock().connections += 1;
                // A connection that breaks is what many tests are about.
                thread::spawn(move || shared.serve(socket, &wrap).ok());
            }
        });
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it takes webhooks.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/webhook", self.address)
    }

    /// Its `[[consumer]]`; `more` are further lines of the table.
    pub(crate) fn section(&self, name: &str, format: &str, more: &str) -> String {
        format!("[[consumer]]\nname = \"{name}\"\nurl = \"{}\"\nformat = \"{format}\"\n{more}\n", self.url())
    }

    /// From now on it replies like this.
    pub(crate) fn reply(&self, reply: Reply) {
        self.shared.lock().otherwise = reply;
    }

    /// To its next requests it replies like this, in turn.
    pub(crate) fn reply_next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.lock().next.extend(replies);
    }

    /// Lets go of all requests that are on [`Reply::Hold`].
    pub(crate) fn release(&self) {
        self.shared.lock().released = true;
        self.shared.changed.notify_all();
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.lock().seen.clone()
    }

    /// The requests, once there are so many; more are a mistake.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Recorded> {
        let requests =
            eventually("requests at the consumer", || Some(self.requests()).filter(|all| all.len() >= count));
        assert_eq!(requests.len(), count);
        requests
    }

    /// The one request there was.
    pub(crate) fn only(&self) -> Recorded {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "one request");
        requests.remove(0)
    }

    /// How many requests were at work at the same time, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.lock().most_at_once
    }

    /// How many connections were opened.
    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().connections
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics with the lock")
    }

    fn serve(&self, socket: TcpStream, wrap: &Wrap) -> io::Result<()> {
        let peek = socket.try_clone()?;
        let mut stream = wrap(socket)?;
        loop {
            if peek.peek(&mut [0])? == 0 {
                return Ok(());
            }
            let reply = {
                let mut state = self.lock();
                state.next.pop_front().unwrap_or_else(|| state.otherwise.clone())
            };
            if matches!(reply, Reply::Reset) {
                // Closing with unread bytes resets the connection.
                return Ok(());
            }
            let head = http::read_head(&mut stream)?;
            let (method, target, headers) = http::parse_head(&head);
            let body = http::read_body(&mut stream, &headers)?;
            self.begin(Recorded { method, target, headers, body });
            let done = self.answer(&mut stream, reply);
            self.lock().at_once -= 1;
            if done? {
                return Ok(());
            }
        }
    }

    fn begin(&self, request: Recorded) {
        let mut state = self.lock();
        state.seen.push(request);
        state.at_once += 1;
        state.most_at_once = state.most_at_once.max(state.at_once);
    }

    /// Whether the connection is to be closed.
    fn answer(&self, stream: &mut Box<dyn Stream>, reply: Reply) -> io::Result<bool> {
        match reply {
            Reply::Status(status, headers) => respond(stream, status, &headers),
            Reply::Late(delay) => {
                thread::sleep(delay);
                respond(stream, 200, &[])
            }
            Reply::Hold => {
                let held = self.changed.wait_timeout_while(self.lock(), PATIENCE, |state| !state.released);
                drop(held);
                respond(stream, 200, &[])
            }
            Reply::Close | Reply::Reset => Ok(true),
            Reply::Bytes(bytes) => stream.write_all(bytes).and_then(|()| stream.flush()).map(|()| true),
            Reply::Stall(bytes) => {
                stream.write_all(bytes)?;
                stream.flush()?;
                drop(self.changed.wait_timeout_while(self.lock(), PATIENCE, |state| !state.released));
                Ok(true)
            }
        }
    }
}

fn respond(stream: &mut Box<dyn Stream>, status: u16, headers: &[(&str, String)]) -> io::Result<bool> {
    let mut head = format!("HTTP/1.1 {status} Told\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let (length, body) = if status == 204 { ("", "") } else { ("Content-Length: 8\r\n", "consumer") };
    stream.write_all(format!("{head}{length}\r\n{body}").as_bytes())?;
    stream.flush()?;
    Ok(false)
}
