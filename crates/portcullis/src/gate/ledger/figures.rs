//! How the ledger fares: figures for `/metrics`, and what a line of `/readyz` is made of.
//!
//! Must not know what is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use portcullis_ledger::LedgerError;
use portcullis_proxy::LedgerOutlet;
use portcullis_types::{Clock as _, Mono, Now, Wall};

use super::super::page::Page;
use super::folder::Part;
use super::library::PART_MAX;
use super::line::{VERIFY, blind, lack, told, unknown_sets};
use super::preserve::Preserved;
use crate::clock::SystemClock;
use crate::talk;

/// How long what left may wait to be written without a word of it in answers, in nanoseconds.
const LATE: u64 = 2_000_000_000;
/// And without one to operators.
const STUCK: u64 = 5 * LATE;

/// Figures of one gate.
#[derive(Debug)]
pub(crate) struct Figures {
    outlet: LedgerOutlet,
    clock: SystemClock,
    stands: Mutex<Stands>,
    pub(super) answers: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) syncs: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) rolled: AtomicU64,
    pub(super) torn: AtomicU64,
    /// Whether it was said that deletions are matched without what is kept aside.
    without: AtomicBool,
}

/// What stands now.
#[derive(Debug, Clone, Default)]
pub(super) struct Stands {
    /// Why nothing can be written.
    pub write: Option<String>,
    /// Why there is no key for a day.
    pub key: Option<String>,
    /// Why journals wait.
    pub roll: Option<String>,
    /// Journals that are kept aside: damaged ones, and those that another version wrote.
    pub aside: Vec<String>,
    /// Sets of files that can't be read, with why.
    pub unreadable: BTreeMap<String, String>,
    /// Why it can't be looked which sets of files there are.
    pub blind: Option<String>,
    /// Sets of files that are gone before their time.
    pub missing: BTreeSet<String>,
    /// Those of them that were half gone by their age when a case needed them.
    pub halves: BTreeSet<String>,
    /// Until when nothing goes by its age, since it is not known how late it is.
    pub doubted: Option<Wall>,
    /// Sets of files that the log does not have; none: it was not looked yet.
    pub strange: Option<Vec<String>>,
    /// Answers that were taken from the rings and could not be written.
    pub taken: u64,
    /// When this gate began to write.
    pub begun: Now,
    /// All that left until then is durable; none: not all of anything yet.
    pub written: Option<Now>,
    /// The same of what has to be digested, which waits for nothing but its ring.
    pub digested: Option<Mono>,
    /// Answers that had been refused by then, since a ring was full.
    pub refused: u64,
    /// Journals that are not rolled yet, with those that are written.
    pub journals: u64,
    /// Files, and their bytes.
    pub files: u64,
    pub file_bytes: u64,
    /// What cases keep although its time is over.
    pub preserved: Vec<Preserved>,
}

impl Stands {
    /// All that left until then is durable; none of it yet: nothing left before.
    fn since(&self) -> Now {
        self.written.unwrap_or(self.begun)
    }

    /// Whether that was longer ago than it may be, by a clock that nobody sets.
    fn is_late(&self, now: Mono) -> bool {
        now.0 > self.since().mono.0.saturating_add(LATE)
    }

    /// Whether the writer itself is: what falls together keeps it from telling, but not from writing.
    fn is_stuck(&self, now: Mono) -> bool {
        now.0 > self.digested.unwrap_or(self.begun.mono).0.saturating_add(STUCK)
    }
}

impl Figures {
    pub(super) fn new(outlet: LedgerOutlet, clock: SystemClock) -> Self {
        let begun = clock.now();
        Self {
            outlet,
            clock,
            stands: Mutex::new(Stands { begun, ..Stands::default() }),
            answers: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            rolled: AtomicU64::new(0),
            torn: AtomicU64::new(0),
            without: AtomicBool::new(false),
        }
    }

