//! A count with a bound, of one thread.
//!
//! Must not know what is counted.

use std::cell::Cell;

/// A count with a bound.
pub(crate) struct Bounded {
    count: Cell<u64>,
    max: u64,
    /// The bound that holds now.
    now: Cell<u64>,
}

impl Bounded {
    pub(crate) const fn new(max: u64) -> Self {
        Self { count: Cell::new(0), max, now: Cell::new(max) }
    }

    /// Adds, unless the sum would be beyond the bound.
    pub(crate) fn take(&self, more: u64) -> bool {
        match self.count.get().checked_add(more) {
            Some(sum) if sum <= self.now.get() => {
                self.count.set(sum);
                true
            }
            _ => false,
        }
    }

    /// Gives back what was taken.
    pub(crate) fn give(&self, back: u64) {
        self.count.set(self.count.get().saturating_sub(back));
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.get()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.count.get() >= self.now.get()
    }

    /// Lowers the bound by an eighth of what there is, down to a part that always holds; or raises it
    /// again, by a part of what it was.
    pub(crate) fn adapt(&self, lower: bool) {
        let now = self.now.get();
        self.now.set(if lower {
            let there = self.count.get().min(now);
            (there - there / 8).min(now).max(self.max.div_ceil(64))
        } else {
            now.saturating_add(self.max.div_ceil(32)).min(self.max)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_goes_down_with_what_there_is_and_up_in_steps() {
        let bounded = Bounded::new(6400);
        assert!(bounded.take(800));
        bounded.adapt(true);
        assert!(!bounded.take(1) && bounded.is_full(), "less than there is");
        bounded.give(200);
        assert!(bounded.take(100) && !bounded.take(1), "700 of 800");
        (0..100).for_each(|_| bounded.adapt(true));
        bounded.give(700);
        assert!(bounded.take(100) && !bounded.take(1), "a part always holds");
        bounded.adapt(false);
        assert!(bounded.take(200) && !bounded.take(1));
        (0..100).for_each(|_| bounded.adapt(false));
        assert!(bounded.take(6100) && !bounded.take(1));
    }
}
