//! HTTP/1.1 by hand: what goes over the wire is exactly what a test wrote.

use super::PATIENCE;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A request while it is written.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    target: String,
    host: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// Header fields in the order they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

impl Headers {
    /// The one value of a field; a field that stands twice is a mistake nobody asked for.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found =
            self.0.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
        let first = found.next();
        assert_eq!(found.next(), None, "{name} stands twice");
        first
    }

    /// All names in lower case, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names
    }

    fn parse(head: &str) -> Self {
        let field = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        Self(head.split("\r\n").skip(1).filter_map(field).collect())
    }
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let host = "localhost".to_owned();
        Self { method: method.to_owned(), target: target.to_owned(), host, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A webhook.
    pub(crate) fn post(target: &str, body: impl AsRef<[u8]>) -> Self {
        let mut request = Self::new("POST", target).header("Content-Type", "application/json");
        request.body = body.as_ref().to_vec();
        request
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Calls the server by its address, as on the same machine.
    pub(crate) fn by_address(mut self, address: SocketAddr) -> Self {
        self.host = address.to_string();
        self
    }

    /// Its bytes, for a connection that ends with the answer.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self { method, target, host, .. } = self;
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it and reads the answer.
    pub(crate) fn send(&self, to: SocketAddr) -> Answer {
        exchange(&mut connect(to), &self.bytes())
    }

    /// The same where nobody may be there, or hang up before the answer.
    pub(crate) fn try_send(&self, to: SocketAddr) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&self.bytes())?;
        read_answer(&mut stream)
    }
}

/// A connection that gives up rather than hang a test.
pub(crate) fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("a listener");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends bytes as they are and reads one answer.
pub(crate) fn exchange(stream: &mut (impl Read + Write), bytes: &[u8]) -> Answer {
    stream.write_all(bytes).and_then(|()| stream.flush()).expect("sent");
    read_answer(stream).expect("an answer")
}

/// The same in pieces of a few bytes, each a packet of its own.
pub(crate) fn exchange_in_pieces(stream: &mut TcpStream, bytes: &[u8], size: usize) -> Answer {
    for piece in bytes.chunks(size) {
        stream.write_all(piece).expect("sent");
        std::thread::yield_now();
    }
    read_answer(stream).expect("an answer")
}

/// Reads one answer with its body.
pub(crate) fn read_answer(stream: &mut impl Read) -> io::Result<Answer> {
    let head = String::from_utf8(read_head(stream)?).map_err(io::Error::other)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let headers = Headers::parse(&head);
    let body = read_body(stream, &headers)?;
    Ok(Answer { status: status.ok_or_else(|| io::Error::other(head))?, headers, body })
}

/// Everything up to and with the empty line.
pub(crate) fn read_head(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(head)
}

/// A body of known length.
pub(crate) fn read_body(stream: &mut impl Read, headers: &Headers) -> io::Result<Vec<u8>> {
    assert_eq!(headers.get("transfer-encoding"), None, "nobody here sends chunks");
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// The parts of a request that came in.
pub(crate) fn parse_head(head: &[u8]) -> (String, String, Headers) {
    let head = String::from_utf8(head.to_vec()).expect("a head is ASCII");
    let mut line = head.split("\r\n").next().unwrap_or_default().split(' ').map(str::to_owned);
    (line.next().unwrap_or_default(), line.next().unwrap_or_default(), Headers::parse(&head))
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }
}
