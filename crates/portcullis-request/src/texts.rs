//! Texts that a call holds in another spelling than it is compared in, such as a name in capitals.
//!
//! Owned by whoever asks, so that asks can borrow them. Must not know what they name.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

/// Texts that live as long as the asks of a call. Empty, and without memory of its own, for most.
#[derive(Default)]
pub struct Texts(OnceLock<Box<Link>>);

struct Link {
    text: Box<str>,
    next: Texts,
}

impl Texts {
    /// Keeps a text; a borrowed one is not copied.
    pub(crate) fn keep<'t>(&'t self, text: Cow<'t, str>) -> &'t str {
        match text {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => self.add(text.into()),
        }
    }

    fn add(&self, text: Box<str>) -> &str {
        let mut last = self;
        while let Some(link) = last.0.get() {
            last = &link.next;
        }
        &last.0.get_or_init(|| Box::new(Link { text, next: Self::default() })).text
    }
}

impl Drop for Texts {
    /// One after the other: a chain that drops itself could exhaust the stack.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut link) = next {
            next = link.next.0.take();
        }
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts")
    }
}

/// A name as names are compared: in lower case. Borrowed where it is written so.
pub(crate) fn lower(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if text.bytes().all(plain) || text.chars().all(|c| c.is_lowercase() || !c.is_alphabetic()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_as_they_were_kept() {
        let texts = Texts::default();
        let kept: Vec<&str> =
            (0..10_000).step_by(997).map(|n| texts.keep(Cow::Owned(n.to_string()))).collect();
        assert_eq!(kept.len(), 11);
        assert_eq!((kept[0], kept[10]), ("0", "9970"));
        assert_eq!(texts.keep(lower("Café_1")), "café_1");
        assert!(matches!(lower("café_1.x"), Cow::Borrowed(_)));
    }
}
