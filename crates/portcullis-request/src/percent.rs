//! Percent-encoding of parameters (WHATWG URL §5 on the way in, RFC 3986 §2 on the way out).
//!
//! Decodes once and writes in one spelling only. Must not know what is decoded.

use std::borrow::Cow;

use portcullis_types::Refusal;

use crate::why::{self, unreadable};

/// A decoded name or value, and whether it stood there in the one spelling we would write.
pub(crate) struct Decoded<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) canonical: bool,
}

/// Written as something else than itself.
const OTHER: u8 = 1;
const PERCENT: u8 = 2;
const PLUS: u8 = 4;
const SEMICOLON: u8 = 8;
/// Can't stand there as itself.
const RAW: u8 = 16;

/// What each byte of a parameter is; 0: written as itself. One look at a table for each byte, since every
/// byte of every call is looked at.
static KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut rest: &mut [u8] = &mut kinds;
    let mut byte = 0_u8;
    while let Some((slot, others)) = rest.split_first_mut() {
        *slot = kind_of(byte);
        byte = byte.wrapping_add(1);
        rest = others;
    }
    kinds
};

const fn kind_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => 0,
        b'-' | b'.' | b'_' | b'~' | b',' | b':' | b'(' | b')' | b'!' | b'*' | b'$' | b'@'
        | b'/' => 0,
        b'%' => PERCENT,
        b'+' => PLUS,
        b';' => SEMICOLON,
        0..=b' ' | b'#' | 0x7f => RAW,
        _ => OTHER,
    }
}

fn kind(byte: u8) -> u8 {
    KINDS.get(usize::from(byte)).copied().unwrap_or(RAW)
}

/// Whether a byte of a parameter is written as itself.
fn literal(byte: u8) -> bool {
    kind(byte) == 0
}

/// A text as it stands as a value in a query.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode_into(&mut out, text);
    out
}

/// A name or value of a query as it is meant.
///
/// # Errors
/// What can't be read in one way only: half an escape, bytes that are no text.
pub fn unescaped(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    decode(raw).map(|decoded| decoded.text)
}

/// Decodes one name or value of a query or form.
pub(crate) fn decode(raw: &str) -> Result<Decoded<'_>, Refusal> {
    let kinds = raw.bytes().fold(0, |kinds, byte| kinds | kind(byte));
    if kinds & (SEMICOLON | RAW) != 0 {
        let first = raw.bytes().map(kind).find(|kind| kind & (SEMICOLON | RAW) != 0);
        let why = if first == Some(SEMICOLON) { why::QUERY_SEMICOLON } else { why::QUERY_RAW };
        return Err(unreadable(why));
    }
    let mut canonical = kinds & (OTHER | PLUS) == 0;
    if kinds & (PERCENT | PLUS) == 0 {
        return Ok(Decoded { text: Cow::Borrowed(raw), canonical });
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (value, upper) =
                    pair(&mut rest).ok_or_else(|| unreadable(why::QUERY_PERCENT))?;
                canonical &= upper && !literal(value);
                value
            }
            _ => byte,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable(why::VALUE_UTF8))?;
    Ok(Decoded { text: Cow::Owned(text), canonical })
}

/// Decodes a whole URL once; a plus stays a plus.
pub(crate) fn decode_all(raw: &str) -> Result<String, Refusal> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => pair(&mut rest).ok_or_else(|| unreadable(why::QUERY_PERCENT))?.0,
            _ => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| unreadable(why::VALUE_UTF8))
}

/// The byte of the next two hexadecimal digits, and whether they are in upper case.
pub(crate) fn pair(digits: &mut impl Iterator<Item = u8>) -> Option<(u8, bool)> {
    let (high, low) = (digits.next()?, digits.next()?);
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let upper = !high.is_ascii_lowercase() && !low.is_ascii_lowercase();
    Some((digit(high)? * 16 + digit(low)?, upper))
}

/// Writes a name or value in the one spelling we use.
pub(crate) fn encode_into(out: &mut String, text: &str) {
    encode_with(out, text, literal);
}

/// Writes a text, each byte as itself or as `%` and two digits in upper case.
pub(crate) fn encode_with(out: &mut String, text: &str, literal: impl Fn(u8) -> bool) {
    let mut rest = text;
    loop {
        let end = rest.bytes().position(|byte| !literal(byte)).unwrap_or(rest.len());
        // What stands for itself is ASCII, so that a character ends where it does.
        let (run, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        out.push_str(run);
        let mut after = after.chars();
        let Some(other) = after.next() else { return };
        for byte in other.encode_utf8(&mut [0; 4]).bytes() {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
        rest = after.as_str();
    }
}

const fn digit(value: u8) -> char {
    (if value < 10 { b'0' + value } else { b'A' + value - 10 }) as char
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: Option<(&str, bool)>) {
        let read = decode(raw).ok();
        assert_eq!(read.as_ref().map(|d| (d.text.as_ref(), d.canonical)), expected, "{raw}");
        if let Some(Decoded { text, canonical }) = read {
            let mut again = String::new();
            encode_into(&mut again, &text);
            assert_eq!(again == raw, canonical, "{raw} is written {again}");
        }
    }

    #[test]
    fn a_value_is_decoded_once_and_told_from_its_one_spelling() {
        check("id,caption", Some(("id,caption", true)));
        check("media%7Bid%7D", Some(("media{id}", true)));
        check("media%7bid%7D", Some(("media{id}", false)));
        check("media{id}", Some(("media{id}", false)));
        check("a+b", Some(("a b", false)));
        check("a%20b", Some(("a b", true)));
        check("a%2Bb", Some(("a+b", true)));
        check("%2573", Some(("%73", true)));
        check("%61", Some(("a", false)));
        check("%C3%A9", Some(("é", true)));
        check("é", Some(("é", false)));
        check("Q==", Some(("Q==", false)));
        for bad in ["%", "%4", "%zz", "%C3", "%C0%AE", "%FF", "a;b", "a#b", "a b", "a\u{1}"] {
            check(bad, None);
        }
    }
}