    pub(super) fn stands(&self) -> MutexGuard<'_, Stands> {
        self.stands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when not all is written down that left, where that can't be or takes longer than it should.
    pub(super) fn unwritten(&self) -> Option<Wall> {
        let (stands, now) = (self.stands(), self.clock.now().mono);
        let lacks = stands.write.is_some() || self.outlet.is_merging();
        (stands.is_late(now) || lacks).then(|| stands.since().wall)
    }

    /// Takes down that a set of files can't be read, where that is what it was; said once.
    pub(super) fn unread(&self, why: &LedgerError) {
        let Some(hour) = why.hour() else { return };
        self.damaged(hour, &why.to_string());
    }

    /// The same of a set by its name.
    pub(super) fn damaged(&self, hour: &str, why: &str) {
        if self.stands().unreadable.insert(hour.to_owned(), why.to_owned()).is_none() {
            talk::error(&format!("no question about its time is answered: {why}; {VERIFY}"));
        }
    }

    /// Takes down which sets of files are gone before their time, which is said where there is one more, and
    /// which the log does not have. These are said as a gate begins: later on they may be those of a gate that
    /// follows this one. Gives all that are gone.
    pub(super) fn looked(&self, missing: Vec<String>, strange: Vec<String>) -> BTreeSet<String> {
        let mut stands = self.stands();
        let missing: BTreeSet<String> =
            missing.into_iter().chain(stands.halves.iter().cloned()).collect();
        if !missing.is_subset(&stands.missing) {
            talk::error(&lack(&missing));
        }
        if stands.strange.is_none() && !strange.is_empty() {
            talk::error(&unknown_sets(&strange));
        }
        (stands.missing, stands.strange, stands.blind) = (missing, Some(strange), None);
        stands.missing.clone()
    }

    /// Takes down why it can't be looked which sets there are; said once.
    pub(super) fn blinded(&self, why: &str) {
        if self.stands().blind.replace(why.to_owned()).is_none() {
            talk::error(&blind(why));
        }
    }

    /// Says, once, that deletions are matched without what stands in journals kept aside, and what vanishes is
    /// told without it, where any of them may hold what left since then.
    pub(super) fn matched(&self, since: Wall) {
        let stands = self.stands();
        let may_hold = |part: Part| part.start.0 + PART_MAX > since.0;
        let of = |name: &&String| Part::of_aside(name).is_none_or(may_hold);
        let first = stands.aside.iter().find(of);
        if let Some(first) = first
            && !self.without.swap(true, Ordering::Relaxed)
        {
            talk::error(&format!(
                "deletions are matched without what stands in journals kept aside, `{first}` first: a partner that received it is not told, nor of what of it vanishes; /readyz says what to do"
            ));
        } else if first.is_none() {
            self.without.store(false, Ordering::Relaxed);
        }
    }

    /// Whether what leaves can be written down and digested.
    pub(crate) fn writes(&self) -> bool {
        let stands = self.stands();
        stands.write.is_none() && stands.key.is_none()
    }

    /// Whether all is as it should be, and a line about it.
    pub(crate) fn line(&self) -> (bool, String) {
        let stands = self.stands();
        let waiting = self.outlet.waiting() as u64 + stands.taken;
        let is_full = self.outlet.is_merging() || self.outlet.refused() > stands.refused;
        let stuck = stands.is_stuck(self.clock.now().mono).then(|| stands.since().wall);
        told(&stands, waiting, is_full, stuck)
    }

