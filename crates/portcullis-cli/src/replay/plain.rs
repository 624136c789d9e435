//! Reads a line that is as plain as recordings are: one JSON object without blanks, of texts without
//! escapes and of whole numbers.
//!
//! A month has millions of lines, and nearly all are so. Whatever is not is left to the reader of all
//! JSON, faults among it. Must not know what a call is worth.

use std::borrow::Cow;

use memchr::memchr;

use super::call::Written;

/// The members of a plain line; none: it is for the reader of all JSON.
pub(super) fn read(text: &str) -> Option<Written<'_>> {
    // To the end whatever is found, which takes many bytes at once.
    let odd = |byte: u8| byte < b' ' || byte == b'\\';
    if text.bytes().fold(false, |any, byte| any | odd(byte)) {
        return None;
    }
    let mut rest = Rest(text);
    let mut written = Written::default();
    rest.eat(b'{')?;
    loop {
        rest.eat(b'"')?;
        let name = rest.name()?;
        rest.eat(b':')?;
        if rest.eat(b'"').is_some() {
            let value = rest.text()?;
            match name {
                "ts" => put(&mut written.ts, value)?,
                "key" | "key_id" => put(&mut written.key, value)?,
                "partner" => put(&mut written.partner, value)?,
                "method" => put(&mut written.method, value)?,
                "path" => put(&mut written.path, value)?,
                _ => return None,
            }
        } else {
            let value = rest.number()?;
            match name {
                "status" => once(&mut written.status, u16::try_from(value).ok()?)?,
                "bytes" | "bytes_out" => once(&mut written.bytes, value)?,
                _ => return None,
            }
        }
        if rest.eat(b',').is_none() {
            rest.eat(b'}')?;
            return rest.0.is_empty().then_some(written);
        }
    }
}

/// Puts a text where none is yet: two members of one meaning are a fault, which is not told here.
fn put<'a>(place: &mut Cow<'a, str>, text: &'a str) -> Option<()> {
    let free = place.is_empty() && !text.is_empty();
    *place = Cow::Borrowed(text);
    free.then_some(())
}

fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// What is yet to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Passes over an ASCII mark.
    fn eat(&mut self, mark: u8) -> Option<()> {
        (self.0.as_bytes().first() == Some(&mark)).then_some(())?;
        self.0 = self.0.get(1..)?;
        Some(())
    }

    /// A text up to its closing mark.
    fn text(&mut self) -> Option<&'a str> {
        let end = memchr(b'"', self.0.as_bytes())?;
        self.up_to(end)
    }

    /// The same, which ends soon.
    fn name(&mut self) -> Option<&'a str> {
        let end = self.0.bytes().position(|byte| byte == b'"')?;
        self.up_to(end)
    }

    fn up_to(&mut self, end: usize) -> Option<&'a str> {
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.get(1..)?;
        Some(text)
    }

    /// A whole number in its one spelling.
    fn number(&mut self) -> Option<u64> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (text, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        let spelled = digits <= 18 && (digits == 1 || !text.starts_with('0'));
        text.parse().ok().filter(|_| spelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is read here is what the reader of all JSON reads.
    #[track_caller]
    fn check(line: &str, plain: bool) {
        let read = read(line);
        assert_eq!(read.is_some(), plain, "{line}");
        if let Some(read) = read {
            let whole: Written<'_> = serde_json::from_str(line).unwrap();
            assert_eq!(read, whole, "{line}");
        }
    }

    #[test]
    fn a_plain_line_is_read_as_any_reader_would() {
        check(
            r#"{"ts":"2024-03-01T00:00:17.566Z","key":"k","partner":"p","method":"GET","path":"/a?b=c,{d}","status":200,"bytes":459}"#,
            true,
        );
        check(r#"{"path":"/é","bytes_out":0,"key_id":"k"}"#, true);
    }

    #[test]
    fn what_is_not_plain_or_not_whole_is_left_to_the_other_reader() {
        for line in [
            "",
            "{}",
            "{",
            r#"{"ts":"a"#,
            r#"{"ts":"a"} "#,
            r#"{"ts": "a"}"#,
            r#"{"ts":"a",}"#,
            r#"{"ts":"a""key":"b"}"#,
            r#"{"ts":"a","ts":"b"}"#,
            r#"{"ts":"","ts":"b"}"#,
            r#"{"key":"a","key_id":"b"}"#,
            r#"{"status":200,"status":200}"#,
            r#"{"bytes":1,"bytes_out":1}"#,
            r#"{"ts":"a\u0041"}"#,
            r#"{"ts":"a\"b"}"#,
            r#"{"t\u0073":"a"}"#,
            "{\"ts\":\"a\tb\"}",
            r#"{"ts":1}"#,
            r#"{"status":"200"}"#,
            r#"{"status":70000}"#,
            r#"{"status":-1}"#,
            r#"{"status":0200}"#,
            r#"{"status":1.0}"#,
            r#"{"status":1e2}"#,
            r#"{"status":null}"#,
            r#"{"bytes":99999999999999999999}"#,
            r#"{"verdict":"permit"}"#,
            r#"{"other":1}"#,
            r#"{"other":[{}]}"#,
        ] {
            check(line, false);
        }
    }
}
