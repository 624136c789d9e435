//! How messages to hooks fare: counted while they are sent, read by metrics and readiness.
//!
//! Must not know whose hooks they are.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_store::Backlog;
use portcullis_types::Wall;

/// Figures of one file of messages.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    sent: AtomicU64,
    failed: AtomicU64,
    waiting: AtomicU64,
    /// When the oldest that waits was made; 0: none waits.
    oldest: AtomicU64,
    given_up: AtomicU64,
}

impl Figures {
    /// Counts a try.
    pub(in crate::gate) fn tried(&self, taken: bool) {
        let figure = if taken { &self.sent } else { &self.failed };
        figure.fetch_add(1, Ordering::Relaxed);
    }

    pub(in crate::gate) fn stand(&self, backlog: Backlog) {
        self.waiting.store(backlog.waiting, Ordering::Relaxed);
        self.oldest.store(backlog.oldest.map_or(0, |at| at.0), Ordering::Relaxed);
        self.given_up.store(backlog.given_up, Ordering::Relaxed);
    }

    /// Messages that a hook took since the start.
    pub(in crate::gate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Tries that failed since the start.
    pub(in crate::gate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(in crate::gate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Seconds since the oldest message that waits was made.
    pub(in crate::gate) fn age(&self, now: Wall) -> u64 {
        match self.oldest.load(Ordering::Relaxed) {
            0 => 0,
            made => now.0.saturating_sub(made) / 1000,
        }
    }

    /// Messages that are not tried any more.
    pub(in crate::gate) fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Relaxed)
    }
}
