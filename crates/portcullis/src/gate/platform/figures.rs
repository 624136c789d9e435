//! How the platform is told: figures for metrics and readiness.
//!
//! Must not know what it is told.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_types::Wall;

use crate::gate::hooks;
use crate::gate::page::Page;

/// How messages to the platform fare.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(super) messages: hooks::Figures,
    pub(super) lost: AtomicU64,
}

impl Figures {
    /// Whether the platform knows all, and a line about it.
    pub(crate) fn line(&self) -> (bool, String) {
        let (waiting, lost) = (self.messages.waiting(), self.lost.load(Ordering::Relaxed));
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
        let mut page = Page::default();
        let about = "Messages that the platform's hook took since the start.";
        page.one(("platform_messages_total", "counter"), about, self.messages.sent());
        let about = "Tries to tell the platform that failed since the start.";
        page.one(("platform_failures_total", "counter"), about, self.messages.failed());
        let about = "Messages to the platform that were given up since the start.";
        page.one(("platform_lost_total", "counter"), about, self.lost.load(Ordering::Relaxed));
        let about = "Messages that wait for the platform's hook.";
        page.one(("platform_waiting", "gauge"), about, self.messages.waiting());
        let about = "Age of the oldest message that waits for the platform.";
        page.one(("platform_oldest_seconds", "gauge"), about, self.messages.age(now));
        page.text()
    }
}
