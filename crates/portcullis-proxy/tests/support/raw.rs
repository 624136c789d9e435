//! A client that sends bytes as they are and reads answers with as little repair as possible.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// A connection to the gate.
pub struct Peer {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    /// Whether its framing says that it is whole.
    pub whole: bool,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The code of the refusal.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Peer {
    pub fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        // So that a fault of the gate ends the test instead of hanging it.
        stream.set_read_timeout(Some(super::PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The gate may have closed already, which the answer then shows.
        let _ = self.stream.write_all(bytes.as_ref());
    }

    pub fn shut(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    fn more(&mut self) -> bool {
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) => false,
            Ok(count) => {
                self.buffer.extend_from_slice(&piece[..count]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("the gate did not answer: {error}"),
        }
    }

    /// Reads the head of an answer.
    pub fn head(&mut self) -> Option<(u16, String)> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap();
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                if status == 100 {
                    continue;
                }
                return Some((status, head));
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// Reads so many bytes of a body; fewer, if the connection ends.
    pub fn read(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() < count && self.more() {}
        let count = count.min(self.buffer.len());
        self.buffer.drain(..count).collect()
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if !self.more() {
                return None;
            }
        }
    }

    pub fn answer(&mut self) -> Answer {
        self.try_answer().expect("the gate closed without an answer")
    }

    /// Reads an answer; none: the connection ended before it.
    pub fn try_answer(&mut self) -> Option<Answer> {
        let (status, head) = self.head()?;
        let mut answer = Answer { status, head, body: Vec::new(), whole: true };
        if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().unwrap();
            answer.body = self.read(length);
            answer.whole = answer.body.len() == length;
        } else if answer.header("transfer-encoding").is_some() {
            answer.whole = loop {
                let Some(size) = self.line() else { break false };
                let size = usize::from_str_radix(&size, 16).unwrap();
                let data = self.read(size);
                let short = data.len() < size;
                answer.body.extend(data);
                if short || self.line().is_none() {
                    break false;
                }
                if size == 0 {
                    break true;
                }
            };
        } else if !matches!(answer.status, 204 | 304) {
            while self.more() {}
            answer.body = std::mem::take(&mut self.buffer);
        }
        Some(answer)
    }

    /// Whether the gate closes the connection, with nothing more on it.
    pub fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && !self.more()
    }
}
