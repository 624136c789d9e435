//! Finds the lines of a head: each ends with CR LF, and nothing else does.
//!
//! Only says where things stand; must not know what a field means.

use std::ops::Range;

use http::{StatusCode, Version};
use memchr::memchr;
use smallvec::SmallVec;

use crate::{FIELDS_MAX, Fault, HEAD_MAX};

/// Where a field's name and value stand in the head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    begin: u32,
    colon: u32,
    value: u32,
    end: u32,
}

/// Most answers have fewer fields than fit in here.
pub(crate) type Spans = SmallVec<[Span; 20]>;

/// What a whole head says before its fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// How many bytes the head takes.
    pub(crate) end: usize,
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
}

impl Span {
    /// None: it stands farther in than any head is long.
    pub(crate) fn new(begin: usize, colon: usize, value: usize, end: usize) -> Option<Self> {
        let place = |at: usize| u32::try_from(at).ok();
        Some(Self {
            begin: place(begin)?,
            colon: place(colon)?,
            value: place(value)?,
            end: place(end)?,
        })
    }

    pub(crate) const fn name(&self) -> Range<usize> {
        self.begin as usize..self.colon as usize
    }

    pub(crate) const fn value(&self) -> Range<usize> {
        self.value as usize..self.end as usize
    }
}

/// Reads the head that `bytes` begins with, no more than [`HEAD_MAX`] of them; none: it goes on beyond
/// them.
pub(crate) fn read(bytes: &[u8], spans: &mut Spans) -> Result<Option<Start>, Fault> {
    let bytes = bytes.get(..HEAD_MAX).unwrap_or(bytes);
    let Some((first, mut at)) = line(bytes, 0)? else { return Ok(None) };
    let (version, status) = status_line(first)?;
    loop {
        let begin = at;
        let Some((line, next)) = line(bytes, begin)? else { return Ok(None) };
        at = next;
        if line.is_empty() {
            return Ok(Some(Start { end: at, status, version }));
        }
        if spans.len() >= FIELDS_MAX {
            return Err(Fault::TooManyFields);
        }
        let colon = memchr(b':', line).ok_or(Fault::FieldName)?;
        let (mut start, mut end) = (colon + 1, line.len());
        while start < end && line.get(start).is_some_and(is_space) {
            start += 1;
        }
        while start < end && line.get(end - 1).is_some_and(is_space) {
            end -= 1;
        }
        let span = Span::new(begin, begin + colon, begin + start, begin + end);
        spans.push(span.ok_or(Fault::HeadTooLong)?);
    }
}

/// Whether a head may end in `bytes`, of which the first `searched` were looked at before. Never
/// says no to one that does.
pub(crate) fn may_end(bytes: &[u8], searched: usize) -> bool {
    // The end is found by its last bytes, of which three may have been there before.
    let new = bytes.get(searched.saturating_sub(3)..).unwrap_or_default();
    let rests = memchr::memchr_iter(b'\n', new).filter_map(|at| new.get(at + 1..));
    rests.into_iter().any(|rest| rest.starts_with(b"\r\n") || rest.starts_with(b"\n"))
}

const fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The line that begins at `at`, without its end, and where the next begins.
fn line(bytes: &[u8], at: usize) -> Result<Option<(&[u8], usize)>, Fault> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(end) = memchr(b'\n', rest) else { return Ok(None) };
    let line = rest.get(..end).and_then(|line| line.strip_suffix(b"\r"));
    Ok(Some((line.ok_or(Fault::LineEnd)?, at + end + 1)))
}

/// `HTTP/1.x NNN`, then nothing or a space and a text (RFC 9112 §4; many leave the space out).
fn status_line(line: &[u8]) -> Result<(Version, StatusCode), Fault> {
    let (minor, rest) = match line.strip_prefix(b"HTTP/1.") {
        Some([minor, b' ', rest @ ..]) => (minor, rest),
        _ => return Err(Fault::StatusLine),
    };
    let version = match minor {
        b'0' => Version::HTTP_10,
        b'1' => Version::HTTP_11,
        _ => return Err(Fault::StatusLine),
    };
    let Some((digits, text)) = rest.split_first_chunk::<3>() else {
        return Err(Fault::StatusLine);
    };
    if !matches!(text, [] | [b' ', ..]) || !text.iter().all(is_text) {
        return Err(Fault::StatusLine);
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::StatusLine);
    }
    let status = StatusCode::from_bytes(digits).map_err(|_| Fault::Status)?;
    if status.as_u16() > 599 { Err(Fault::Status) } else { Ok((version, status)) }
}

/// Neither a control character nor DEL; a tab may stand in a text.
pub(crate) const fn is_text(byte: &u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e | 0x80..)
}
