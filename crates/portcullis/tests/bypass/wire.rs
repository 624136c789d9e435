//! HTTP/1.1 by hand, as little of it as both ends of a case need: a message is a head and a body.
//!
//! Must not know gates, platforms or cases.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A request or an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// One end of a connection.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        // So that a fault ends the test instead of hanging it.
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        // The other end may have answered and closed already.
        let _closed = self.stream.write_all(bytes);
    }

    /// Reads a message; none where the other end closed before its head was whole. A body that
    /// breaks off is what came of it.
    pub(crate) fn message(&mut self, has_body: bool) -> Option<Message> {
        let head = String::from_utf8_lossy(&self.until(b"\r\n\r\n")?).into_owned();
        let mut message = Message { head, body: Vec::new() };
        if message.header("transfer-encoding").is_some() {
            while let Some(size) = self.chunk_size().filter(|size| *size > 0) {
                message.body.extend(self.exactly(size));
                self.exactly(2);
            }
        } else if let Some(length) = message.header("content-length") {
            let length = if has_body { length.parse().unwrap_or(0) } else { 0 };
            message.body = self.exactly(length);
        }
        Some(message)
    }

    fn chunk_size(&mut self) -> Option<usize> {
        let line = self.until(b"\r\n")?;
        usize::from_str_radix(std::str::from_utf8(&line).ok()?.trim(), 16).ok()
    }

    fn until(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.windows(mark.len()).position(|part| part == mark) {
                return Some(self.buffer.drain(..at + mark.len()).collect());
            }
            if !self.fill() {
                return None;
            }
        }
    }

    fn exactly(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() < count && self.fill() {}
        let count = count.min(self.buffer.len());
        self.buffer.drain(..count).collect()
    }

    fn fill(&mut self) -> bool {
        let mut piece = [0; 16 << 10];
        match self.stream.read(&mut piece) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.buffer.extend_from_slice(&piece[..count]);
                true
            }
        }
    }
}
