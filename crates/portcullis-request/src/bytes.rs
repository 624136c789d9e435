//! Texts byte by byte: every byte of every call is looked at, so that each look counts.
//!
//! Must not know what a text or a set of bytes is for.

use memchr::memchr;

/// The text before the first of an ASCII mark, and what is behind it; none where there is no such mark.
pub(crate) fn cut(text: &str, mark: u8) -> (&str, Option<&str>) {
    let Some(at) = memchr(mark, text.as_bytes()) else { return (text, None) };
    match text.split_at_checked(at) {
        Some((before, after)) => (before, after.get(1..)),
        None => (text, None),
    }
}

/// A set of bytes, looked up in a table.
pub(crate) struct Bytes([bool; 256]);

impl Bytes {
    /// The letters and digits of ASCII, and these.
    pub(crate) const fn alphanumeric_and(more: &[u8]) -> Self {
        Self::with(true, more)
    }

    /// These and no other.
    pub(crate) const fn of(these: &[u8]) -> Self {
        Self::with(false, these)
    }

    const fn with(alphanumeric: bool, more: &[u8]) -> Self {
        let mut has = [false; 256];
        let mut rest: &mut [bool] = &mut has;
        let mut byte = 0_u8;
        while let Some((slot, others)) = rest.split_first_mut() {
            *slot = alphanumeric && byte.is_ascii_alphanumeric() || contains(more, byte);
            byte = byte.wrapping_add(1);
            rest = others;
        }
        Self(has)
    }

    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).is_some_and(|has| *has)
    }
}

const fn contains(mut all: &[u8], byte: u8) -> bool {
    while let [first, rest @ ..] = all {
        if *first == byte {
            return true;
        }
        all = rest;
    }
    false
}
