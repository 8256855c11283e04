//! What a server is asked by hand: a page of its monitoring, and a request in NATS' text protocol.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The status and body of a page.
pub(super) fn get(port: u16, target: &str) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = connect(SocketAddr::from(([127, 0, 0, 1], port)))?;
    // In HTTP/1.0 nothing comes in chunks, and the end is the end of the connection.
    stream.write_all(format!("GET {target} HTTP/1.0\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = String::from_utf8_lossy(&answer[..head]).split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or(io::ErrorKind::InvalidData)?, answer.split_off(head + 4)))
}

/// Sends a request to a subject; the JSON that comes back.
pub(super) fn request(to: SocketAddr, subject: &str, body: &str) -> io::Result<Value> {
    let stream = connect(to)?;
    let hello = "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":false}\r\nSUB answer 1\r\n";
    let length = body.len();
    (&stream).write_all(format!("{hello}PUB {subject} answer {length}\r\n{body}\r\n").as_bytes())?;
    let (mut lines, mut line) = (BufReader::new(&stream), String::new());
    while lines.read_line(&mut line)? > 0 {
        if line.starts_with("MSG ") {
            let length = line.trim().rsplit(' ').next().and_then(|length| length.parse().ok());
            let mut answer = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
            lines.read_exact(&mut answer)?;
            return serde_json::from_slice(&answer).map_err(io::Error::other);
        }
        if line.starts_with("-ERR") {
            return Err(io::Error::other(line));
        }
        line.clear();
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}
