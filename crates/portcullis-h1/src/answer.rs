//! The head of an answer: read once it is whole, and read in one way only.
//!
//! Says how the body is framed (RFC 9112 §6.3) and whether the connection outlives it. Must not know
//! which fields a partner gets.

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};

use crate::lines::{self, Spans, Start, is_text, may_end};
use crate::{Fault, HEAD_MAX, INTERIM_MAX};

/// What was asked, as far as it decides whether a body follows.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Asked {
    /// `HEAD`: no answer to it has a body.
    Head,
    /// A switch of protocols to a WebSocket, which an answer may grant.
    WebSocket,
    /// Anything else.
    Other,
}

/// What follows the head.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum AnswerBody {
    /// Nothing, whatever the fields say.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// All that comes until the connection ends.
    Close,
}

/// The head of a final answer. Its fields were given to whoever asked for them.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Head {
    /// From 200 to 599, or 101 where that was asked for.
    pub status: StatusCode,
    /// 1.0 or 1.1.
    pub version: Version,
    /// What follows.
    pub body: AnswerBody,
    /// Whether the connection may carry another call after this one.
    pub keep_alive: bool,
    /// Whether `Connection` names fields beyond its own options; it then is among the fields.
    pub nominates: bool,
}

/// Reads the head of one answer, and over the informational ones before it.
#[derive(Debug, Default)]
pub struct HeadReader {
    /// Bytes of the buffer that hold no end of a head.
    searched: usize,
    interim: usize,
}

impl HeadReader {
    /// Reads on; none: the head goes on beyond `buffer`. Takes the head out of `buffer`, which then
    /// begins with the body. The values share its memory.
    ///
    /// `fields` gets every field that `keep` says yes to, apart from `Transfer-Encoding` and a
    /// `Connection` that names nothing, which end here.
    ///
    /// # Errors
    /// Any [`Fault`] but those of chunks. The connection can't be used any more.
    pub fn read(
        &mut self,
        buffer: &mut BytesMut,
        asked: Asked,
        fields: &mut HeaderMap,
        keep: impl Fn(&HeaderName, &[u8]) -> bool,
    ) -> Result<Option<Head>, Fault> {
        loop {
            let mut spans = Spans::new();
            let search = self.searched == 0 || may_end(buffer, self.searched);
            let start = if search { lines::read(buffer, &mut spans)? } else { None };
            let Some(start) = start else {
                self.searched = buffer.len();
                return if buffer.len() >= HEAD_MAX { Err(Fault::HeadTooLong) } else { Ok(None) };
            };
            self.searched = 0;
            let head = buffer.split_to(start.end).freeze();
            let switches = start.status == StatusCode::SWITCHING_PROTOCOLS;
            if !start.status.is_informational() || switches && asked == Asked::WebSocket {
                let mut reading = Reading::default();
                fields.reserve(spans.len());
                reading.fields(&head, &spans, fields, keep)?;
                return reading.finish(start, asked).map(Some);
            }
            self.interim(&head, &spans, start.status)?;
        }
    }

    /// Whether anything of an answer was read.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.searched > 0 || self.interim > 0
    }

    #[cold]
    fn interim(&mut self, head: &Bytes, spans: &Spans, status: StatusCode) -> Result<(), Fault> {
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Fault::Switched);
        }
        self.interim += 1;
        if self.interim > INTERIM_MAX {
            return Err(Fault::TooManyInterim);
        }
        let mut reading = Reading::default();
        reading.fields(head, spans, &mut HeaderMap::new(), |_, _| false)?;
        if reading.length.is_some() || reading.coded { Err(Fault::InterimBody) } else { Ok(()) }
    }
}

/// What the fields say of the message itself.
#[derive(Default)]
struct Reading {
    length: Option<u64>,
    coded: bool,
    close: bool,
    keep_alive: bool,
    nominates: bool,
    /// Whether `Connection` says that protocols are switched, and `Upgrade` to which.
    switches: bool,
    websocket: bool,
}

impl Reading {
    fn finish(self, start: Start, asked: Asked) -> Result<Head, Fault> {
        let Start { status, version, .. } = start;
        let switched = status == StatusCode::SWITCHING_PROTOCOLS;
        let fine = self.switches && self.websocket && version == Version::HTTP_11;
        if switched && !(fine && self.length.is_none() && !self.coded) {
            return Err(Fault::Switched);
        }
        let bodiless = switched
            || asked == Asked::Head
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED;
        let body = match (self.length, self.coded) {
            (Some(_), true) => return Err(Fault::TwoFramings),
            (None, true) if version == Version::HTTP_10 => return Err(Fault::OldCoding),
            _ if bodiless => AnswerBody::None,
            (Some(length), false) => AnswerBody::Length(length),
            (None, true) => AnswerBody::Chunked,
            (None, false) => AnswerBody::Close,
        };
        // Whoever says that a 204 has a body may send one.
        let odd = status == StatusCode::NO_CONTENT && (self.length.unwrap_or(0) > 0 || self.coded);
        let lasts = self.keep_alive || version == Version::HTTP_11;
        Ok(Head {
            status,
            version,
            body,
            keep_alive: lasts
                && asked != Asked::WebSocket
                && !self.close
                && body != AnswerBody::Close
                && !odd,
            nominates: self.nominates,
        })
    }

    fn fields(
        &mut self,
        head: &Bytes,
        spans: &Spans,
        fields: &mut HeaderMap,
        keep: impl Fn(&HeaderName, &[u8]) -> bool,
    ) -> Result<(), Fault> {
        for span in spans {
            let name = HeaderName::from_bytes(head.get(span.name()).unwrap_or_default())
                .map_err(|_| Fault::FieldName)?;
            let value = head.get(span.value()).unwrap_or_default();
            // What goes nowhere needs no share of the memory.
            if self.ends_here(&name, value)? || !keep(&name, value) {
                if !value.iter().all(is_text) {
                    return Err(Fault::FieldValue);
                }
                continue;
            }
            let value = HeaderValue::from_maybe_shared(head.slice(span.value()))
                .map_err(|_| Fault::FieldValue)?;
            fields.try_append(name, value).map_err(|_| Fault::TooManyFields)?;
        }
        Ok(())
    }

    /// Looks at a field of the message itself; whether it was for this reader alone.
    fn ends_here(&mut self, name: &HeaderName, value: &[u8]) -> Result<bool, Fault> {
        if *name == CONTENT_LENGTH {
            let length = plain_number(value).ok_or(Fault::Length)?;
            if self.length.replace(length).is_some() {
                return Err(Fault::Lengths);
            }
        } else if *name == TRANSFER_ENCODING {
            if self.coded || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Fault::Coding);
            }
            self.coded = true;
            return Ok(true);
        } else if *name == UPGRADE {
            self.websocket = value.eq_ignore_ascii_case(b"websocket");
        } else if *name == CONNECTION {
            return Ok(!self.connection(value));
        }
        Ok(false)
    }

    /// Whether `Connection` names a field.
    fn connection(&mut self, value: &[u8]) -> bool {
        // What is no text may well mean `close`; the connection is not worth a guess.
        self.close |= !value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
        let mut names = false;
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else {
                self.switches |= option.eq_ignore_ascii_case(b"upgrade");
                names |= !option.is_empty();
            }
        }
        self.nominates |= names;
        names
    }
}

/// A number of digits and nothing else, small enough for every reader.
fn plain_number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0'))
    })
}
