//! Streams of events (`text/event-stream`): where one ends, and the last one of a key that lost its access.
//!
//! A browser's `EventSource` connects again when a stream breaks off, and would learn of a hold only then;
//! other readers never. Must not know when a stream ends.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use portcullis_types::Refusal;

use crate::refuse::{self, Style};

/// Follows a stream of events to tell where one ends: a last one in the middle of another would make that
/// one up.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The last bytes, as many as the end of an event takes.
    tail: [u8; 4],
    /// How many of them there are.
    length: usize,
}

impl Events {
    /// For an answer with that head; none: it has no events that could be added to.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE)?.as_bytes();
        let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let whole = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(CONTENT_ENCODING);
        (!whole && kind.eq_ignore_ascii_case(b"text/event-stream")).then(Self::default)
    }

    /// These bytes go out.
    pub(crate) fn saw(&mut self, bytes: &[u8]) {
        for byte in bytes.get(bytes.len().saturating_sub(4)..).unwrap_or_default() {
            self.tail.rotate_left(1);
            let [.., last] = &mut self.tail;
            *last = *byte;
            self.length = (self.length + 1).min(4);
        }
    }

    /// Whether no event has begun that has not ended: at the start, or after an empty line.
    pub(crate) fn is_between(&self) -> bool {
        let tail = self.tail.get(4 - self.length..).unwrap_or_default();
        let Some(before) = before_line_end(tail) else { return tail.is_empty() };
        before.is_empty() && self.length < 4 || before_line_end(before).is_some()
    }
}

/// What stands before the line end that the text ends with; none: it ends with no line end.
fn before_line_end(text: &[u8]) -> Option<&[u8]> {
    [&b"\r\n"[..], b"\n", b"\r"].iter().find_map(|end| text.strip_suffix(*end))
}

/// The last event: the refusal that a call would get now.
pub(crate) fn last(refusal: &Refusal, id: &str, style: Style<'_>) -> Bytes {
    let problem = refuse::render(refusal, None, id, style).body;
    let mut event = b"event: portcullis.refusal\ndata: ".to_vec();
    event.extend_from_slice(&problem);
    event.extend_from_slice(b"\n\n");
    event.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_with_an_empty_line() {
        for (pieces, between) in [
            (&[][..], true),
            (&["data: a"], false),
            (&["data: a\n"], false),
            (&["data: a\r\n"], false),
            (&["data: a\n\n"], true),
            (&["data: a\r\r"], true),
            (&["data: a\r\n\r\n"], true),
            (&["data: a\n\r\n"], true),
            (&["data: a\r\n\r", "\n"], true),
            (&["data: a", "\n", "\n"], true),
            (&["data: a\n\nd"], false),
            (&["\n"], true),
            (&["d\n"], false),
            (&[":\n\n"], true),
        ] {
            let mut events = Events::default();
            pieces.iter().for_each(|piece| events.saw(piece.as_bytes()));
            assert_eq!(events.is_between(), between, "{pieces:?}");
        }
    }

    #[test]
    fn only_a_plain_stream_of_events_is_added_to() {
        let of = |fields: &[(&'static str, &'static str)]| {
            let headers = fields.iter().map(|(name, value)| {
                (name.parse().unwrap(), http::HeaderValue::from_static(value))
            });
            Events::of(&headers.collect()).is_some()
        };
        assert!(of(&[("content-type", "Text/Event-Stream; charset=utf-8")]));
        assert!(!of(&[("content-type", "text/event-streams")]));
        assert!(!of(&[("content-type", "text/event-stream"), ("content-encoding", "gzip")]));
        assert!(!of(&[("content-type", "text/event-stream"), ("content-length", "9")]));
        assert!(!of(&[]));
    }
}
