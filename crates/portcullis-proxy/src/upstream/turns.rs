//! What one thread may ask of the upstreams at once, and who has how much of it.
//!
//! A partner may have its part of all calls under way and no more, so that there is always room for
//! another. Must not know which upstream a call goes to.

use std::cell::RefCell;
use std::rc::Rc;

use super::line::{Line, Who};
use crate::Settings;

/// The bounds of one thread, and the line before them.
pub(super) struct Turns<T> {
    pub(super) line: Rc<Line<T>>,
    /// Calls under way at one upstream.
    pub(super) calls: u32,
    /// Connections to one upstream that are being opened.
    pub(super) connects: u32,
    /// Calls under way of one partner.
    partner: u32,
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
        let all = bounds.calls.saturating_mul(upstreams);
        let percent = usize::try_from(bounds.partner_percent).unwrap_or(100);
        Rc::new(Self {
            line: Line::new(bounds.waiting.div_ceil(settings.threads.max(1))),
            calls: share(bounds.calls),
            connects: share(bounds.connects),
            partner: share(all.saturating_mul(percent).div_ceil(100)),
            of: RefCell::default(),
        })
    }

    /// Whether a partner may have one more call under way.
    #[inline]
    pub(super) fn may(&self, who: Who) -> bool {
        self.of.borrow().get(who as usize).is_none_or(|count| *count < self.partner)
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
