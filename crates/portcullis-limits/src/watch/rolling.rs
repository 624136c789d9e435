//! Signals that are counts in a rolling window: refusals, different targets, novelty, pages and polling
//! of one target, and the share of "not found".
//!
//! Must not know what a target is.

use std::collections::VecDeque;

use super::detector::Hit;
use super::spec::{Measure, Signal};
use crate::budget::{Account, Bounds, Change, TargetKey, Way};

/// Counts as budgets do.
#[derive(Debug)]
pub(crate) struct Rolling {
    counted: Account,
    /// All asks, for what is a share of them.
    all: Account,
}

impl Rolling {
    pub(crate) fn new(measure: &Measure) -> Self {
        let way = match measure.signal {
            Signal::PageDepth | Signal::StoryPolling => Way::Each,
            Signal::Distinct | Signal::Novelty => Way::Distinct,
            _ => Way::Whole,
        };
        let account = |way| Account::rolling(way, measure.per.milliseconds(), Bounds::default());
        Self { counted: account(way), all: account(Way::Whole) }
    }

    pub(crate) fn refused(&mut self, measure: &Measure, now: u64) -> Option<Hit> {
        let refusals = self.count(TargetKey::NONE, now)?;
        let hit = measure.signal == Signal::Refused && refusals > measure.over;
        hit.then(|| Hit::new(measure.signal, &[("refusals", refusals)]))
    }

    pub(crate) fn asked(&mut self, measure: &Measure, target: TargetKey, now: u64) -> Option<Hit> {
        if measure.signal == Signal::Refused {
            return None;
        }
        let counted = self.count(target, now)?;
        let name = match measure.signal {
            Signal::Novelty => return self.novelty(measure, counted, now),
            Signal::PageDepth => "pages of one target",
            Signal::StoryPolling => "calls for one account",
            _ => "targets",
        };
        (counted > measure.over).then(|| Hit::new(measure.signal, &[(name, counted)]))
    }

    /// None when there is no room for it.
    fn count(&mut self, target: TargetKey, now: u64) -> Option<u64> {
        self.counted.expire(now);
        let room = self.counted.enter(target, 1, now) != Change::Full;
        room.then(|| self.counted.used(target))
    }

    fn novelty(&mut self, measure: &Measure, targets: u64, now: u64) -> Option<Hit> {
        self.all.expire(now);
        self.all.enter(TargetKey::NONE, 1, now);
        let asks = self.all.used(TargetKey::NONE).max(1);
        let percent = targets.saturating_mul(100) / asks;
        let hit = targets >= measure.min && percent > measure.over;
        hit.then(|| {
            Hit::new(measure.signal, &[("targets", targets), ("asks", asks), ("percent", percent)])
        })
    }
}

/// The last answers, newest last.
#[derive(Debug, Default)]
pub(crate) struct NotFound {
    last: VecDeque<(u64, bool)>,
    missing: u64,
}

impl NotFound {
    pub(crate) fn answered(&mut self, measure: &Measure, found: bool, now: u64) -> Option<Hit> {
        self.last.push_back((now, found));
        self.missing += u64::from(!found);
        let old = |at: u64| at.saturating_add(measure.per.milliseconds()) <= now;
        while let Some((at, found)) = self.last.front().copied() {
            if self.last.len() as u64 <= measure.min && !old(at) {
                break;
            }
            self.last.pop_front();
            self.missing -= u64::from(!found);
        }
        let calls = self.last.len() as u64;
        // Only when it gets worse, so that an old hit does not come again with each good answer.
        let hit = !found && calls >= measure.min && self.missing * 100 > measure.over * calls;
        hit.then(|| Hit::new(measure.signal, &[("not found", self.missing), ("calls", calls)]))
    }
}
