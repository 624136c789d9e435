//! Patterns of ids, which tell a node's type.
//!
//! Must not know which type a pattern stands for.

/// A pattern of ids: digits stand for themselves, `#` for any digit, or a whole literal such as `me`.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct IdPattern(pub(crate) Box<str>);

impl IdPattern {
    /// As the route file writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an id fits: same length, digits equal, `#` any ASCII digit, other characters equal.
    #[must_use]
    pub fn matches(&self, id: &str) -> bool {
        self.0.len() == id.len()
            && self.0.bytes().zip(id.bytes()).all(|(want, got)| match want {
                b'#' => got.is_ascii_digit(),
                _ => want == got,
            })
    }
}
