//! A small HTTP/1.1 client that shows the bytes: one connection, requests written by hand.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
    /// Whether the body ended as its framing says.
    pub whole: bool,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The public code of a refusal.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("").to_owned()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let name = format!("{}:", name.to_ascii_lowercase());
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&name))?;
        Some(line[name.len()..].trim().to_owned())
    }
}

/// A connection that stays open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn open(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(super::PATIENCE)).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        // The other side may have closed already; what it said before is still read.
        let _closed = self.stream.write_all(bytes);
    }

    /// A GET with a bearer key.
    pub fn get(&mut self, target: &str, key: &str) -> Answer {
        self.send(get(target, key).as_bytes());
        self.answer()
    }

    /// Reads the head and whatever body follows.
    pub fn answer(&mut self) -> Answer {
        let head = self.head();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let lower = head.to_ascii_lowercase();
        let length = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|value| value.trim().parse::<usize>().ok());
        let (body, whole) = if status == 100 || status == 204 || status == 304 {
            (Vec::new(), true)
        } else if lower.contains("transfer-encoding: chunked") {
            self.chunked()
        } else if let Some(length) = length {
            self.exactly(length)
        } else {
            self.until_the_end()
        };
        Answer { status, head, body: String::from_utf8_lossy(&body).into_owned(), whole }
    }

    /// Reads the head only.
    pub fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..at + 4).collect();
                return String::from_utf8_lossy(&head).into_owned();
            }
            if !self.fill() {
                return String::new();
            }
        }
    }

    /// Reads one more piece of a chunked body; none at the end, whole or not.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.line()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        let (bytes, whole) = self.exactly(size);
        (whole && self.exactly(2).1 && size > 0).then_some(bytes)
    }

    /// Reads what is left of a chunked body; whether it was whole.
    pub fn rest(&mut self) -> bool {
        self.chunked().1
    }

    /// Whether the other side has closed.
    pub fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && !self.fill()
    }

    fn chunked(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            let Some(line) = self.line() else { return (body, false) };
            let Ok(size) = usize::from_str_radix(line.split(';').next().unwrap_or("").trim(), 16)
            else {
                return (body, false);
            };
            let (bytes, whole) = self.exactly(size);
            body.extend(bytes);
            if !whole || !self.exactly(2).1 {
                return (body, false);
            }
            if size == 0 {
                return (body, true);
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..at + 2).collect();
                return Some(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if !self.fill() {
                return None;
            }
        }
    }

    fn exactly(&mut self, length: usize) -> (Vec<u8>, bool) {
        while self.buffer.len() < length && self.fill() {}
        let got = length.min(self.buffer.len());
        (self.buffer.drain(..got).collect(), got == length)
    }

    fn until_the_end(&mut self) -> (Vec<u8>, bool) {
        while self.fill() {}
        (std::mem::take(&mut self.buffer), true)
    }

    fn fill(&mut self) -> bool {
        let mut piece = [0; 16 << 10];
        match self.stream.read(&mut piece) {
            Ok(0) | Err(_) => false,
            Ok(n) => {
                self.buffer.extend_from_slice(&piece[..n]);
                true
            }
        }
    }
}

/// The text of a GET with a bearer key.
pub fn get(target: &str, key: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {key}\r\n\r\n")
}

/// One GET on a connection of its own.
pub fn once(to: SocketAddr, target: &str, key: &str) -> Answer {
    Connection::open(to).get(target, key)
}

/// One POST of a form on a connection of its own.
pub fn post(to: SocketAddr, target: &str, key: &str, form: &str) -> Answer {
    let mut connection = Connection::open(to);
    connection.send(
        format!(
            "POST {target} HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
        .as_bytes(),
    );
    connection.answer()
}

/// One POST of lines to the operators' listener.
pub fn lines(to: SocketAddr, target: &str, token: &str, lines: &str) -> Answer {
    let mut connection = Connection::open(to);
    connection.send(sending(target, token, "application/x-ndjson", lines).as_bytes());
    connection.answer()
}

/// One POST of JSON on a connection of its own.
pub fn json(to: SocketAddr, target: &str, key: &str, body: &str) -> Answer {
    let mut connection = Connection::open(to);
    connection.send(sending(target, key, "application/json", body).as_bytes());
    connection.answer()
}

fn sending(target: &str, key: &str, kind: &str, body: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
