//! Strings of JSON: escapes undone and put in.
//!
//! Must not know where a string stands.

/// Undoes the escapes of a whole string, quotes left out; none: it stands for no text.
pub(crate) fn unescaped(raw: &[u8]) -> Option<String> {
    let mut plain = Vec::with_capacity(raw.len());
    let mut unescape = Unescape::default();
    unescape.push(raw, &mut plain)?;
    if !unescape.is_whole() {
        return None;
    }
    String::from_utf8(plain).ok()
}

/// Undoes escapes across pieces.
#[derive(Debug, Default)]
pub(crate) struct Unescape {
    /// An escape that is not whole, from its backslash on.
    part: Vec<u8>,
}

/// The longest escape: a pair of surrogates.
const ESCAPE_MAX: usize = 12;

enum Step {
    More,
    Char(char),
    Broken,
}

impl Unescape {
    /// Adds the plain text of the next piece; none: an escape stands for nothing.
    pub(crate) fn push(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let mut rest = raw;
        loop {
            if self.part.is_empty() {
                let len = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
                let (plain, tail) = rest.split_at_checked(len)?;
                out.extend_from_slice(plain);
                rest = tail;
            }
            let Some((byte, tail)) = rest.split_first() else { return Some(()) };
            self.part.push(*byte);
            rest = tail;
            match step(&self.part) {
                Step::More if self.part.len() < ESCAPE_MAX => {}
                Step::Char(found) => {
                    self.part.clear();
                    out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Step::More | Step::Broken => return None,
            }
        }
    }

    /// Whether no escape is left open.
    pub(crate) fn is_whole(&self) -> bool {
        self.part.is_empty()
    }
}

fn step(part: &[u8]) -> Step {
    let one = |found: char| Step::Char(found);
    match part {
        [b'\\'] | [b'\\', b'u', ..] => {}
        [b'\\', b'n'] => return one('\n'),
        [b'\\', b't'] => return one('\t'),
        [b'\\', b'r'] => return one('\r'),
        [b'\\', b'b'] => return one('\u{8}'),
        [b'\\', b'f'] => return one('\u{c}'),
        [b'\\', byte @ (b'"' | b'\\' | b'/')] => return one(char::from(*byte)),
        _ => return Step::Broken,
    }
    let Some(high) = part.get(2..6) else { return Step::More };
    let Some(high) = hex(high) else { return Step::Broken };
    match (high, part.get(6..).unwrap_or_default()) {
        (0xD800..=0xDBFF, [] | [b'\\'] | [b'\\', b'u']) => Step::More,
        (0xD800..=0xDBFF, [b'\\', b'u', low @ ..]) if low.len() < 4 => Step::More,
        (0xD800..=0xDBFF, [b'\\', b'u', low @ ..]) => match hex(low) {
            Some(low @ 0xDC00..=0xDFFF) => {
                let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                char::from_u32(code).map_or(Step::Broken, Step::Char)
            }
            _ => Step::Broken,
        },
        (_, []) => char::from_u32(high).map_or(Step::Broken, Step::Char),
        _ => Step::Broken,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    digits.iter().try_fold(0, |sum, byte| Some(sum * 16 + digit(byte)?))
}

/// Adds a text with its escapes, quotes left out.
pub(crate) fn escape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let len = crate::scan::plain(rest);
        let Some((plain, tail)) = rest.split_at_checked(len) else { return };
        out.extend_from_slice(plain);
        let Some((byte, tail)) = tail.split_first() else { return };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
        }
        rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_stand_for_their_characters_or_for_nothing() {
        for (raw, plain) in [
            (r"a\u005fb", Some("a_b")),
            (r"\ud83d\ude00!", Some("😀!")),
            (r#"\"\\\/\b\f\n\r\t"#, Some("\"\\/\u{8}\u{c}\n\r\t")),
            (r"\ud83d", None),
            (r"\ud83dx", None),
            (r"\ud83d\u0041", None),
            (r"\ude00", None),
            (r"\u12", None),
            (r"\x", None),
            (r"\", None),
        ] {
            assert_eq!(unescaped(raw.as_bytes()).as_deref(), plain, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_back_in_any_pieces(text: String, at in 0_usize..80) {
            let mut raw = Vec::new();
            escape(text.as_bytes(), &mut raw);
            let quoted = format!("\"{}\"", String::from_utf8(raw.clone()).unwrap());
            prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text.clone());
            let serde = serde_json::to_string(&text).unwrap();
            for raw in [raw.as_slice(), &serde.as_bytes()[1..serde.len() - 1]] {
                let (head, tail) = raw.split_at(at.min(raw.len()));
                let mut unescape = Unescape::default();
                let mut plain = Vec::new();
                unescape.push(head, &mut plain).unwrap();
                unescape.push(tail, &mut plain).unwrap();
                prop_assert!(unescape.is_whole());
                prop_assert_eq!(plain.as_slice(), text.as_bytes());
            }
        }
    }
}
