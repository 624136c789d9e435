//! What one thread may ask of the upstreams at once, and who has how much of it.
//!
//! A partner may have its part of all calls under way and no more, so that there is always room for
//! another. Must not know which upstream a call goes to.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::line::{Line, Who};
use crate::Settings;

/// The bounds of one thread, and the line before them.
pub(super) struct Turns<T> {
    pub(super) line: Rc<Line<T>>,
    /// Calls under way at one upstream at the most.
    pub(super) calls: u32,
    /// Connections to one upstream that are being opened.
    pub(super) connects: u32,
    /// How many in a hundred of all calls under way one partner may have, and how many that is.
    percent: u32,
    partner: Cell<u32>,
    /// Those there are, by partner.
    of: RefCell<Vec<u32>>,
}

impl<T> Turns<T> {
    pub(super) fn new(settings: &Settings) -> Rc<Self> {
        let bounds = &settings.upstreams.bounds;
        let share = |all: usize| {
            let share = all.div_ceil(settings.threads.max(1)).max(1);
            u32::try_from(share).unwrap_or(u32::MAX)
        };
        let upstreams = settings.upstreams.each(&settings.upstream).count();
        let calls = share(bounds.calls);
        let all = u64::from(calls) * upstreams as u64;
        Rc::new(Self {
            line: Line::new(bounds.waiting.div_ceil(settings.threads.max(1))),
            calls,
            connects: share(bounds.connects),
            percent: bounds.partner_percent,
            partner: Cell::new(part(all, bounds.partner_percent)),
            of: RefCell::default(),
        })
    }

    /// All calls under way may be so many from now on.
    pub(super) fn may_be(&self, all: u64) {
        self.partner.set(part(all, self.percent));
    }

    /// Whether a partner may have one more call under way.
    #[inline]
    pub(super) fn may(&self, who: Who) -> bool {
        self.of.borrow().get(who as usize).is_none_or(|count| *count < self.partner.get())
    }

    /// One more is under way.
    #[inline]
    pub(super) fn take(&self, who: Who) {
        let mut of = self.of.borrow_mut();
        if of.len() <= who as usize {
            of.resize(who as usize + 1, 0);
        }
        if let Some(count) = of.get_mut(who as usize) {
            *count += 1;
        }
    }

    /// One ended.
    #[inline]
    pub(super) fn give(&self, who: Who) {
        if let Some(count) = self.of.borrow_mut().get_mut(who as usize) {
            *count = count.saturating_sub(1);
        }
    }
}

/// How many one partner may have of so many.
fn part(all: u64, percent: u32) -> u32 {
    let part = all.saturating_mul(percent.into()).div_ceil(100).max(1);
    u32::try_from(part).unwrap_or(u32::MAX)
}
