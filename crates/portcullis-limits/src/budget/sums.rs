//! What an account holds, in numbers that others compare and tell.
//!
//! Must not change anything.

use super::account::{Account, Entry, Way};
use super::key::TargetKey;

/// An estimate may be off by so much; in percent of the maximum that is enforced.
const ESTIMATE_PERCENT: u64 = 95;

impl Account {
    /// What is used, of a target or of all.
    pub(crate) fn used(&self, key: TargetKey) -> u64 {
        let used = match self.way {
            Way::Distinct | Way::Whole => self.sum,
            Way::Each => self.held.get(&key).map_or(0, |held| held.total),
        };
        used.saturating_add(self.extra)
    }

    /// What may be used: less than the maximum while the count is an estimate.
    pub(crate) fn ceiling(&self, max: u64) -> u64 {
        if self.level == 0 {
            return max;
        }
        let enforced = u128::from(max) * u128::from(ESTIMATE_PERCENT) / 100;
        u64::try_from(enforced).unwrap_or(max)
    }

    /// The moment when at least `amount` of what is held for the target has left the window.
    pub(crate) fn freed_at(&self, key: TargetKey, amount: u64) -> Option<u64> {
        let mut freed = 0_u64;
        let mut extra = Some((self.extra, self.extra_at)).filter(|(amount, _)| *amount > 0);
        for entry in self.order.iter().filter(|entry| self.concerns(entry, key)) {
            if let Some((more, at)) = extra.take_if(|(_, at)| *at <= entry.at) {
                freed = freed.saturating_add(more);
                if freed >= amount {
                    return Some(at.saturating_add(self.window));
                }
            }
            freed = freed.saturating_add(entry.amount);
            if freed >= amount {
                return Some(entry.at.saturating_add(self.window));
            }
        }
        let (more, at) = extra?;
        (freed.saturating_add(more) >= amount).then(|| at.saturating_add(self.window))
    }

    /// When the first of what is held leaves the window, and when the last.
    pub(crate) fn bounds_of_use(&self, key: TargetKey) -> Option<(u64, u64)> {
        let first = self.freed_at(key, 1)?;
        let mut backwards = self.order.iter().rev();
        let last = backwards.find(|entry| self.concerns(entry, key)).map_or(0, |entry| entry.at);
        let extra = if self.extra > 0 { self.extra_at } else { 0 };
        Some((first, last.max(extra).saturating_add(self.window)))
    }

    /// When room comes back, whatever for.
    pub(crate) fn room_at(&self) -> Option<u64> {
        self.order.front().map(|entry| entry.at.saturating_add(self.window))
    }

    fn concerns(&self, entry: &Entry, key: TargetKey) -> bool {
        self.way != Way::Each || entry.key == key
    }
}
