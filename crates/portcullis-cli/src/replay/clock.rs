//! Time as budgets know it: it never goes back.
//!
//! Must not know what happens at any time.

use portcullis_types::{Mono, Wall};

/// Time as budgets know it: it never goes back.
#[derive(Debug, Default)]
pub(super) struct Clock {
    first: Option<Wall>,
    last: Wall,
    /// Lines earlier than the one before them.
    back: u64,
    day: u64,
}

impl Clock {
    /// The moment of a line; an earlier one than before moves nothing.
    pub(super) fn at(&mut self, at: Wall) -> Mono {
        self.back += u64::from(at < self.last);
        self.last = self.last.max(at);
        let first = *self.first.get_or_insert(at);
        // An hour ahead, so that no rate begins at the very start of time.
        Mono(
            (self.last.0.saturating_sub(first.0))
                .saturating_add(3_600_000)
                .saturating_mul(1_000_000),
        )
    }
}

impl Clock {
    /// Whether a day has begun since this was last asked.
    pub(super) fn new_day(&mut self) -> bool {
        let before = std::mem::replace(&mut self.day, self.last.0 / 86_400_000);
        before != 0 && before != self.day
    }

    /// How many lines were earlier than one before them.
    pub(super) const fn back(&self) -> u64 {
        self.back
    }

    /// From the first line to the latest.
    pub(super) fn span(&self) -> [Option<String>; 2] {
        [self.first.map(Wall::rfc3339), self.first.map(|_| self.last.rfc3339())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back_and_a_day_begins_once() {
        let mut clock = Clock::default();
        let day = 86_400_000;
        let at = |clock: &mut Clock, at: u64| (clock.at(Wall(at)).0 / 1_000_000, clock.new_day());
        assert_eq!(at(&mut clock, 10 * day), (3_600_000, false));
        assert_eq!(at(&mut clock, 10 * day - 5), (3_600_000, false));
        assert_eq!(at(&mut clock, 11 * day), (3_600_000 + day, true));
        assert_eq!(at(&mut clock, 11 * day + 1), (3_600_001 + day, false));
        assert_eq!(clock.back(), 1);
    }
}
