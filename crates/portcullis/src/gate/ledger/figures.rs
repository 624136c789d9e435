//! How the ledger fares: a line for `/readyz`, figures for `/metrics`.
//!
//! Must not know what is written.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use portcullis_ledger::LedgerError;
use portcullis_proxy::LedgerOutlet;
use portcullis_types::Wall;

use super::super::page::Page;
use super::folder::{Part, UNKNOWN};
use super::library::PART_MAX;
use super::preserve::Preserved;
use crate::talk;

/// Figures of one gate.
#[derive(Debug)]
pub(crate) struct Figures {
    outlet: LedgerOutlet,
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
    pub missing: Vec<String>,
    /// Sets of files that the log does not have; none: it was not looked yet.
    pub strange: Option<Vec<String>>,
    /// Answers that were taken from the rings and could not be written.
    pub taken: u64,
    /// All that left until then is durable.
    pub written: Option<Wall>,
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

impl Figures {
    pub(super) fn new(outlet: LedgerOutlet) -> Self {
        Self {
            outlet,
            stands: Mutex::default(),
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
    /// follows this one.
    pub(super) fn looked(&self, missing: Vec<String>, strange: Vec<String>) {
        let mut stands = self.stands();
        if missing.iter().any(|set| !stands.missing.contains(set)) {
            talk::error(&lack(&missing));
        }
        if stands.strange.is_none() && !strange.is_empty() {
            talk::error(&unknown_sets(&strange));
        }
        (stands.missing, stands.strange, stands.blind) = (missing, Some(strange), None);
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
        told(&stands, waiting, is_full)
    }

    /// In Prometheus' text format.
    pub(crate) fn page(&self, now: Wall) -> String {
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
        let age = stands.written.map_or(0, |at| now.0.saturating_sub(at.0) / 1000);
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

/// Whether all is well, and what to do where it is not.
fn told(stands: &Stands, waiting: u64, is_full: bool) -> (bool, String) {
    let mut faults = Vec::new();
    if let Some(why) = &stands.write {
        faults.push(format!(
            "what leaves is not written down, {waiting} answers wait: {why}; make room or put the folder back, and it goes on by itself: what waits is lost with this process"
        ));
    }
    if let Some(why) = &stands.key {
        faults.push(format!("answers whose records are to be digested are refused: {why}"));
    }
    if is_full {
        faults.push("answers come faster than they are written: those that are only counted fall together, others are refused".to_owned());
    }
    if let Some(why) = &stands.roll {
        faults.push(format!("journals wait to become files: {why}"));
    }
    let unknown = |name: &&String| name.ends_with(&format!(".{UNKNOWN}"));
    let (unknown, damaged): (Vec<&String>, Vec<_>) = stands.aside.iter().partition(unknown);
    if let Some(first) = damaged.first() {
        faults.push(format!(
            "{} journals hold what can't be read, `{first}` first: deletions are not matched with that; keep them for an inquiry, and move them out of the folder",
            damaged.len()
        ));
    }
    if let Some(first) = unknown.first() {
        faults.push(format!(
            "{} journals were written by another version of this program, `{first}` first: no question tells what stands in them, and deletions are not matched with it; start a version that can read them, which rolls them",
            unknown.len()
        ));
    }
    let strange = stands.strange.as_deref().unwrap_or_default();
    let mut unread = stands.unreadable.iter().filter(|(set, _)| !strange.contains(set)).peekable();
    if let Some((_, why)) = unread.peek().copied() {
        let count = unread.count();
        faults.push(format!(
            "{count} sets of files can't be read, and no question about their time is answered: {why}; {VERIFY}"
        ));
    }
    if !strange.is_empty() {
        faults.push(unknown_sets(strange));
    }
    if let Some(why) = &stands.blind {
        faults.push(blind(why));
    }
    let until = stands.written.map_or_else(|| "nothing yet".to_owned(), Wall::rfc3339);
    let is_well = faults.is_empty();
    if is_well {
        faults.push(format!("written until {until}, {} files", stands.files));
    }
    // No reason to take no calls: none fails for it, and it may stay so as long as they would have been kept.
    if !stands.missing.is_empty() {
        faults.push(lack(&stands.missing));
    }
    (is_well, faults.join("; "))
}

/// What tells more of a set that can't be read.
const VERIFY: &str = "`portcullis ledger verify` says which files are whole";

/// What is to be said where it can't be looked which sets of files there are.
fn blind(why: &str) -> String {
    format!(
        "no question of the ledger is answered, since it can't be looked which sets of files there are: {why}"
    )
}

/// What is to be said of sets of files that the log does not have.
fn unknown_sets(sets: &[String]) -> String {
    let first = sets.first().map_or("", String::as_str);
    format!(
        "the log does not have {} sets of the ledger's files, `{first}` first: no question about their time is answered, and deletions wait; where the log was put back from an older copy, `portcullis ledger adopt --all --why TEXT` has it take them up; else somebody put them there: move them out of the folder and keep them",
        sets.len()
    )
}

/// What is to be said of sets of files that are gone.
fn lack(missing: &[String]) -> String {
    let first = missing.first().map_or("", String::as_str);
    format!(
        "{} sets of the ledger's files are gone before their time, `{first}` first: no answer tells what stood in them, and deletions are not matched with it; put them back from a copy, unless `keep` was shorter when they went",
        missing.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_the_ledger_fares_reads_like_this() {
        let well = Stands { written: Some(Wall(0)), files: 4, ..Stands::default() };
        let line = |stands: &Stands, waiting, is_full| {
            let (ok, line) = told(stands, waiting, is_full);
            format!("{ok}: {line}")
        };
        insta::assert_snapshot!(line(&well, 0, false), @"true: written until 1970-01-01T00:00:00.000Z, 4 files");
        insta::assert_snapshot!(line(&Stands::default(), 0, false), @"true: written until nothing yet, 0 files");
        let full = Stands { write: Some("no space left".to_owned()), ..well.clone() };
        insta::assert_snapshot!(line(&full, 512, true), @"false: what leaves is not written down, 512 answers wait: no space left; make room or put the folder back, and it goes on by itself: what waits is lost with this process; answers come faster than they are written: those that are only counted fall together, others are refused");
        let aside = ["a.journal.damaged", "b.journal.unknown"].map(str::to_owned).into();
        let odd = Stands {
            key: Some("the key can't be read".to_owned()),
            roll: Some("the store can't be written".to_owned()),
            aside,
            unreadable: [("a".to_owned(), "the set `a` can't be read".to_owned())].into(),
            ..well.clone()
        };
        let strange = Stands {
            unreadable: [("b".to_owned(), "the log does not have `b`".to_owned())].into(),
            strange: Some(vec!["b".to_owned()]),
            blind: Some("`going` is torn; move it away".to_owned()),
            ..well.clone()
        };
        insta::assert_snapshot!(line(&strange, 0, false), @"false: the log does not have 1 sets of the ledger's files, `b` first: no question about their time is answered, and deletions wait; where the log was put back from an older copy, `portcullis ledger adopt --all --why TEXT` has it take them up; else somebody put them there: move them out of the folder and keep them; no question of the ledger is answered, since it can't be looked which sets of files there are: `going` is torn; move it away");
        let lacks = Stands { missing: vec!["a".to_owned(), "b".to_owned()], ..well };
        insta::assert_snapshot!(line(&lacks, 0, false), @"true: written until 1970-01-01T00:00:00.000Z, 4 files; 2 sets of the ledger's files are gone before their time, `a` first: no answer tells what stood in them, and deletions are not matched with it; put them back from a copy, unless `keep` was shorter when they went");
        insta::assert_snapshot!(line(&odd, 0, false), @"false: answers whose records are to be digested are refused: the key can't be read; journals wait to become files: the store can't be written; 1 journals hold what can't be read, `a.journal.damaged` first: deletions are not matched with that; keep them for an inquiry, and move them out of the folder; 1 journals were written by another version of this program, `b.journal.unknown` first: no question tells what stands in them, and deletions are not matched with it; start a version that can read them, which rolls them; 1 sets of files can't be read, and no question about their time is answered: the set `a` can't be read; `portcullis ledger verify` says which files are whole");
    }
}
