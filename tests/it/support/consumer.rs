//! A consumer on a real socket: it writes down every request byte for byte and answers as told.

mod reply;
mod serve;

pub(crate) use reply::{Faults, Reply};

use super::eventually;
use super::http::Headers;
use socket2::{Domain, Socket, Type};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    /// When it had been read.
    pub(crate) at: Instant,
    /// When the consumer was through with it, or its client had gone.
    pub(crate) ended: Option<Instant>,
    pub(crate) taken: Taken,
}

/// Whether a request was answered with a 2xx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Yes,
    /// It was, and the answer may have been lost.
    Perhaps,
    No,
}

impl Taken {
    /// What these bytes tell their reader before the connection breaks.
    fn by(bytes: &[u8]) -> Self {
        let has_head = bytes.windows(4).any(|window| window == b"\r\n\r\n");
        if has_head && bytes.starts_with(b"HTTP/1.1 2") { Taken::Perhaps } else { Taken::No }
    }
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
    /// Its port, while nobody listens there.
    absent: Mutex<Option<Socket>>,
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
    faults: Option<Faults>,
    otherwise: Reply,
    released: bool,
    hung_up: bool,
    at_once: usize,
    most_at_once: usize,
    connections: usize,
    resets: usize,
}

impl Default for State {
    fn default() -> Self {
        let otherwise = Reply::status(200);
        Self {
            seen: Vec::new(),
            next: VecDeque::new(),
            faults: None,
            otherwise,
            released: false,
            hung_up: false,
            at_once: 0,
            most_at_once: 0,
            connections: 0,
            resets: 0,
        }
    }
}

impl State {
    fn next_reply(&mut self) -> Reply {
        let fault = |state: &mut Self| state.faults.as_mut().and_then(Faults::draw);
        self.next.pop_front().or_else(|| fault(self)).unwrap_or_else(|| self.otherwise.clone())
    }

    /// Writes a request down; its place.
    fn begin(&mut self, request: Recorded) -> usize {
        self.seen.push(request);
        self.at_once += 1;
        self.most_at_once = self.most_at_once.max(self.at_once);
        self.seen.len() - 1
    }

    fn end(&mut self, place: usize, taken: Taken) {
        self.at_once -= 1;
        if let Some(request) = self.seen.get_mut(place) {
            (request.ended, request.taken) = (Some(Instant::now()), taken);
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
        let consumer = Self::at(listener.local_addr().unwrap(), None);
        consumer.accept(listener, wrap);
        consumer
    }

    /// One that refuses connections until it arrives.
    pub(crate) fn absent() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // Bound, so that nobody else gets the port, and not listening.
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
        let address = socket.local_addr().unwrap().as_socket().expect("an IP address");
        Self::at(address, Some(socket))
    }

    /// It takes connections from now on.
    pub(crate) fn arrive(&self) {
        let socket = self.absent.lock().unwrap().take().expect("it was absent");
        socket.listen(128).unwrap();
        self.accept(socket.into(), Arc::new(|socket| Ok(Box::new(socket))));
    }

    fn at(address: SocketAddr, absent: Option<Socket>) -> Self {
        Self { address, shared: Arc::default(), absent: Mutex::new(absent) }
    }

    fn accept(&self, listener: TcpListener, wrap: Wrap) {
        let accepting = Arc::clone(&self.shared);
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (shared, wrap) = (Arc::clone(&accepting), Arc::clone(&wrap));
                shared.lock().connections += 1;
                // A connection that breaks is what many tests are about.
                thread::spawn(move || shared.serve(socket, &wrap).ok());
            }
        });
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

    /// From now on some of its replies are faults, before what it was told otherwise; `None` ends that.
    pub(crate) fn misbehave(&self, faults: Option<Faults>) {
        self.shared.lock().faults = faults;
    }

    /// Lets go of all requests that are on [`Reply::Hold`].
    pub(crate) fn release(&self) {
        self.shared.lock().released = true;
        self.shared.changed.notify_all();
    }

    /// Closes the connections of all requests that are on [`Reply::Hold`].
    pub(crate) fn hang_up(&self) {
        self.shared.lock().hung_up = true;
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

    /// How many requests were reset before they were read.
    pub(crate) fn resets(&self) -> usize {
        self.shared.lock().resets
    }

    /// How many connections were opened.
    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().connections
    }
}
