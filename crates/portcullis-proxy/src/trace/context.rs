//! Where a call stands in a trace, as W3C's `traceparent` writes it.
//!
//! Must not know who is believed or which calls are traced.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Names the trace and the span that a call comes from or goes on as.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id of a trace: all calls that one call led to.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct TraceId(pub [u8; 16]);

/// The id of a span: one call, as one side saw it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct SpanId(pub [u8; 8]);

/// A place in a trace.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) struct Context {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) sampled: bool,
}

impl Context {
    /// What the head of a call says. Two of them are none: nobody knows which one holds.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let one = all.next().filter(|_| all.next().is_none())?;
        Self::read(one.as_bytes())
    }

    /// Version 00, or the part of a later one that every version has.
    fn read(text: &[u8]) -> Option<Self> {
        let mut parts = text.splitn(5, |byte| *byte == b'-');
        let [version] = unhexed(parts.next()?)?;
        let trace = TraceId(unhexed(parts.next()?)?);
        let span = SpanId(unhexed(parts.next()?)?);
        let [flags] = unhexed(parts.next()?)?;
        let more = parts.next().is_some();
        let fits = match version {
            0 => !more,
            0xff => false,
            _ => true,
        };
        let named = trace.0 != [0; 16] && span.0 != [0; 8];
        (fits && named).then_some(Self { trace, span, sampled: flags & 1 == 1 })
    }

    /// As the next one reads it.
    pub(crate) fn write(&self) -> Option<HeaderValue> {
        let flags = u8::from(self.sampled);
        HeaderValue::from_str(&format!("00-{}-{}-{flags:02x}", self.trace, self.span)).ok()
    }
}

/// Lower-case digits only, as the format has them.
fn unhexed<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(out)
}

fn hexed(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexed(&self.0, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexed(&self.0, f)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexed(&self.0, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hexed(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn what_is_written_is_read_again() {
        for flags in ["00", "01"] {
            let text = format!("00-{TRACE}-{SPAN}-{flags}");
            let read = Context::read(text.as_bytes()).unwrap();
            assert_eq!(read.sampled, flags == "01");
            assert_eq!(read.write().unwrap(), text);
        }
    }

    #[test]
    fn what_is_not_in_the_format_is_no_place_in_a_trace() {
        let zeros = "0".repeat(32);
        for (text, is_read) in [
            (format!("00-{TRACE}-{SPAN}-03"), true),
            (format!("01-{TRACE}-{SPAN}-01"), true),
            (format!("01-{TRACE}-{SPAN}-01-what-may-follow"), true),
            (format!("00-{TRACE}-{SPAN}-01-x"), false),
            (format!("00-{TRACE}-{SPAN}-01-"), false),
            (format!("ff-{TRACE}-{SPAN}-01"), false),
            (format!("00-{zeros}-{SPAN}-01"), false),
            (format!("00-{TRACE}-{}-01", &zeros[..16]), false),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), false),
            (format!("00-{TRACE}-{SPAN}"), false),
            (format!("00-{TRACE}{SPAN}-01"), false),
            (format!(" 00-{TRACE}-{SPAN}-01"), false),
            (format!("00-{TRACE}-{SPAN}-1"), false),
            (String::new(), false),
        ] {
            assert_eq!(Context::read(text.as_bytes()).is_some(), is_read, "{text}");
        }
    }

    #[test]
    fn two_of_them_are_none() {
        let mut headers = HeaderMap::new();
        let value: HeaderValue = format!("00-{TRACE}-{SPAN}-01").parse().unwrap();
        headers.append(TRACEPARENT, value.clone());
        assert!(Context::of(&headers).is_some());
        headers.append(TRACEPARENT, value);
        assert!(Context::of(&headers).is_none());
    }
}
