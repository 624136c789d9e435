//! What kind of body a call carries, by its `Content-Type` (RFC 9110 §8.3).
//!
//! Must not know how any body is read.

use portcullis_types::Refusal;

use crate::why::{self, unreadable};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data";

/// A kind of body.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Media<'a> {
    /// A form, also where nothing says so.
    Form,
    /// One JSON object.
    Json,
    /// Parts between boundaries.
    Multipart { boundary: &'a str },
    /// Anything else.
    Other,
}

impl Media<'_> {
    /// Whether a platform may read parameters out of it.
    pub(crate) const fn is_form(self) -> bool {
        matches!(self, Self::Form | Self::Multipart { .. })
    }
}

/// Reads the field; absent means a form, as some clients send it.
pub(crate) fn read(content_type: Option<&[u8]>) -> Result<Media<'_>, Refusal> {
    let Some(bytes) = content_type else { return Ok(Media::Form) };
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable(why::CONTENT_TYPE))?;
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let essence = essence.trim_matches([' ', '\t']);
    let is = |known: &str| essence.eq_ignore_ascii_case(known);
    if essence.is_empty() || essence.contains(',') {
        return Err(unreadable(why::CONTENT_TYPE));
    }
    if !(is(FORM) || is(JSON) || is(MULTIPART)) {
        return Ok(Media::Other);
    }
    let mut boundary = None;
    for (name, value) in Parameters(parameters) {
        let value = value.ok_or_else(|| unreadable(why::CONTENT_TYPE))?;
        if name.eq_ignore_ascii_case("charset") {
            utf8(value)?;
        } else if name.eq_ignore_ascii_case("boundary") && boundary.replace(value).is_some() {
            return Err(unreadable(why::CONTENT_TYPE));
        }
    }
    if !is(MULTIPART) {
        return Ok(if is(JSON) { Media::Json } else { Media::Form });
    }
    let boundary = boundary.filter(|text| boundary_is_plain(text));
    Ok(Media::Multipart { boundary: boundary.ok_or_else(|| unreadable(why::MULTIPART_BOUNDARY))? })
}

/// Refuses every character set but UTF-8.
pub(crate) fn utf8(charset: &str) -> Result<(), Refusal> {
    let known = ["utf-8", "utf8", "us-ascii"];
    if known.iter().any(|name| charset.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    Err(unreadable(why::CHARSET))
}

/// RFC 2046 §5.1.1 without the space.
fn boundary_is_plain(text: &str) -> bool {
    let legal = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'\'' | b'(' | b')' | b'+' | b'_' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?'
            )
    };
    (1..=70).contains(&text.len()) && text.bytes().all(legal)
}

/// `; name=value` pairs, each value a token or a quoted text without backslashes; a value that is
/// neither is `None`.
pub(crate) struct Parameters<'a>(pub(crate) &'a str);

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        let blank = [' ', '\t'];
        let text = self.0.trim_matches(blank);
        if text.is_empty() {
            return None;
        }
        let Some((name, value)) = text.split_once('=') else {
            self.0 = "";
            return Some((text, None));
        };
        let fail = |this: &mut Self| {
            this.0 = "";
            Some((name, None))
        };
        if !token(name) {
            return fail(self);
        }
        let (value, rest) = match value.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some((value, rest)) if plain_quoted(value) => {
                    (value, rest.trim_start_matches(blank))
                }
                _ => return fail(self),
            },
            None => {
                let end = value.find(';').unwrap_or(value.len());
                let (value, rest) = value.split_at_checked(end).unwrap_or((value, ""));
                let value = value.trim_end_matches(blank);
                if !token(value) {
                    return fail(self);
                }
                (value, rest)
            }
        };
        match rest.strip_prefix(';') {
            Some(rest) => self.0 = rest,
            None if rest.is_empty() => self.0 = "",
            None => return fail(self),
        }
        Some((name, Some(value)))
    }
}

fn plain_quoted(value: &str) -> bool {
    !value.contains('\\') && !value.chars().any(char::is_control)
}

/// RFC 9110 §5.6.2, and the marks that real boundaries hold unquoted.
fn token(text: &str) -> bool {
    let mark = |byte: u8| b"!#$%&'*+-.^_`|~:/?=()".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Media<'_>>) {
        assert_eq!(read(Some(text.as_bytes())).ok(), expected, "{text}");
    }

    #[test]
    fn a_media_type_is_read_in_one_way() {
        assert_eq!(read(None).ok(), Some(Media::Form));
        check("application/x-www-form-urlencoded", Some(Media::Form));
        check("Application/X-WWW-Form-Urlencoded; charset=UTF-8", Some(Media::Form));
        check("application/json;charset=\"utf-8\"", Some(Media::Json));
        check("text/plain; charset=utf-16", Some(Media::Other));
        check("application/json; charset=utf-16", None);
        check("application/json, text/plain", None);
        check("application/json; charset", None);
        check("", None);
        check("multipart/form-data; boundary=abc", Some(Media::Multipart { boundary: "abc" }));
        check("multipart/form-data; boundary=\"a b\"", None);
        check(
            "multipart/form-data; boundary=\"a:b\"; x=1",
            Some(Media::Multipart { boundary: "a:b" }),
        );
        check("multipart/form-data; boundary=a; boundary=b", None);
        check("multipart/form-data; boundary=\"a\\\"b\"", None);
        check("multipart/form-data; boundary=\"a\"b", None);
        check("multipart/form-data", None);
        assert!(read(Some(b"application/json; charset=\xff")).is_err());
    }
}
