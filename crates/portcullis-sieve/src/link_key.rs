//! The key of the one who called, on its way back into the links of its own answer.
//!
//! Wiped when dropped, and shown by nothing but a link. Must not know where the key came from.

use std::fmt;

use zeroize::Zeroizing;

/// A caller's own key, for the links of one answer to its own call.
pub struct LinkKey(Zeroizing<Box<str>>);

impl LinkKey {
    /// Takes the key as a query holds it, percent-encoded; none, if it could end the parameter.
    #[must_use]
    pub fn new(encoded: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"&#+;\"\\".contains(&byte);
        let is_value = !encoded.is_empty() && encoded.bytes().all(fits);
        is_value.then(|| Self(Zeroizing::new(encoded.into())))
    }

    /// The key, for the one place that writes it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_prints_and_never_ends_its_parameter() {
        assert_eq!(format!("{:?}", LinkKey::new("hush")), "Some(LinkKey(redacted))");
        for odd in ["", "a&b", "a#b", "a b", "a+b", "a\"b", "a\nb", "\u{e9}"] {
            assert!(LinkKey::new(odd).is_none(), "{odd}");
        }
    }
}
