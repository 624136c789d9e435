//! The memory of one limit: what was counted, when, and for which target.
//!
//! Entries stand in the order of their times, oldest first, so that what has left the window is taken
//! from the front. Must not know any maximum: it counts, others compare.

use std::collections::VecDeque;

use portcullis_types::Counts;

use super::key::{ByTarget, TargetKey};
use super::spec::{Bounds, Limit, Named};

/// How a limit counts.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Way {
    /// Different targets.
    Distinct,
    /// Amounts, for each target alone.
    Each,
    /// Amounts, all together.
    Whole,
}

impl Way {
    pub(crate) fn of(limit: &Limit) -> Self {
        match (limit.counts, limit.each_target) {
            (Counts::Targets, _) => Self::Distinct,
            (Counts::Rows | Counts::Calls, true) => Self::Each,
            (Counts::Rows | Counts::Calls, false) => Self::Whole,
        }
    }
}

/// Something counted.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) struct Entry {
    /// Milliseconds.
    pub(crate) at: u64,
    pub(crate) key: TargetKey,
    /// Rows or calls; for distinct targets how many the entry stands for.
    pub(crate) amount: u64,
}

/// What is known of one target.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    /// When it was first read, for distinct targets.
    pub(crate) at: u64,
    /// Distinct: calls that rely on the entry. Each: the amount in the window.
    pub(crate) total: u64,
}

/// What one reservation changed in one account.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Change {
    /// A target that was counted before, at this time.
    Repeat { at: u64 },
    /// A new target outside the sample: nothing is kept of it.
    Unsampled,
    /// An entry of this amount.
    New { amount: u64 },
    /// There is no room for it.
    Full,
}

/// The memory of one limit.
#[derive(Debug)]
pub(crate) struct Account {
    /// Of the limit, for receipts.
    pub(crate) identity: u64,
    pub(crate) way: Way,
    /// Milliseconds.
    pub(crate) window: u64,
    pub(crate) bounds: Bounds,
    pub(crate) order: VecDeque<Entry>,
    pub(crate) held: ByTarget<Held>,
    /// Of all entries.
    pub(crate) sum: u64,
    /// Counted without a target that could be told, hence for every target; and when at the latest.
    pub(crate) extra: u64,
    pub(crate) extra_at: u64,
    /// Of distinct targets, one in two to the power of this is kept.
    pub(crate) level: u32,
    /// When entries were last merged.
    pub(crate) merged_at: u64,
}

impl Account {
    pub(crate) fn new(named: &Named, bounds: Bounds) -> Self {
        let window = named.limit.window.milliseconds();
        let account = Self::rolling(Way::of(&named.limit), window, bounds);
        Self { identity: named.identity, ..account }
    }

    /// Of no limit: for whoever counts alike.
    pub(crate) fn rolling(way: Way, window: u64, bounds: Bounds) -> Self {
        Self {
            identity: 0,
            way,
            window,
            bounds,
            order: VecDeque::new(),
            held: ByTarget::default(),
            sum: 0,
            extra: 0,
            extra_at: 0,
            level: 0,
            merged_at: 0,
        }
    }

    /// Forgets what has left the window.
    pub(crate) fn expire(&mut self, now: u64) {
        while let Some(entry) = self.order.front().copied() {
            if entry.at.saturating_add(self.window) > now {
                break;
            }
            self.order.pop_front();
            self.forget(entry);
        }
        if self.order.is_empty() {
            self.level = 0;
        }
        if self.extra > 0 && self.extra_at.saturating_add(self.window) <= now {
            self.extra = 0;
        }
    }

    /// Takes an entry that is no longer in the order out of the sums.
    pub(crate) fn forget(&mut self, entry: Entry) {
        self.sum = self.sum.saturating_sub(entry.amount);
        match self.way {
            Way::Distinct => {
                self.held.remove(&entry.key);
            }
            Way::Each => {
                let Some(held) = self.held.get_mut(&entry.key) else { return };
                held.total = held.total.saturating_sub(entry.amount);
                if held.total == 0 {
                    self.held.remove(&entry.key);
                }
            }
            Way::Whole => {}
        }
    }

    /// Counts, whatever the maximum. The account must have been expired to `now`.
    pub(crate) fn enter(&mut self, key: TargetKey, amount: u64, now: u64) -> Change {
        match self.way {
            Way::Distinct => self.enter_target(key, now),
            Way::Each => self.enter_each(key, amount, now),
            Way::Whole => self.enter_whole(amount, now),
        }
    }

