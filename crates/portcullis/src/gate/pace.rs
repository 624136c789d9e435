//! So many calls in a time for each of many, in memory that does not grow with them.
//!
//! Must not know who they are.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_types::Mono;

/// Cells; who shares one shares its pace. A power of two.
const CELLS: usize = 4096;

/// A pace for each of many.
#[derive(Debug)]
pub(super) struct Pace {
    /// Nanoseconds that a call costs.
    unit: u64,
    /// Calls at once.
    burst: u64,
    /// When each has all of its burst again. Which is whose can't be told from outside.
    cells: Box<[AtomicU64]>,
    secret: RandomState,
}

impl Pace {
    /// So many calls in a minute, all at once if need be.
    pub(super) fn per_minute(calls: u64) -> Self {
        let cells = (0..CELLS).map(|_| AtomicU64::new(0)).collect();
        Self {
            unit: 60_000_000_000 / calls.max(1),
            burst: calls.max(1),
            cells,
            secret: RandomState::new(),
        }
    }

    /// Takes one call.
    ///
    /// # Errors
    /// The nanoseconds after which one would be taken.
    pub(super) fn take(&self, who: impl Hash, now: Mono) -> Result<(), u64> {
        let place = usize::try_from(self.secret.hash_one(who)).unwrap_or_default() % CELLS;
        let Some(cell) = self.cells.get(place) else { return Ok(()) };
        let most = self.unit.saturating_mul(self.burst.saturating_sub(1));
        let ahead = |until: u64| until.saturating_sub(now.0);
        let taken = cell.fetch_update(Ordering::AcqRel, Ordering::Acquire, |until| {
            (ahead(until) <= most).then(|| until.max(now.0).saturating_add(self.unit))
        });
        taken.map(|_| ()).map_err(|until| ahead(until).saturating_sub(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_pass_at_once_as_in_a_minute_and_then_one_by_one() {
        let pace = Pace::per_minute(60);
        let passed = (0..100).filter(|_| pace.take("a", Mono(5)).is_ok()).count();
        assert_eq!(passed, 60);
        let wait = pace.take("a", Mono(5)).unwrap_err();
        assert_eq!(wait, 1_000_000_000);
        assert!(pace.take("a", Mono(5 + wait)).is_ok());
        assert!(pace.take("a", Mono(5 + wait)).is_err());
    }
}
