//! Percent-encoding of parameters (WHATWG URL §5 on the way in, RFC 3986 §2 on the way out).
//!
//! Decodes once and writes in one spelling only. Must not know what is decoded.

use std::borrow::Cow;
use std::fmt::Write as _;

use portcullis_types::Refusal;

use crate::why::{self, unreadable};

/// A decoded name or value, and whether it stood there in the one spelling we would write.
pub(crate) struct Decoded<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) canonical: bool,
}

/// Whether a byte of a parameter is written as itself.
const fn literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b','
                | b':'
                | b'('
                | b')'
                | b'!'
                | b'*'
                | b'$'
                | b'@'
                | b'/'
        )
}

/// A text as it stands as a value in a query.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode_into(&mut out, text);
    out
}

/// Decodes one name or value of a query or form.
pub(crate) fn decode(raw: &str) -> Result<Decoded<'_>, Refusal> {
    if raw.bytes().all(literal) {
        return Ok(Decoded { text: Cow::Borrowed(raw), canonical: true });
    }
    let mut canonical = true;
    let mut escaped = false;
    for byte in raw.bytes() {
        match byte {
            b'%' | b'+' => {
                escaped = true;
                canonical &= byte == b'%';
            }
            b';' => return Err(unreadable(why::QUERY_SEMICOLON)),
            0..=b' ' | b'#' | 0x7f => return Err(unreadable(why::QUERY_RAW)),
            _ => canonical &= literal(byte),
        }
    }
    if !escaped {
        return Ok(Decoded { text: Cow::Borrowed(raw), canonical });
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (value, upper) = pair(&mut rest).ok_or(unreadable(why::QUERY_PERCENT))?;
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
            b'%' => pair(&mut rest).ok_or(unreadable(why::QUERY_PERCENT))?.0,
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
    for byte in text.bytes() {
        if literal(byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
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
