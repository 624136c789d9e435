//! The head of an answer as it is written to a caller, and the end of its chunks.
//!
//! Names and values are checked types, so that no line of a head can hold another. What frames the
//! message is written here and nowhere else. Must not know what is answered.

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, StatusCode, Version};

use crate::AnswerBody;

/// What ends a body of chunks that has no trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// Leave to send the body of a call (RFC 9110 §15.2.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A head being written: the line, then [`field`](Self::field)s, then [`end`](Self::end).
#[derive(Debug)]
pub struct ReplyHead<'b>(&'b mut Vec<u8>);

impl<'b> ReplyHead<'b> {
    /// Writes the status line: of 1.0 for that version, else of 1.1.
    pub fn begin(out: &'b mut Vec<u8>, version: Version, status: StatusCode) -> Self {
        if version == Version::HTTP_11 && status == StatusCode::OK {
            out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
            return Self(out);
        }
        let old = version == Version::HTTP_10;
        out.extend_from_slice(if old { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
        out.extend_from_slice(status.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
        out.extend_from_slice(b"\r\n");
        Self(out)
    }

    /// Writes a field. Those that frame the message are left out.
    #[inline]
    pub fn field(&mut self, name: &HeaderName, value: &HeaderValue) {
        if *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING {
            self.line(name.as_str(), value.as_bytes());
        }
    }

    /// Writes when it was written (RFC 9110 §6.6.1), in the form of an HTTP date.
    pub fn date(&mut self, date: &[u8]) {
        self.line("date", date);
    }

    /// Says whether the connection outlives the answer, to whoever would think otherwise.
    pub fn connection(&mut self, version: Version, keep_alive: bool) {
        match (version, keep_alive) {
            (Version::HTTP_10, true) => self.line("connection", b"keep-alive"),
            (_, false) => self.line("connection", b"close"),
            (_, true) => {}
        }
    }

    /// Says how the body is framed, and ends the head.
    pub fn end(self, body: AnswerBody) {
        match body {
            AnswerBody::None | AnswerBody::Close => {}
            AnswerBody::Length(length) => {
                self.0.extend_from_slice(b"content-length: ");
                self.0.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
                self.0.extend_from_slice(b"\r\n");
            }
            AnswerBody::Chunked => self.0.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        }
        self.0.extend_from_slice(b"\r\n");
    }

    #[inline]
    fn line(&mut self, name: &str, value: &[u8]) {
        // Once for all four, or each would ask for room.
        self.0.reserve(name.len() + value.len() + 4);
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        self.0.extend_from_slice(value);
        self.0.extend_from_slice(b"\r\n");
    }
}

/// Writes the end of a body of chunks with these trailers; those that frame or route a message are
/// left out (RFC 9110 §6.5.1).
pub fn write_trailers(out: &mut Vec<u8>, trailers: &http::HeaderMap) {
    out.extend_from_slice(b"0\r\n");
    let mut lines = ReplyHead(out);
    for (name, value) in trailers {
        let frames = [http::header::HOST, http::header::CONNECTION, http::header::TRAILER];
        if !frames.contains(name) {
            lines.field(name, value);
        }
    }
    out.extend_from_slice(b"\r\n");
}
