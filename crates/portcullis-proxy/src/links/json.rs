//! Finds the strings of `paging.next` and `paging.previous` in a JSON text, as byte ranges.
//!
//! One pass without a tree: only the nesting is kept. Must not change anything.

use std::ops::Range;

use memchr::memchr2;

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 256;

/// The ranges of the links, quotes included, in order; none: not JSON, or nested too deep.
pub(super) fn links(text: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut scan = Scan { text, at: 0, stack: Vec::new(), links: Vec::new() };
    scan.value(false)?;
    while !scan.stack.is_empty() {
        scan.member()?;
    }
    scan.space();
    (scan.at == text.len()).then_some(scan.links)
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    stack: Vec<Open>,
    links: Vec<Range<usize>>,
}

/// A container that is open.
#[derive(Clone, Copy)]
struct Open {
    object: bool,
    /// Whether it is the value of a member `paging`.
    paging: bool,
    /// Whether a member was read already.
    begun: bool,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Reads the next member of the innermost container, or its end.
    fn member(&mut self) -> Option<()> {
        self.space();
        let open = *self.stack.last()?;
        let end = if open.object { b'}' } else { b']' };
        if self.peek()? == end {
            self.at += 1;
            self.stack.pop();
            return Some(());
        }
        if open.begun {
            self.take(b',')?;
            self.space();
        }
        self.stack.last_mut()?.begun = true;
        if !open.object {
            return self.value(false);
        }
        let key = self.string()?;
        self.space();
        self.take(b':')?;
        self.space();
        let key = self.text.get(key)?;
        if open.paging && self.peek() == Some(b'"') && (is(key, "next") || is(key, "previous")) {
            let link = self.string()?;
            self.links.push(link);
            return Some(());
        }
        self.value(is(key, "paging"))
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self, paging: bool) -> Option<()> {
        self.space();
        match self.peek()? {
            b'"' => self.string().map(drop),
            byte @ (b'{' | b'[') => {
                self.at += 1;
                self.stack.push(Open { object: byte == b'{', paging, begun: false });
                (self.stack.len() <= DEPTH_MAX).then_some(())
            }
            _ => self.scalar(),
        }
    }

    /// A number or a word. Its own reader judges it, since it is left as it is.
    fn scalar(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.')
        ) {
            self.at += 1;
        }
        let scalar = self.text.get(start..self.at)?;
        let number = matches!(scalar.first(), Some(b'-' | b'0'..=b'9'))
            && serde_json::from_slice::<&serde_json::value::RawValue>(scalar).is_ok();
        (number || matches!(scalar, b"true" | b"false" | b"null")).then_some(())
    }

    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.take(b'"')?;
        loop {
            let rest = self.text.get(self.at..)?;
            self.at += memchr2(b'"', b'\\', rest)?;
            let quote = self.peek()? == b'"';
            self.at += if quote { 1 } else { 2 };
            if quote {
                return (self.at <= self.text.len()).then_some(start..self.at);
            }
        }
    }
}

/// Whether a quoted key is that name, escapes undone.
fn is(quoted: &[u8], name: &str) -> bool {
    let inside = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    if inside == Some(name.as_bytes()) {
        return true;
    }
    quoted.contains(&b'\\')
        && serde_json::from_slice::<String>(quoted).is_ok_and(|text| text == name)
}
