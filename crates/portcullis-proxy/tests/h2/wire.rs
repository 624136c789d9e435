//! Frames written by hand (RFC 9113 §4.1), and a client that reads them as they come.

use std::io::{ErrorKind, Read, Write};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

/// Also ACK.
pub const END_STREAM: u8 = 0x1;
pub const ACK: u8 = 0x1;
pub const END_HEADERS: u8 = 0x4;
pub const PADDED: u8 = 0x8;
pub const WITH_PRIORITY: u8 = 0x20;
/// A whole request in one frame.
pub const WHOLE: u8 = END_HEADERS | END_STREAM;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const FRAME_MAX: usize = 16_384;
pub const WINDOW_MAX: u32 = 0x7fff_ffff;

/// One frame.
#[derive(Debug, Clone)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn is(&self, kind: u8, stream: u32) -> bool {
        self.kind == kind && self.stream == stream
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The number at that place of the payload, such as an error code.
    pub fn number(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

pub fn settings(list: &[(u16, u32)]) -> Vec<u8> {
    let one = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, list.iter().flat_map(one).collect::<Vec<u8>>())
}

pub fn ping(opaque: &[u8; 8]) -> Vec<u8> {
    frame(PING, 0, 0, opaque)
}

pub fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, code.to_be_bytes())
}

pub fn window(stream: u32, more: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, more.to_be_bytes())
}

pub fn priority(stream: u32, depends: u32, weight: u8) -> Vec<u8> {
    frame(PRIORITY, 0, stream, [&depends.to_be_bytes()[..], &[weight]].concat())
}

pub fn goaway(stream: u32, code: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, [stream.to_be_bytes(), code.to_be_bytes()].concat())
}

/// What carries the bytes: TCP, or TLS over it.
pub trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

/// A client without a mind of its own.
pub struct Client {
    wire: Box<dyn Wire>,
    buffer: Vec<u8>,
    /// Every frame since the connection was set up.
    pub seen: Vec<Frame>,
}

impl Client {
    /// One that said nothing yet.
    pub fn new(wire: Box<dyn Wire>) -> Self {
        Self { wire, buffer: Vec::new(), seen: Vec::new() }
    }

    /// Says how it begins, hears how the gate begins. Without a table for the gate's answers,
    /// so that their status stands in them readably.
    pub fn shake_hands(&mut self) {
        self.send(PREFACE);
        self.send(settings(&[(1, 0)]));
        self.until(|frame| frame.kind == SETTINGS && !frame.has(ACK));
        self.send(frame(SETTINGS, ACK, 0, ""));
        self.until(|frame| frame.kind == SETTINGS && frame.has(ACK));
        self.seen.clear();
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The gate may have closed already, which what comes next then shows.
        let _ = self.wire.write_all(bytes.as_ref());
        let _ = self.wire.flush();
    }

    /// Whether bytes came; not: the gate closed.
    fn more(&mut self) -> bool {
        let mut piece = [0; 16 * 1024];
        match self.wire.read(&mut piece) {
            Ok(0) => false,
            Ok(count) => {
                self.buffer.extend_from_slice(&piece[..count]);
                true
            }
            Err(error) => match error.kind() {
                // TLS tells a close without farewell apart, HTTP/2 does not.
                ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => {
                    false
                }
                _ => panic!("the gate did nothing for long: {error}"),
            },
        }
    }

    /// The next frame; none: the gate closed.
    pub fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(head) = self.buffer.first_chunk::<9>() {
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
                if self.buffer.len() >= 9 + length {
                    let bytes: Vec<u8> = self.buffer.drain(..9 + length).collect();
                    let stream = u32::from_be_bytes(bytes[5..9].try_into().unwrap());
                    let payload = bytes[9..].to_vec();
                    let frame = Frame { kind: bytes[3], flags: bytes[4], stream, payload };
                    self.seen.push(frame.clone());
                    return Some(frame);
                }
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// The first frame from now on that is so; none: the gate closed before.
    pub fn until(&mut self, so: impl Fn(&Frame) -> bool) -> Option<Frame> {
        while let Some(frame) = self.frame() {
            if so(&frame) {
                return Some(frame);
            }
        }
        None
    }

    /// Reads on until all that was sent has had its consequences, or the gate closed: not.
    ///
    /// Twice, since the first echo may overtake what the connection says about a stream.
    pub fn settle(&mut self) -> bool {
        [b"so far 1", b"so far 2"].into_iter().all(|mark| {
            self.send(ping(mark));
            self.until(|frame| frame.kind == PING && frame.payload == mark).is_some()
        })
    }

    /// The bytes that come until the gate closes, whatever they are.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.more() {}
        std::mem::take(&mut self.buffer)
    }
}
