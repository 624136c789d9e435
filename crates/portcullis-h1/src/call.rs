//! The head of a call: read as bytes once it is whole, and read in one way only.
//!
//! Stricter than RFC 9112 allows a server to be: where the RFC lets a recipient repair, this
//! refuses, since a repaired call is one that two parsers may read differently. Says how its body is
//! framed and whether the connection outlives it. Must not know sockets or what a field means to the
//! platform.

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use memchr::memchr;

use crate::lines::{Span, Spans};
use crate::said::{LINE, Minor, Said, Start};

/// What follows the head of a call.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum CallBody {
    /// So many bytes, maybe none.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Why a head is refused.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum CallFault {
    /// It can't be read in one way only, with a sentence that says why.
    Unreadable(&'static str),
    /// It is longer than allowed, or has more fields.
    TooLarge,
}

/// Bounds on a head.
#[derive(Debug, Clone, Copy)]
pub struct CallBounds {
    /// Its bytes, up to the end of its last line.
    pub bytes: usize,
    /// Its fields.
    pub fields: usize,
}

/// A head that was read.
#[derive(Debug)]
pub struct Call {
    /// Method, target, version (1.0 or 1.1) and fields, whose values share the memory of the buffer.
    pub parts: Parts,
    /// What follows.
    pub body: CallBody,
    /// Whether the caller keeps the connection for another call.
    pub keep_alive: bool,
    /// Whether it waits for leave to send its body (RFC 9110 §10.1.1).
    pub expects: bool,
    /// Whether it reads trailers (RFC 9110 §10.1.4).
    pub trailers: bool,
}

/// Reads the head of one call after another.
#[derive(Debug, Default)]
pub struct CallReader {
    /// Where the line begins that is not complete yet.
    line_at: usize,
    /// Up to where no line end was found.
    searched: usize,
    spans: Spans,
    said: Said,
}

const NAME: CallFault =
    CallFault::Unreadable("a header name has a character that is not legal there");
const CONTROL: CallFault = CallFault::Unreadable("the head has a control character");

impl CallReader {
    /// Reads on; none: the head goes on beyond `buffer`. Takes the head out of `buffer`, which then
    /// begins with the body. `fields` is empty, and its memory is used for the fields of the call.
    ///
    /// # Errors
    /// A [`CallFault`]. The connection can't be read any more.
    pub fn read(
        &mut self,
        buffer: &mut BytesMut,
        bounds: CallBounds,
        fields: &mut HeaderMap,
    ) -> Result<Option<Call>, CallFault> {
        let Some((end, start)) = self.scan(buffer, bounds)? else { return Ok(None) };
        let body = self.said.framing(start.minor)?;
        let head = buffer.split_to(end).freeze();
        let call = self.call(&head, start, body, std::mem::take(fields));
        self.spans.clear();
        self.said = Said::default();
        (self.line_at, self.searched) = (0, 0);
        call.map(Some)
    }

    /// Whether anything of a head was read.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.searched > 0
    }

    /// Where the head ends, and how it starts.
    fn scan(
        &mut self,
        bytes: &[u8],
        bounds: CallBounds,
    ) -> Result<Option<(usize, Start)>, CallFault> {
        loop {
            let unread = bytes.get(self.searched..).unwrap_or_default();
            let Some(found) = memchr(b'\n', unread) else {
                self.searched = bytes.len();
                return if bytes.len() > bounds.bytes {
                    Err(CallFault::TooLarge)
                } else {
                    Ok(None)
                };
            };
            let end = self.searched + found;
            let at = self.line_at;
            let line = bytes.get(at..end).unwrap_or_default();
            (self.line_at, self.searched) = (end + 1, end + 1);
            if end > bounds.bytes {
                return Err(CallFault::TooLarge);
            }
            let line = line.strip_suffix(b"\r").ok_or(CallFault::Unreadable(
                "a line of the head ends without a carriage return",
            ))?;
            match (self.said.start, line.is_empty()) {
                // One empty line before a request is legal (RFC 9112 §2.2), and old clients send it.
                (None, true) if end <= 1 => {}
                (None, true) => {
                    return Err(CallFault::Unreadable("the request begins with empty lines"));
                }
                (None, false) => self.said.start = Some(self.said.starts(line, at)?),
                (Some(_), false) => self.field(line, at, bounds)?,
                (Some(start), true) => return Ok(Some((end + 1, start))),
            }
        }
    }

    fn field(&mut self, line: &[u8], at: usize, bounds: CallBounds) -> Result<(), CallFault> {
        if self.spans.len() >= bounds.fields {
            return Err(CallFault::TooLarge);
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(CallFault::Unreadable("a header is folded over two lines"));
        }
        // Names are short: to search with vectors would take longer.
        let colon = line.iter().position(|byte| *byte == b':');
        let colon = colon.ok_or(CallFault::Unreadable("a header line has no colon"))?;
        let (name, rest) = line.split_at_checked(colon).unwrap_or_default();
        let value = trim(rest.get(1..).unwrap_or_default());
        let begin = line.len() - rest.len() + 1 + value.0;
        let span = Span::new(at, at + colon, at + begin, at + begin + value.1.len());
        self.spans.push(span.ok_or(CallFault::TooLarge)?);
        self.said.field(name, value.1)
    }

    fn call(
        &self,
        head: &Bytes,
        start: Start,
        body: CallBody,
        mut fields: HeaderMap,
    ) -> Result<Call, CallFault> {
        let method = head.get(start.at..start.method).unwrap_or_default();
        let target = head.slice(start.method + 1..start.target);
        fields.reserve(self.spans.len());
        for span in &self.spans {
            let name = HeaderName::from_bytes(head.get(span.name()).unwrap_or_default());
            let value = HeaderValue::from_maybe_shared(head.slice(span.value()));
            let (name, value) = (name.map_err(|_| NAME)?, value.map_err(|_| CONTROL)?);
            fields.try_append(name, value).map_err(|_| CallFault::TooLarge)?;
        }
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = Method::from_bytes(method).map_err(|_| LINE)?;
        parts.uri = Uri::from_maybe_shared(target)
            .map_err(|_| CallFault::Unreadable("the target is not a URL"))?;
        parts.headers = fields;
        let said = &self.said;
        let keep_alive = match start.minor {
            Minor::Zero => {
                parts.version = Version::HTTP_10;
                said.keep_alive && !said.close
            }
            Minor::One => !said.close,
        };
        let expects = said.expects && start.minor == Minor::One && body != CallBody::Length(0);
        Ok(Call { parts, body, keep_alive, expects, trailers: said.trailers })
    }
}

/// A value without the blanks around it, and how many stood before. Blanks alone: what else is white
/// in ASCII is a control character.
fn trim(value: &[u8]) -> (usize, &[u8]) {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(begin, |last| last + 1);
    (begin, value.get(begin..end).unwrap_or_default())
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