    /// In Prometheus' text format.
    pub(crate) fn page(&self) -> String {
        let stands = self.stands().clone();
        let count = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let mut page = Page::default();
        let about = "Whether what leaves can be written to the ledger.";
        page.one(("ledger_up", "gauge"), about, u64::from(stands.write.is_none()));
        let about = "Whether there is a key to digest what leaves with.";
        page.one(("ledger_key_up", "gauge"), about, u64::from(stands.key.is_none()));
        let about = "Answers that wait to be written to the ledger.";
        let waiting = self.outlet.waiting() as u64 + stands.taken;
        page.one(("ledger_waiting", "gauge"), about, waiting);
        let about = "Seconds since all that had left was durable.";
        let now = self.clock.now().mono.0;
        let age = stands.written.map_or(0, |at| now.saturating_sub(at.mono.0) / 1_000_000_000);
        page.one(("ledger_behind_seconds", "gauge"), about, age);
        let about = "Answers and merged answers that were written to the ledger's journal.";
        page.one(("ledger_written_total", "counter"), about, count(&self.answers));
        let about = "Bytes that were written to the ledger's journal.";
        page.one(("ledger_journal_bytes_total", "counter"), about, count(&self.bytes));
        let about = "Times that the ledger's journal was made durable.";
        page.one(("ledger_syncs_total", "counter"), about, count(&self.syncs));
        let about = "Times that the ledger could not be written.";
        page.one(("ledger_write_failures_total", "counter"), about, count(&self.failures));
        let about = "Journals that became files.";
        page.one(("ledger_rolled_total", "counter"), about, count(&self.rolled));
        let about = "Journals whose end was torn off by a crash.";
        page.one(("ledger_torn_total", "counter"), about, count(&self.torn));
        let about = "Journals that are no files yet.";
        page.one(("ledger_journals", "gauge"), about, stands.journals);
        let about = "Journals that are damaged or of another version, and were put aside.";
        page.one(("ledger_damaged", "gauge"), about, stands.aside.len() as u64);
        let about = "Sets of the ledger's files that can't be read.";
        page.one(("ledger_unreadable", "gauge"), about, stands.unreadable.len() as u64);
        let about = "Sets of the ledger's files that are gone before their time.";
        page.one(("ledger_missing", "gauge"), about, stands.missing.len() as u64);
        let about = "Sets of the ledger's files that the log does not have.";
        let strange = stands.strange.map_or(0, |sets| sets.len() as u64);
        page.one(("ledger_not_in_log", "gauge"), about, strange);
        page.one(("ledger_files", "gauge"), "Files of the ledger.", stands.files);
        page.one(("ledger_file_bytes", "gauge"), "Bytes of them.", stands.file_bytes);
        page.text()
    }
}

#[cfg(test)]
mod tests {
    use portcullis_proxy::LedgerBounds;

    use super::*;

    #[test]
    fn what_is_gone_is_told_with_what_a_case_lacks() {
        let outlet = LedgerOutlet::new(1, LedgerBounds::default());
        let figures = Figures::new(outlet, SystemClock::start());
        let looked = |missing: &[&str]| {
            let missing = missing.iter().map(|name| (*name).to_owned()).collect();
            let told = figures.looked(missing, Vec::new());
            assert_eq!(told, figures.stands().missing);
            told.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(looked(&["a", "b"]), ["a", "b"]);
        figures.stands().halves.insert("c".to_owned());
        assert_eq!(looked(&["b"]), ["b", "c"]);
    }

    #[test]
    fn what_is_not_written_is_told_since_all_was_or_since_the_gate_began() {
        let now = |at: u64| Now { wall: Wall(40 - at), mono: Mono(at * 1_000_000_000) };
        let mut stands = Stands { begun: now(7), ..Stands::default() };
        for (at, late) in [(7, false), (9, false), (10, true), (17, true)] {
            assert_eq!(
                stands.is_late(now(at).mono),
                late,
                "{at}: nothing failed, and it takes long"
            );
        }
        assert!(!stands.is_stuck(now(17).mono) && stands.is_stuck(now(18).mono));
        stands.written = Some(now(16));
        assert!(!stands.is_late(now(18).mono) && stands.is_late(now(19).mono));
        stands.digested = Some(now(10).mono);
        assert!(!stands.is_stuck(now(20).mono) && stands.is_stuck(now(21).mono));
        let outlet = LedgerOutlet::new(1, LedgerBounds::default());
        let figures = Figures::new(outlet, SystemClock::start());
        let begun = figures.stands().begun.wall;
        assert_eq!(figures.unwritten(), None);
        figures.stands().write = Some("no space left".to_owned());
        assert_eq!(figures.unwritten(), Some(begun));
        figures.stands().written = Some(now(9));
        assert_eq!(figures.unwritten(), Some(now(9).wall));
    }
}