    fn enter_target(&mut self, key: TargetKey, now: u64) -> Change {
        if let Some(held) = self.held.get_mut(&key) {
            held.total = held.total.saturating_add(1);
            return Change::Repeat { at: held.at };
        }
        if key.zeros() < self.level {
            return Change::Unsampled;
        }
        let amount = 1 << self.level;
        self.held.insert(key, Held { at: now, total: 1 });
        self.push(Entry { at: now, key, amount });
        self.fit_sample();
        Change::New { amount }
    }

    fn enter_each(&mut self, key: TargetKey, amount: u64, now: u64) -> Change {
        if amount == 0 {
            return Change::New { amount };
        }
        if self.order.len() >= self.bounds.each && !self.merge(now) {
            return Change::Full;
        }
        let held = self.held.entry(key).or_default();
        held.total = held.total.saturating_add(amount);
        self.push(Entry { at: now, key, amount });
        Change::New { amount }
    }

    fn enter_whole(&mut self, amount: u64, now: u64) -> Change {
        match self.order.back_mut() {
            _ if amount == 0 => {}
            Some(last) if last.at == now => {
                last.amount = last.amount.saturating_add(amount);
                self.sum = self.sum.saturating_add(amount);
            }
            _ => {
                let room = self.order.len() < self.bounds.apart.max(1) || self.merge(now);
                let last = self.order.back_mut().filter(|_| !room);
                let before = last.map_or(0, |last| std::mem::take(&mut last.amount));
                if before > 0 {
                    self.order.pop_back();
                    self.sum = self.sum.saturating_sub(before);
                }
                let amount = amount.saturating_add(before);
                self.push(Entry { at: now, key: TargetKey::NONE, amount });
            }
        }
        Change::New { amount }
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.sum = self.sum.saturating_add(entry.amount);
        self.order.push_back(entry);
    }

    /// Counts what can't be kept apart: for every target, and as long as the latest of it.
    pub(crate) fn enter_extra(&mut self, amount: u64, now: u64) {
        if amount > 0 {
            self.extra = self.extra.saturating_add(amount);
            self.extra_at = self.extra_at.max(now);
        }
    }

    /// Takes back what [`Account::enter`] changed at a moment, if it has not left the window since.
    pub(crate) fn take_back(&mut self, key: TargetKey, change: Change, at: u64, now: u64) {
        self.expire(now);
        if at.saturating_add(self.window) <= now {
            return;
        }
        match (self.way, change) {
            (_, Change::Unsampled | Change::Full) => {}
            (Way::Distinct, Change::Repeat { at: first }) => self.leave_target(key, first),
            (Way::Distinct, Change::New { .. }) => self.leave_target(key, at),
            (Way::Each | Way::Whole, Change::New { amount }) => {
                let key = if self.way == Way::Whole { TargetKey::NONE } else { key };
                self.leave_amount(key, amount, at);
            }
            (Way::Each | Way::Whole, Change::Repeat { .. }) => {}
        }
    }

    /// One call less relies on a target; the last one takes it out.
    fn leave_target(&mut self, key: TargetKey, at: u64) {
        let Some(held) = self.held.get_mut(&key).filter(|held| held.at == at) else { return };
        held.total = held.total.saturating_sub(1);
        if held.total > 0 {
            return;
        }
        self.held.remove(&key);
        let from = self.order.partition_point(|entry| entry.at < at);
        let mut range = self.order.range(from..).take_while(|entry| entry.at == at);
        let Some(offset) = range.position(|entry| entry.key == key) else { return };
        if let Some(entry) = self.order.remove(from + offset) {
            self.sum = self.sum.saturating_sub(entry.amount);
        }
    }

    /// The entry may have been merged into the next one of its target since.
    fn leave_amount(&mut self, key: TargetKey, mut amount: u64, at: u64) {
        let mut from = self.order.partition_point(|entry| entry.at < at);
        while amount > 0 {
            let place = self.order.range(from..).position(|entry| entry.key == key);
            let Some(place) = place.map(|offset| from + offset) else { return };
            let Some(entry) = self.order.get_mut(place) else { return };
            let taken = amount.min(entry.amount);
            entry.amount -= taken;
            amount -= taken;
            if entry.amount == 0 {
                self.order.remove(place);
                from = place;
            }
            self.forget(Entry { at, key, amount: taken });
        }
    }
}
