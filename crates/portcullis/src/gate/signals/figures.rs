//! How signals fare: figures for metrics and readiness.
//!
//! Must not know how a signal is raised or what follows it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use portcullis_registry::{SignalBounds, Snapshot};
use portcullis_types::Wall;

use super::super::page::Page;

/// Figures of the signals of one gate.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Most partners that signals may put on hold within 24 hours, as configured.
    pub(crate) holds_per_day: u64,
    /// Recorded since the start, by kind.
    raised: Mutex<BTreeMap<String, u64>>,
    pub(crate) held: AtomicU64,
    /// Lost since the start: there was no room for them.
    pub(crate) lost: AtomicU64,
    /// Waiting for the store.
    pub(crate) waiting: AtomicU64,
}

impl Figures {
    pub(crate) fn new(holds_per_day: u64) -> Self {
        Self { holds_per_day, ..Self::default() }
    }

    pub(crate) fn count(&self, signal: &str) {
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        *raised.entry(signal.to_owned()).or_default() += 1;
    }

    fn cap(&self, snapshot: &Snapshot) -> u64 {
        let bounds = SignalBounds { holds_per_day: self.holds_per_day, uncounted: 0 };
        bounds.cap(snapshot.partner_count())
    }

    /// Whether all is as it should be, and a line about it.
    pub(crate) fn line(&self, snapshot: &Snapshot, now: Wall) -> (bool, String) {
        let (cap, none) = (self.cap(snapshot), self.holds_per_day == 0);
        let held = snapshot.signals().held(now);
        let (lost, waiting) =
            (self.lost.load(Ordering::Relaxed), self.waiting.load(Ordering::Relaxed));
        let left_out = held >= cap && !none && capped_of_late(snapshot, now);
        let mut told = if left_out {
            format!(
                "CAPPED: signals have put {held} partners on hold within 24 hours and may put no more than {cap}; rules that want further holds are recorded only, look at `portcullis signal list` and hold by hand"
            )
        } else if none {
            "recorded; none may put a partner on hold (`signals.holds_per_day` is 0)".to_owned()
        } else {
            format!("recorded; {held} of at most {cap} partners put on hold within 24 hours")
        };
        if waiting > 0 {
            told.push_str(&format!("; {waiting} wait for the store"));
        }
        if lost > 0 {
            told.push_str(&format!("; {lost} were lost since the start, for lack of room"));
        }
        (!left_out && lost == 0 && waiting == 0, told)
    }

    /// The figures in Prometheus' text format.
    pub(crate) fn page(&self, snapshot: &Snapshot, now: Wall) -> String {
        let mut page = Page::default();
        let mut head = |name: &str, kind: &str, about: &str, lines: &[(String, u64)]| {
            page.each((name, kind), about, lines);
        };
        let one = |value: u64| vec![(String::new(), value)];
        let raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        let by_kind = raised.iter();
        let by_kind: Vec<_> =
            by_kind.map(|(kind, count)| (format!("{{signal=\"{kind}\"}}"), *count)).collect();
        let load = |figure: &AtomicU64| one(figure.load(Ordering::Relaxed));
        head("signals_total", "counter", "Signals recorded in the log.", &by_kind);
        head("signal_holds_total", "counter", "Holds that signals led to.", &load(&self.held));
        let about = "Partners that signals put on hold within the last 24 hours.";
        head("signal_holds_day", "gauge", about, &one(snapshot.signals().held(now)));
        let about = "Most partners that signals may put on hold within 24 hours.";
        head("signal_holds_day_max", "gauge", about, &one(self.cap(snapshot)));
        let capped = u64::from(capped_of_late(snapshot, now));
        let about =
            "Whether a hold was left out within the last 24 hours, since there were too many.";
        head("signal_holds_capped", "gauge", about, &one(capped));
        head("signals_lost_total", "counter", "Signals lost for lack of room.", &load(&self.lost));
        page.text()
    }
}

/// Whether a hold was left out within the last 24 hours.
fn capped_of_late(snapshot: &Snapshot, now: Wall) -> bool {
    let window = portcullis_registry::SIGNAL_HOLDS_WINDOW;
    snapshot.signals().capped().is_some_and(|at| at.0.saturating_add(window) > now.0)
}
