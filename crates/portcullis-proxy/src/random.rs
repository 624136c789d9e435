//! Numbers that nobody has to be unable to guess: for drawing lots, and so that gates don't act in step.
//!
//! Must not be used for anything that is secret.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A row of numbers.
pub(crate) struct Random(Cell<u64>);

impl Random {
    pub(crate) fn new() -> Self {
        // Never zero, which it would stay.
        Self(Cell::new(RandomState::new().build_hasher().finish() | 1))
    }

    /// The next one below that; none below zero.
    pub(crate) fn below(&self, end: u64) -> Option<u64> {
        let mut at = self.0.get();
        at ^= at << 13;
        at ^= at >> 7;
        at ^= at << 17;
        self.0.set(at);
        at.checked_rem(end)
    }
}
