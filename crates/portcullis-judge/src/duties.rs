//! What must happen to an answer before it may leave: items and fields out, links made ours.
//!
//! Must not know how an answer arrives or is sent.

use std::fmt;
use std::sync::Arc;

use portcullis_sieve::Program;

/// What must happen to the answers to calls of one shape. Shared by all of them.
pub struct Duties {
    /// What the sieve does.
    pub program: Arc<Program>,
    /// Whether the answer must not be kept by anyone: it holds what vanishes.
    pub no_store: bool,
    /// By tag of the sieve's tallies, the rule that drops or counts there.
    pub rules: Vec<Arc<str>>,
}

impl fmt::Debug for Duties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duties").field("rules", &self.rules).finish_non_exhaustive()
    }
}
