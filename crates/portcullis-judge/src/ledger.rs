//! What the ledger is to be told of a call, and under which key what its answer holds is digested.
//!
//! Must not know where keys are kept, how an answer is read or who writes the ledger.

use std::sync::Arc;

use portcullis_keys::DayKey;
use portcullis_types::Wall;

use crate::judge::Judge;

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// The keys that what leaves is digested under: that of today, and best that of tomorrow, too, so that
/// midnight finds one.
#[derive(Debug, Clone, Default)]
pub struct LedgerKeys(Vec<Arc<DayKey>>);

impl LedgerKeys {
    /// These. Without the one of a day, no answer leaves on that day that would have to be digested.
    #[must_use]
    pub const fn new(keys: Vec<Arc<DayKey>>) -> Self {
        Self(keys)
    }

    /// The one of the day of that moment.
    pub(crate) fn of(&self, now: Wall) -> Option<&Arc<DayKey>> {
        let day = day(now);
        self.0.iter().find(|key| Some(key.day()) == day)
    }
}

/// The day of a moment, in days since 1970 as UTC counts.
pub(crate) fn day(now: Wall) -> Option<u32> {
    u32::try_from(now.0 / DAY).ok()
}

impl Judge {
    /// Has permits say what the ledger is to be told of them, and what leaves digested under these keys;
    /// none: there is no ledger, and calls cost as much as without. From the next call on, on each thread.
    pub fn set_ledger(&self, keys: Option<LedgerKeys>) {
        self.renewed(|writer| writer.ledger = keys.map(Arc::new));
    }
}
