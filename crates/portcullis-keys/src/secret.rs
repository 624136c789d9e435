//! A text that must not be seen: no `Display`, no `Clone`, no serialisation, wiped when dropped.
//!
//! Must not know what it protects.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text. The only way to its bytes is [`Secret::expose`], so that each use can be found.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text; it is wiped from memory when the secret is dropped.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the one place that must show or send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}
