//! How the platform is told: figures for metrics and readiness.
//!
//! Must not know what it is told.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_store::Backlog;
use portcullis_types::Wall;

use crate::gate::page::Page;

/// How messages to the platform fare.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(super) sent: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) lost: AtomicU64,
    waiting: AtomicU64,
    /// When the oldest that waits was made; 0: none waits.
    oldest: AtomicU64,
}

impl Figures {
    pub(super) fn stand(&self, backlog: Backlog) {
        self.waiting.store(backlog.waiting, Ordering::Relaxed);
        self.oldest.store(backlog.oldest.map_or(0, |at| at.0), Ordering::Relaxed);
    }

    /// Whether the platform knows all, and a line about it.
    pub(crate) fn line(&self) -> (bool, String) {
        let load = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let (waiting, lost) = (load(&self.waiting), load(&self.lost));
        let mut told = format!("{waiting} messages wait for the platform's hook");
        if lost > 0 {
            told.push_str(&format!(
                "; {lost} were given up after three days: `portcullis audit query --type platform.not_told`"
            ));
        }
        (waiting == 0 && lost == 0, told)
    }

    /// The figures in Prometheus' text format.
    pub(crate) fn page(&self, now: Wall) -> String {
        let load = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let mut page = Page::default();
        let about = "Messages that the platform's hook took since the start.";
        page.one(("platform_messages_total", "counter"), about, load(&self.sent));
        let about = "Tries to tell the platform that failed since the start.";
        page.one(("platform_failures_total", "counter"), about, load(&self.failed));
        let about = "Messages to the platform that were given up since the start.";
        page.one(("platform_lost_total", "counter"), about, load(&self.lost));
        let about = "Messages that wait for the platform's hook.";
        page.one(("platform_waiting", "gauge"), about, load(&self.waiting));
        let oldest = Some(load(&self.oldest)).filter(|at| *at > 0);
        let about = "Age of the oldest message that waits for the platform.";
        let age = oldest.map_or(0, |at| now.0.saturating_sub(at) / 1000);
        page.one(("platform_oldest_seconds", "gauge"), about, age);
        page.text()
    }
}
