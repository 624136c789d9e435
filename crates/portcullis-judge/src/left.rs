//! What answers left behind that no hold ends, by key: until when addresses of media work that were
//! given out, and how many subscriptions were made.
//!
//! High-water marks since the start, for who looks before a hold. Must not know a call.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_types::{KeyIx, Now, Wall};

use crate::desk::Desk;
use crate::judge::Judge;
use crate::live::Live;
use crate::touched::Touched;

/// Marks are moved on at most once in so many milliseconds, so that threads rarely write to the same
/// line; what is told is later by as much.
const STEP: u64 = 1_000;

/// What answers to one key left behind.
#[derive(Debug, Default)]
pub(crate) struct Mark {
    /// Milliseconds; 0: nothing.
    media_until: AtomicU64,
    subscriptions: AtomicU64,
}

impl Mark {
    fn media(&self, until: u64) {
        if until > self.media_until.load(Ordering::Relaxed).saturating_add(STEP) {
            self.media_until.fetch_max(until, Ordering::Relaxed);
        }
    }
}

impl Desk {
    /// An answer to a read goes out that may hold addresses of media; see [`Touched::may_hold_media`].
    pub fn gave_media(&mut self, key: KeyIx, read: &Touched, now: Now) {
        self.renew();
        let longest = || self.view.as_ref()?.bound.rules.catalogue.media_longest();
        let Some(works) = read.media_works().unwrap_or_else(longest) else { return };
        if let Some(mark) = self.judge.live.mark(key) {
            mark.media(now.wall.0.saturating_add(works.milliseconds()));
        }
    }

    /// The platform took a call that makes a subscription.
    pub fn subscribed(&self, key: KeyIx) {
        if let Some(mark) = self.judge.live.mark(key) {
            mark.subscriptions.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Judge {
    /// Until when addresses of media work that were given to any of these keys; none: none were.
    #[must_use]
    pub fn media_until(&self, keys: &[KeyIx]) -> Option<Wall> {
        let marks = self.live.marks(keys);
        let latest = marks.map(|mark| mark.media_until.load(Ordering::Relaxed)).max();
        latest.filter(|until| *until > 0).map(|until| Wall(until.saturating_add(STEP)))
    }

    /// Subscriptions that calls of these keys made.
    #[must_use]
    pub fn subscriptions(&self, keys: &[KeyIx]) -> u64 {
        self.live.marks(keys).map(|mark| mark.subscriptions.load(Ordering::Relaxed)).sum()
    }
}

impl Live {
    fn marks(&self, keys: &[KeyIx]) -> impl Iterator<Item = &Mark> {
        keys.iter().filter_map(|key| self.left.get(key.0))
    }

    fn mark(&self, key: KeyIx) -> Option<&Mark> {
        self.left.get_or_make(key.0)
    }
}
