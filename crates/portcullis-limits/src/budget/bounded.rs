//! What keeps an account within its bounds: a sample instead of all targets, merged entries instead of
//! single ones. Always in the strict direction.
//!
//! Must not know any maximum.

use std::collections::VecDeque;
use std::collections::hash_map::Entry as Slot;

use super::account::{Account, Change, Entry, Held, Way};
use super::key::ByTarget;

/// Merged entries lie at least one part of so many of the window apart.
const PARTS: u64 = 1024;

/// More calls than can ever take back their reliance on a target.
const PINNED: u64 = u64::MAX / 2;

impl Account {
    /// Halves the sample until it fits, or doubles it when little of it is left.
    ///
    /// Each entry stands for as many targets as the level said when it came, so that a lower level
    /// later does not shrink what was counted before. A target that was outside the sample then may be
    /// counted a second time: too much, never too little.
    pub(crate) fn fit_sample(&mut self) {
        let exact = self.bounds.exact.max(1);
        while self.held.len() > exact && self.level < 63 {
            self.level += 1;
            self.thin();
        }
        if self.level > 0 && self.held.len() < exact / 4 {
            self.level -= 1;
        }
    }

    fn thin(&mut self) {
        let (level, weight) = (self.level, 1_u64 << self.level);
        let (held, mut sum) = (&mut self.held, 0_u64);
        self.order.retain_mut(|entry| {
            let kept = entry.key.zeros() >= level || entry.amount >= weight;
            if kept {
                entry.amount = entry.amount.max(weight);
                sum = sum.saturating_add(entry.amount);
            } else {
                held.remove(&entry.key);
            }
            kept
        });
        self.sum = sum;
    }

    /// Merges entries that lie close together into the later of them, and says whether that made room.
    /// Not twice within the time it takes for more to be merged, where little was.
    pub(crate) fn merge(&mut self, now: u64) -> bool {
        let apart = (self.window / PARTS).max(1);
        let full = match self.way {
            Way::Each => self.bounds.each,
            Way::Distinct | Way::Whole => self.bounds.apart,
        };
        if self.merged_at != 0 && now < self.merged_at.saturating_add(apart) {
            return self.order.len() < full;
        }
        let mut latest: ByTarget<(u64, usize)> = ByTarget::default();
        let mut kept: VecDeque<Entry> = VecDeque::with_capacity(self.order.len() / 2);
        // From the newest to the oldest: each entry joins the later one of its target that began the
        // stretch it lies in.
        for entry in self.order.iter().rev() {
            match latest.entry(entry.key) {
                Slot::Occupied(mut slot) => {
                    let (at, place) = *slot.get();
                    let near = at.saturating_sub(entry.at) < apart;
                    if let Some(later) = kept.get_mut(place).filter(|_| near) {
                        later.amount = later.amount.saturating_add(entry.amount);
                    } else {
                        slot.insert((entry.at, kept.len()));
                        kept.push_back(*entry);
                    }
                }
                Slot::Vacant(slot) => {
                    slot.insert((entry.at, kept.len()));
                    kept.push_back(*entry);
                }
            }
        }
        kept.make_contiguous().reverse();
        self.order = kept;
        let little = self.order.len() > full / 4 * 3;
        self.merged_at = if little { now } else { 0 };
        self.order.len() < full
    }

    /// Adds what other accounts counted, oldest first, before anything is entered here.
    ///
    /// No call can take any of it back. What had no target of its own then counts for every target.
    pub(crate) fn refill(&mut self, from: &Source<'_>) {
        for entry in from.entries {
            // In order, also where another source was there before.
            let at = entry.at.max(self.order.back().map_or(0, |last| last.at));
            let entry = Entry { at, ..*entry };
            match (self.way, from.way) {
                (Way::Distinct, Way::Distinct) => self.resume(entry),
                (Way::Distinct | Way::Each, Way::Whole) => self.enter_extra(entry.amount, entry.at),
                (Way::Distinct, Way::Each) | (Way::Each | Way::Whole, _) => {
                    if self.enter(entry.key, entry.amount, entry.at) == Change::Full {
                        self.enter_extra(entry.amount, entry.at);
                    }
                }
            }
        }
        self.enter_extra(from.extra, from.extra_at);
        if (self.way, from.way) == (Way::Distinct, Way::Distinct) && self.level < from.level {
            self.level = from.level.min(63);
            self.thin();
        }
        self.fit_sample();
        self.held.values_mut().filter(|_| self.way == Way::Distinct).for_each(|held| {
            held.total = PINNED;
        });
    }

    /// Keeps what the entry stands for.
    fn resume(&mut self, entry: Entry) {
        if let Slot::Vacant(slot) = self.held.entry(entry.key) {
            slot.insert(Held { at: entry.at, total: PINNED });
            self.push(entry);
        }
    }
}

/// What another account counted.
pub(crate) struct Source<'a> {
    pub(crate) way: Way,
    pub(crate) entries: &'a [Entry],
    pub(crate) extra: u64,
    pub(crate) extra_at: u64,
    pub(crate) level: u32,
}
