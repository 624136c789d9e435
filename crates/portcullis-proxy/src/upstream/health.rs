//! How one upstream fares, as all threads see it.
//!
//! What a partner's call may bring about never closes an upstream for others: only connecting does, and
//! the gate's own checks. Bad answers spare one for a while, as long as others are there. Must not know
//! what a call is.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Failures in a row until an upstream is left out.
const IN_A_ROW: u32 = 5;
/// Longest that bad answers spare an upstream, in milliseconds: as often as it was, so many times this.
const SPARED_MS: u64 = 5_000;
const SPARED_MOST: u32 = 6;

/// How one upstream fares. Everything in it is a hint: threads may see it late.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Connections in a row that were not made.
    refused: AtomicU32,
    /// No connection can be made.
    broken: AtomicBool,
    /// Calls in a row without a good answer.
    bad: AtomicU32,
    /// Times in a row that it was spared.
    spared: AtomicU32,
    spared_until_ms: AtomicU64,
    /// The gate's own checks fail.
    ill: AtomicBool,
}

impl Health {
    /// Whether a connection can be made, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.broken.load(Relaxed)
    }

    /// Whether it should take calls, where others can.
    pub(super) fn is_well(&self, now_ms: u64) -> bool {
        self.is_open() && !self.ill.load(Relaxed) && self.spared_until_ms.load(Relaxed) <= now_ms
    }

    /// A connection was made.
    pub(super) fn connected(&self) {
        if self.refused.load(Relaxed) != 0 {
            self.refused.store(0, Relaxed);
            self.broken.store(false, Relaxed);
        }
    }

    /// No connection was made.
    pub(super) fn refused(&self) {
        if self.refused.fetch_add(1, Relaxed).saturating_add(1) >= IN_A_ROW {
            self.broken.store(true, Relaxed);
        }
    }

    /// A call was answered well.
    #[inline]
    pub(super) fn good(&self) {
        if self.bad.load(Relaxed) != 0 {
            self.bad.store(0, Relaxed);
            self.spared.store(0, Relaxed);
        }
    }

    /// A call was answered badly or not at all; whether that is one too many.
    pub(super) fn bad(&self) -> bool {
        self.bad.fetch_add(1, Relaxed).saturating_add(1) >= IN_A_ROW
    }

    /// Leaves it out for a while.
    pub(super) fn spare(&self, now_ms: u64) {
        let times = self.spared.fetch_add(1, Relaxed).saturating_add(1).min(SPARED_MOST);
        self.spared_until_ms.store(now_ms.saturating_add(SPARED_MS * u64::from(times)), Relaxed);
        // One more bad answer after that is one too many.
        self.bad.store(IN_A_ROW - 1, Relaxed);
    }

    /// What the gate's own check found.
    pub(super) fn checked(&self, well: bool) {
        self.ill.store(!well, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_closed_by_connections_in_a_row_that_were_not_made() {
        let health = Health::default();
        for at in 1..=IN_A_ROW {
            assert!(health.is_open(), "before the {at}th");
            health.refused();
        }
        assert!(!health.is_open());
        health.connected();
        assert!(health.is_open() && health.is_well(0));
        (1..IN_A_ROW).for_each(|_| health.refused());
        health.connected();
        health.refused();
        assert!(health.is_open(), "not in a row");
    }

    #[test]
    fn bad_answers_spare_an_upstream_longer_each_time() {
        let health = Health::default();
        assert!((1..IN_A_ROW).all(|_| !health.bad()) && health.bad());
        health.spare(1000);
        assert!(health.is_open() && !health.is_well(5_999) && health.is_well(6_000));
        assert!(health.bad(), "it is watched more closely");
        health.spare(6_000);
        assert!(!health.is_well(15_999) && health.is_well(16_000));
        health.good();
        assert!(!health.bad());
        (0..100).for_each(|_| health.spare(0));
        assert!(health.is_well(SPARED_MS * u64::from(SPARED_MOST)), "never longer than that");
    }
}
