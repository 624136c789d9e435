//! Few at a time: whoever has a turn gives it back however it ends.
//!
//! Must not know what a turn is for.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Turns, so many at once.
#[derive(Debug)]
pub(super) struct Turns {
    max: usize,
    taken: AtomicUsize,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a AtomicUsize);

impl Turns {
    pub(super) const fn new(max: usize) -> Self {
        Self { max, taken: AtomicUsize::new(0) }
    }

    /// A turn; none: all are taken.
    pub(super) fn take(&self) -> Option<Turn<'_>> {
        let before = self.taken.fetch_add(1, Ordering::AcqRel);
        let turn = Turn(&self.taken);
        (before < self.max).then_some(turn)
    }

    pub(super) const fn max(&self) -> usize {
        self.max
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_turn_is_given_back_also_by_whoever_panics_and_by_whoever_got_none() {
        let turns = Turns::new(2);
        let (one, other) = (turns.take(), turns.take());
        assert!(one.is_some() && other.is_some());
        assert!(turns.take().is_none() && turns.take().is_none(), "all are taken");
        drop(one);
        let panicked = catch_unwind(|| {
            let _turn = turns.take().unwrap();
            panic!("in its turn");
        });
        assert!(panicked.is_err());
        assert!(turns.take().is_some());
        drop(other);
        assert_eq!(turns.taken.load(Ordering::Relaxed), 0);
    }
}
