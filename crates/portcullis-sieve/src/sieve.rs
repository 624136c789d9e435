//! One answer on its way through.
//!
//! Must not know how it is carried out.

use std::fmt;
use std::sync::Arc;

use crate::engine::Core;
use crate::{Fault, Gate, Items, LinkKey, Program, Sink, Tally};

/// The state of one answer.
///
/// Nothing that came out of it may be sent before [`crate::HELD_MAX`] bytes of output or
/// [`Self::finish`]: until then a fault can still become a clean refusal. Afterwards the stream is
/// cut, never ended as if whole.
pub struct Sieve<I> {
    core: Core,
    items: I,
}

impl<I> fmt::Debug for Sieve<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sieve").field("written", &self.core.written()).finish_non_exhaustive()
    }
}

impl<I: Items> Sieve<I> {
    /// The sieve of an answer that arrives `now`, in seconds since 1970; `items` is asked about
    /// items where a duty says so.
    #[must_use]
    pub fn new(program: Arc<Program>, gate: Arc<Gate>, now: i64, items: I) -> Self {
        Self { core: Core::new(program, gate, now, None), items }
    }

    /// Lets fewer bytes than [`crate::HELD_MAX`] wait for an item to be decided.
    #[must_use]
    pub fn hold_at_most(mut self, bytes: usize) -> Self {
        self.core.hold_at_most(bytes.min(crate::HELD_MAX));
        self
    }

    /// Puts the caller's own key into every link that is rewritten, in place of the platform's
    /// credential. For this answer alone: what answers share never holds it.
    #[must_use]
    pub fn key_links(mut self, key: Option<LinkKey>) -> Self {
        self.core.key_links(key);
        self
    }

    /// Reads the next chunk, and writes what may leave.
    ///
    /// # Errors
    /// The answer stops here; what was written before is good, and the fault stays.
    pub fn push<S: Sink>(&mut self, chunk: &[u8], out: &mut S) -> Result<(), Fault> {
        self.core.push(chunk, out, &mut self.items)
    }

    /// Ends the answer.
    ///
    /// # Errors
    /// As [`Self::push`], and when the document is not whole.
    pub fn finish(&mut self) -> Result<(), Fault> {
        self.core.finish()
    }

    /// What was dropped, by tag.
    #[must_use]
    pub fn tallies(&self) -> &[Tally] {
        self.core.tallies().report()
    }

    /// Bytes written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.core.written()
    }

    /// Whether something was left out that the caller asked for.
    #[must_use]
    pub fn is_thinned(&self) -> bool {
        self.core.is_thinned()
    }

    /// Whether any byte was left out or replaced, so that length and digests no longer hold.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.core.is_changed()
    }

    /// Whether a link carries the caller's key.
    #[must_use]
    pub fn is_keyed(&self) -> bool {
        self.core.is_keyed()
    }

    /// Whether a link that is still to come may carry the caller's key.
    #[must_use]
    pub fn may_key(&self) -> bool {
        self.core.may_key()
    }

    /// Whoever was asked about items.
    #[must_use]
    pub fn items(&self) -> &I {
        &self.items
    }

    /// The same, to be asked for what it noted.
    pub fn items_mut(&mut self) -> &mut I {
        &mut self.items
    }

    /// Bytes of memory that it takes at the moment.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.core.memory()
    }
}
