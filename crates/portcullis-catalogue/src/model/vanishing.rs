//! What vanishes by itself at the platform, and by when partners have let go of it.
//!
//! Must not know who received any of it.

use portcullis_types::{ClassSet, Span};

use super::Catalogue;

/// What vanishes by itself.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Vanishing {
    /// Its classes. Each record of them that leaves is written down.
    pub classes: ClassSet,
    /// How long after the day on which a partner received it it has to be gone.
    pub after: Span,
}

impl Catalogue {
    /// What vanishes by itself; none: nothing does.
    #[must_use]
    pub const fn vanishing(&self) -> Option<&Vanishing> {
        self.vanishing.as_ref()
    }
}
