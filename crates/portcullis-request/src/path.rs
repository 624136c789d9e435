//! The one spelling of a path.
//!
//! Segments are decoded once, empty and `.` segments and the slash at the end fall away, the
//! version segment is there and in lower case; everything doubtful is refused. What is matched is
//! byte for byte what is sent. Must not know what operation a path leads to.

use std::borrow::Cow;

use memchr::memchr;
use portcullis_catalogue::{Catalogue, Versions};
use portcullis_types::Refusal;

use crate::bytes::{Bytes, cut};
use crate::percent;
use crate::why::{self, unreadable};

/// The bytes that a path holds as themselves: RFC 3986 §3.3 `pchar` without `;`.
static LITERAL: Bytes = Bytes::alphanumeric_and(b"-._~!$&'()*+,=:@");

fn literal(byte: u8) -> bool {
    LITERAL.has(byte)
}

/// Brings a path to its one spelling; borrowed where it came in it.
pub(crate) fn canonical<'a>(raw: &'a str, catalogue: &Catalogue) -> Result<Cow<'a, str>, Refusal> {
    if !raw.starts_with('/') {
        return Err(unreadable(why::PATH_START));
    }
    let plain = if is_plain(raw) {
        Cow::Borrowed(raw)
    } else {
        let written = rewrite(raw)?;
        if written == raw { Cow::Borrowed(raw) } else { Cow::Owned(written) }
    };
    Ok(match catalogue.versions() {
        Some(versions) => versioned(plain, versions, catalogue),
        None => plain,
    })
}

/// Whether nothing but the version is left to look at.
fn is_plain(raw: &str) -> bool {
    let mut before = 0;
    for byte in raw.bytes() {
        let fine = match byte {
            b'/' => before != b'/',
            // A segment that begins with a dot may be `.` or `..`.
            b'.' => before != b'/',
            _ => literal(byte),
        };
        if !fine {
            return false;
        }
        before = byte;
    }
    before != b'/' || raw.len() == 1
}

fn rewrite(raw: &str) -> Result<String, Refusal> {
    let mut out = String::with_capacity(raw.len());
    for segment in raw.split('/') {
        let segment = decode(segment)?;
        match segment.as_ref() {
            "" | "." => {}
            dots if dots.bytes().all(|byte| byte == b'.') => {
                return Err(unreadable(why::PATH_DOTS));
            }
            text => {
                out.push('/');
                percent::encode_with(&mut out, text, literal);
            }
        }
    }
    if out.is_empty() {
        out.push('/');
    }
    Ok(out)
}

fn decode(segment: &str) -> Result<Cow<'_, str>, Refusal> {
    let decoded = if segment.contains('%') {
        let mut bytes = Vec::with_capacity(segment.len());
        let mut rest = segment.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => percent::pair(&mut rest).ok_or_else(|| unreadable(why::PATH_PERCENT))?.0,
                _ => byte,
            });
        }
        Cow::Owned(String::from_utf8(bytes).map_err(|_| unreadable(why::PATH_UTF8))?)
    } else {
        Cow::Borrowed(segment)
    };
    decoded.chars().try_for_each(legal)?;
    Ok(decoded)
}

fn legal(c: char) -> Result<(), Refusal> {
    let why = match c {
        '/' => why::PATH_SLASH,
        '\\' => why::PATH_BACKSLASH,
        '%' => why::PATH_TWICE,
        ';' => why::PATH_SEMICOLON,
        '?' | '#' => why::PATH_MARK,
        c if c.is_control() => why::PATH_CONTROL,
        c if c.is_whitespace() => why::PATH_SPACE,
        c if c.is_ascii() => match u8::try_from(c) {
            Ok(byte) if literal(byte) => return Ok(()),
            _ => why::PATH_CHARACTER,
        },
        c if looks_like_another(c) => why::PATH_LOOKALIKE,
        _ => return Ok(()),
    };
    Err(unreadable(why))
}

/// Punctuation and width forms that some servers fold to ASCII, and characters nobody sees.
const fn looks_like_another(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{17f}' | '\u{212a}' | '\u{212b}' | '\u{2b9}'..='\u{2ff}' | '\u{2000}'..='\u{206f}' | '\u{2212}' | '\u{2215}' | '\u{2216}'
        | '\u{2236}' | '\u{29f5}'..='\u{29f9}' | '\u{3000}'..='\u{303f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe10}'..='\u{fe6f}' | '\u{feff}'..='\u{ffff}' | '\u{1d400}'..='\u{1d7ff}'
        | '\u{e0000}'..='\u{10ffff}')
}

fn versioned<'a>(path: Cow<'a, str>, versions: &Versions, catalogue: &Catalogue) -> Cow<'a, str> {
    let first = first_segment(&path);
    let named =
        is_version(first) || versions.known.iter().any(|known| known.eq_ignore_ascii_case(first));
    let lowered = if named && first.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let (first, rest) = path.split_at_checked(first.len() + 1).unwrap_or((&path, ""));
        Cow::Owned(first.to_ascii_lowercase() + rest)
    } else {
        path
    };
    if named || catalogue.has_unversioned(&lowered) {
        return lowered;
    }
    let rest = if lowered == "/" { "" } else { lowered.as_ref() };
    Cow::Owned(["/", &versions.missing, rest].concat())
}

/// What stands between the first slash and the second.
fn first_segment(path: &str) -> &str {
    let inside = path.get(1..).unwrap_or_default();
    let end = inside.bytes().position(|byte| byte == b'/').unwrap_or(inside.len());
    inside.get(..end).unwrap_or_default()
}

/// Whether a segment has the form of a version: `v21`, `v21.0`.
pub(crate) fn is_version(segment: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(rest) = segment.strip_prefix(['v', 'V']) else { return false };
    let (major, minor) = cut(rest, b'.');
    number(major) && minor.is_none_or(number)
}

/// How a forgiving server might read the path: lower case, no extension. None: just as it stands.
///
/// Where that leads to another operation, the path is an attempt to get round the catalogue.
pub(crate) fn forgiven(path: &str, versions: Option<&Versions>) -> Option<String> {
    let first_is_version = versions.is_some();
    let behind = if first_is_version { first_segment(path).len() + 1 } else { 0 };
    let extended = memchr(b'.', path.as_bytes().get(behind..).unwrap_or_default()).is_some();
    // To the end whatever is found, which takes many bytes at once.
    let capitals = path.bytes().fold(false, |any, byte| any | byte.is_ascii_uppercase());
    if !extended && !capitals {
        return None;
    }
    let mut out = String::with_capacity(path.len());
    for (at, segment) in path.split('/').skip(1).enumerate() {
        let stem = match segment.split_once('.') {
            Some((stem, _)) if !(first_is_version && at == 0) => stem,
            _ => segment,
        };
        if !stem.is_empty() {
            out.push('/');
            out.push_str(&stem.to_ascii_lowercase());
        }
    }
    Some(out)
}
