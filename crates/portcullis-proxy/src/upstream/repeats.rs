//! How many calls may be sent a second time: a part of those that were sent, and a few each second.
//!
//! When the platform ails, repeats would be what keeps it down. Must not know why one is wanted.

use std::cell::Cell;

/// What one repeat takes.
const ONE: u32 = 100;
/// Repeats saved at the most.
const SAVED: u32 = 10 * ONE;
/// Repeats each second that need no other call.
const EACH_SECOND: u64 = 3;

/// What is left of it, on one thread.
pub(super) struct Repeats {
    left: Cell<u32>,
    percent: u32,
    filled_ms: Cell<u64>,
}

impl Repeats {
    pub(super) const fn new(percent: u32) -> Self {
        Self { left: Cell::new(SAVED), percent, filled_ms: Cell::new(0) }
    }

    /// A call is sent.
    pub(super) fn sent(&self) {
        self.left.set(self.left.get().saturating_add(self.percent).min(SAVED));
    }

    /// Whether one may be sent again.
    pub(super) fn take(&self, now_ms: u64) -> bool {
        let passed = now_ms.saturating_sub(self.filled_ms.replace(now_ms));
        let more = passed.saturating_mul(EACH_SECOND * u64::from(ONE)) / 1000;
        let more = u32::try_from(more).unwrap_or(SAVED);
        let left = self.left.get().saturating_add(more).min(SAVED);
        let rest = left.checked_sub(ONE);
        self.left.set(rest.unwrap_or(left));
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_end_where_calls_do_and_come_back_with_time() {
        let repeats = Repeats::new(20);
        let taken = |now_ms| (0..100).take_while(|_| repeats.take(now_ms)).count();
        assert_eq!(taken(0), 10, "what was saved");
        (0..25).for_each(|_| repeats.sent());
        assert_eq!(taken(0), 5, "a fifth of the calls");
        assert_eq!(taken(1000), 3, "a few each second");
        assert_eq!(taken(3_600_000), 10, "never more than what is saved");
    }
}
