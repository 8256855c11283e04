//! A consumer's side of its connections: requests are read, written down and answered as told.

use super::reply::Reply;
use super::{Recorded, Shared, State, Stream, Taken, Wrap};
use crate::support::{PATIENCE, http};
use std::io;
use std::net::TcpStream;
use std::sync::MutexGuard;
use std::thread;
use std::time::{Duration, Instant};

/// How often a reply that waits looks whether its client is still there.
const LOOK: Duration = Duration::from_millis(5);
/// Between two bytes of an answer that drips.
const DRIP: Duration = Duration::from_millis(2);
/// More than the proxy reads of an answer.
const OVERSIZED_BYTES: usize = 1 << 20;

/// A connection while it is served.
struct Line {
    stream: Box<dyn Stream>,
    raw: TcpStream,
    /// The place of the request at work.
    place: usize,
    told: bool,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics with the lock")
    }

    pub(super) fn serve(&self, socket: TcpStream, wrap: &Wrap) -> io::Result<()> {
        let raw = socket.try_clone()?;
        let mut line = Line { stream: wrap(socket)?, raw, place: 0, told: false };
        loop {
            if line.raw.peek(&mut [0])? == 0 {
                return Ok(());
            }
            let reply = self.lock().next_reply();
            if matches!(reply, Reply::Reset) {
                self.lock().resets += 1;
                // Closing with unread bytes resets the connection.
                return Ok(());
            }
            let head = http::read_head(&mut line.stream)?;
            let (method, target, headers) = http::parse_head(&head);
            let body = http::read_body(&mut line.stream, &headers)?;
            let at = Instant::now();
            let request = Recorded { method, target, headers, body, at, ended: None, taken: Taken::No };
            let reply = reply.resolved(&request);
            line.place = self.lock().begin(request);
            line.told = false;
            let done = self.answer(&mut line, reply);
            self.tell(&mut line, Taken::No);
            if done? {
                return Ok(());
            }
        }
    }

    /// Writes down what an attempt comes to. Called before the bytes that say so are sent: whoever
    /// reads them finds it written.
    fn tell(&self, line: &mut Line, taken: Taken) {
        if !line.told {
            line.told = true;
            self.lock().end(line.place, taken);
        }
    }

    /// Whether the connection is to be closed.
    fn answer(&self, line: &mut Line, reply: Reply) -> io::Result<bool> {
        match reply {
            Reply::Status(status, headers) => {
                self.tell(line, if (200..300).contains(&status) { Taken::Yes } else { Taken::No });
                respond(&mut line.stream, status, &headers)
            }
            Reply::Late(delay) => {
                self.wait(line, delay, false)?;
                self.say_ok(line)
            }
            Reply::Hold => {
                self.wait(line, PATIENCE, true)?;
                self.say_ok(line)
            }
            Reply::Close => Ok(true),
            Reply::Reset | Reply::ResetRead => {
                self.tell(line, Taken::No);
                reset(&line.raw)
            }
            Reply::Bytes(bytes) => {
                self.tell(line, Taken::by(bytes));
                line.stream.write_all(bytes).and_then(|()| line.stream.flush()).map(|()| true)
            }
            Reply::Stall(bytes) => {
                if Taken::by(bytes) == Taken::Perhaps {
                    self.tell(line, Taken::Perhaps);
                }
                line.stream.write_all(bytes)?;
                line.stream.flush()?;
                self.wait(line, PATIENCE, true).map(|()| true)
            }
            Reply::Drip => self.drip(line),
            Reply::Oversized => {
                self.tell(line, Taken::Yes);
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {OVERSIZED_BYTES}\r\n\r\n");
                line.stream.write_all(head.as_bytes())?;
                line.stream.write_all(&vec![b'x'; OVERSIZED_BYTES]).map(|()| true)
            }
            Reply::TakenThenReset => {
                self.tell(line, Taken::Perhaps);
                respond(&mut line.stream, 200, &[])?;
                reset(&line.raw)
            }
            Reply::By(_) => unreachable!("resolved before"),
        }
    }

    fn say_ok(&self, line: &mut Line) -> io::Result<bool> {
        self.tell(line, Taken::Yes);
        respond(&mut line.stream, 200, &[])
    }

    fn drip(&self, line: &mut Line) -> io::Result<bool> {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        for (index, byte) in answer.iter().enumerate() {
            if index + 1 == answer.len() {
                self.tell(line, Taken::Yes);
            }
            line.stream.write_all(&[*byte]).and_then(|()| line.stream.flush())?;
            thread::sleep(DRIP);
        }
        Ok(false)
    }

    /// Waits so long, or until it is released where that counts; an error when the client has gone.
    fn wait(&self, line: &Line, most: Duration, until_released: bool) -> io::Result<()> {
        let deadline = Instant::now() + most;
        line.raw.set_read_timeout(Some(LOOK))?;
        while Instant::now() < deadline && !(until_released && self.lock().released) {
            if self.lock().hung_up {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            match line.raw.peek(&mut [0]) {
                Ok(0) => return Err(io::ErrorKind::ConnectionAborted.into()),
                // A goodbye in TLS, or the next request already.
                Ok(_) => thread::sleep(LOOK),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
        line.raw.set_read_timeout(None)
    }
}

fn reset(socket: &TcpStream) -> io::Result<bool> {
    socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO)).map(|()| true)
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
