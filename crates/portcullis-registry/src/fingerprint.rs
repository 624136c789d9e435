//! One short text for a whole state, so that two can be compared that were folded apart.
//!
//! Of one program only: it is not kept, and not compared between versions.

use std::fmt::Write;

use sha2::{Digest as _, Sha256};

use crate::snapshot::Snapshot;

/// Takes what is written into a hash.
struct Hashed(Sha256);

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

impl Snapshot {
    /// A digest over everything in it, lower-case hex: equal states have equal ones.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hashed = Hashed(Sha256::new());
        // A hash takes everything; what finds records by their names says nothing of its own.
        let _ = write!(hashed, "{self:?}");
        hashed.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
