//! The head of a request, and the chunks of its body, as bytes.
//!
//! Method, target, names and values are checked types, so that no line of a head can hold another.
//! What frames the message is written here and nowhere else. Must not know which fields go on.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method};

/// What follows the head.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum RequestBody {
    /// Nothing, and nothing is said of it.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// A head being written: the line, then [`field`](Self::field)s, then [`end`](Self::end).
#[derive(Debug)]
pub struct RequestHead<'b>(&'b mut Vec<u8>);

impl<'b> RequestHead<'b> {
    /// Writes the request line. A target of neither `*` nor a path gets the path `/`.
    pub fn begin(out: &'b mut Vec<u8>, method: &Method, target: &PathAndQuery) -> Self {
        out.extend_from_slice(method.as_str().as_bytes());
        out.push(b' ');
        let text = target.as_str();
        if !text.starts_with('/') && text != "*" {
            out.push(b'/');
        }
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\n");
        Self(out)
    }

    /// Writes a field. Those that frame the message or speak of the connection are left out.
    #[inline]
    pub fn field(&mut self, name: &HeaderName, value: &HeaderValue) {
        if *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING || *name == CONNECTION {
            return;
        }
        self.0.extend_from_slice(name.as_str().as_bytes());
        self.0.extend_from_slice(b": ");
        self.0.extend_from_slice(value.as_bytes());
        self.0.extend_from_slice(b"\r\n");
    }

    /// Asks for a WebSocket; the key and what else belongs to it are fields like any other.
    pub fn websocket(&mut self) {
        self.0.extend_from_slice(b"connection: upgrade\r\nupgrade: websocket\r\n");
    }

    /// Says how the body is framed, and ends the head.
    pub fn end(self, body: RequestBody) {
        match body {
            RequestBody::None => {}
            RequestBody::Length(length) => {
                self.0.extend_from_slice(b"content-length: ");
                self.0.extend_from_slice(length.to_string().as_bytes());
                self.0.extend_from_slice(b"\r\n");
            }
            RequestBody::Chunked => {
                self.0.extend_from_slice(b"transfer-encoding: chunked\r\n");
            }
        }
        self.0.extend_from_slice(b"\r\n");
    }
}

/// Writes what stands before a chunk's data; its data and CR LF follow. A size of 0 writes the end of
/// the body instead, which would be read there in any case.
pub fn write_chunk(out: &mut Vec<u8>, size: usize) {
    out.extend_from_slice(format!("{size:x}\r\n").as_bytes());
    if size == 0 {
        out.extend_from_slice(b"\r\n");
    }
}
