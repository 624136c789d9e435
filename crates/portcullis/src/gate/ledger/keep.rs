//! The thread that looks after what was written: rolls journals, drops keys and files whose time is over.
//!
//! Must not know what anybody asks.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use portcullis_ledger::LedgerError;
use portcullis_registry::LedgerCommand;
use portcullis_types::{Clock as _, Now, Span, Wall};

use super::aside;
use super::believed::Believed;
use super::damage::{caught, whole_shelf};
use super::figures::Figures;
use super::folder::{DAY, Folder, JOURNAL, Part, day_name, day_of};
use super::going;
use super::keys::Keys;
use super::line::doubt;
use super::preserve::{Looker, Needed};
use super::roll::{Roller, actor};
use crate::clock::SystemClock;
use crate::talk;

/// How often it is looked for what is too old.
const TIDY_EVERY: u64 = 60_000;
/// How long it is waited after a journal could not be rolled.
const PAUSE: u64 = 10_000;

/// What it works with.
pub(super) struct Keeper {
    pub(super) folder: Folder,
    pub(super) keys: Arc<Keys>,
    pub(super) roller: Roller,
    pub(super) figures: Arc<Figures>,
    pub(super) clock: SystemClock,
    pub(super) believed: Believed,
    /// How long files stay.
    pub(super) keep: Span,
    /// How long keys do.
    pub(super) digests: Span,
    /// How much time goes into one file.
    pub(super) roll: Span,
    /// Days without a key that have no digests either.
    pub(super) whole: BTreeSet<u32>,
    /// When it is looked for what is too old, and for journals.
    pub(super) tidy_at: u64,
    pub(super) roll_at: u64,
    pub(super) looker: Looker,
    /// Sets that the log had at the last look.
    pub(super) anchored: usize,
}

/// What was kept long enough.
struct Due {
    days: Vec<u32>,
    parts: BTreeSet<Part>,
    /// Those of them that are half gone.
    halves: BTreeSet<Part>,
}

impl Keeper {
    /// Looks until it is told to end.
    pub(super) fn run(mut self, told: &Receiver<()>) {
        let every = self.roll.duration().min(Duration::from_secs(5));
        loop {
            self.look();
            if told.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    fn look(&mut self) {
        let now = self.clock.now();
        let passed = now.mono.0 / 1_000_000;
        if passed >= self.roll_at {
            let rolled = caught(|| self.roll_all());
            self.roll_at = if rolled.is_ok() { 0 } else { passed + PAUSE };
            self.say(rolled);
        }
        // What is wrong with a set may be over with the next event that anchors one.
        let anchored = self.roller.office.snapshot().ledger().anchored().count();
        if std::mem::replace(&mut self.anchored, anchored) != anchored {
            self.tidy_at = 0;
        }
        if passed >= self.tidy_at {
            self.tidy_at = passed + TIDY_EVERY;
            self.tidy(now);
            let _told_by_the_writer = self.count();
        }
    }

    /// Rolls each journal that nobody writes any more.
    fn roll_all(&mut self) -> Result<(), String> {
        let names = self.folder.names().map_err(|error| error.to_string())?;
        let mut fault = None;
        let ending = |name: &str, ending: &str| name.ends_with(&format!(".{ending}"));
        for name in names.iter().filter(|name| ending(name, JOURNAL)) {
            // One that can't be rolled keeps no other one waiting.
            let roll = || self.roller.roll(name).map_err(|error| error.to_string());
            let rolled = match caught(roll) {
                Ok(rolled) => rolled,
                Err(why) => {
                    fault.get_or_insert(format!("`{name}`: {why}"));
                    continue;
                }
            };
            let Some(rolled) = rolled else { continue };
            self.figures.rolled.fetch_add(1, Ordering::Relaxed);
            self.figures.torn.fetch_add(u64::from(rolled.torn), Ordering::Relaxed);
            // What there is has changed.
            self.tidy_at = 0;
        }
        for name in names.iter().filter(|name| ending(name, &format!("{JOURNAL}.new"))) {
            self.forget_begun(name).map_err(|error| error.to_string())?;
        }
        let aside = aside::names(&self.folder).map_err(|error| error.to_string())?;
        self.figures.stands().aside = aside;
        fault.map_or(Ok(()), Err)
    }

    /// A journal whose process ended while it was begun holds nothing.
    fn forget_begun(&self, name: &str) -> io::Result<()> {
        let Ok(file) = File::open(self.folder.at(name)) else { return Ok(()) };
        if file.try_lock().is_ok() { self.folder.remove(name) } else { Ok(()) }
    }

    fn say(&self, rolled: Result<(), String>) {
        let mut stands = self.figures.stands();
        let before = stands.roll.take();
        stands.roll = rolled.err();
        match (&before, &stands.roll) {
            (None, Some(why)) => {
                talk::error(&format!("journals of the ledger wait to become files: {why}"))
            }
            (Some(_), None) => talk::info("journals of the ledger become files again"),
            _ => {}
        }
    }

    /// Drops what was kept long enough and what no case needs, and looks what is wrong with the rest.
    fn tidy(&mut self, now: Now) {
        let by = self.believed.by(now);
        let until = self.believed.doubted();
        let before = std::mem::replace(&mut self.figures.stands().doubted, until);
        if let Some(until) = until.filter(|_| before.is_none()) {
            talk::info(&doubt(until));
        }
        match by {
            Ok(by) => self.drop_old(by),
            // Whoever does not know how late it is drops nothing.
            Err(why) => self.figures.blinded(&why.to_string()),
        }
        // What has gone, could not go, or is seen again, counts for these.
        self.mended();
        self.missed();
    }

    fn drop_old(&mut self, by: Wall) {
        if let Err(why) = caught(|| self.find_lost(by)) {
            talk::error(&format!("it is not known whether keys of the ledger are lost: {why}"));
        }
        // And whoever can't tell what a case needs drops nothing either.
        let (due, needed) = match caught(|| self.due_and_needed(by)) {
            Ok(found) => found,
            Err(why) => {
                talk::error(&format!("what of the ledger is too old stays for now: {why}"));
                return;
            }
        };
        let whole = due.parts.difference(&due.halves).cloned().collect();
        let halves = due.halves.iter().filter(|part| needed.part(part)).map(Part::hour);
        let mut stands = self.figures.stands();
        (stands.preserved, stands.halves) = (needed.report(&whole, &due.days), halves.collect());
        drop(stands);
        if let Err(why) = self.shred(&due, &needed) {
            talk::error(&format!("keys of the ledger's days that are over stay for now: {why}"));
        }
        if let Err(why) = self.remove(&due, &needed) {
            talk::error(&format!("files of the ledger that are too old stay for now: {why}"));
        }
    }

    /// Whether a day was over long enough ago.
    pub(super) fn is_over(&self, day: u32, by: Wall) -> bool {
        (u64::from(day) + 1) * DAY + self.digests.milliseconds() <= by.0
    }

    /// Days that were over long enough ago, and sets of times that were.
    fn due(&self, by: Wall) -> Result<Due, String> {
        let unread = |error: io::Error| error.to_string();
        let names = self.folder.names().map_err(unread)?;
        let sets: BTreeSet<Part> = names.iter().filter_map(|name| going::part_of(name)).collect();
        let kept = self.keep.milliseconds();
        let mut parts = BTreeSet::new();
        for part in
            sets.iter().filter(|part| part.start.0 + self.roll.milliseconds() + kept <= by.0)
        {
            if self.is_old(part, kept, by)? {
                parts.insert(part.clone());
            }
        }
        let journals = names.iter().filter_map(|name| Part::of_journal(name));
        let written: BTreeSet<Part> = sets.iter().cloned().chain(journals).collect();
        let days = self.days_due(&written, by)?;
        let halves = going::halves(&self.folder).map_err(unread)?;
        let halves = halves.intersection(&parts).cloned().collect();
        Ok(Due { days, parts, halves })
    }

    /// Days that were over long enough ago, and of which nothing younger is there.
    fn days_due(&self, written: &BTreeSet<Part>, by: Wall) -> Result<Vec<u32>, String> {
        let mut due = Vec::new();
        let days = self.keys.days().map_err(|error| error.to_string())?;
        for day in days.into_iter().filter(|day| self.is_over(*day, by)) {
            let of_day = written.iter().filter(|part| day_of(part.start) == day);
            let old: Result<Vec<bool>, String> =
                of_day.map(|part| self.is_old(part, self.digests.milliseconds(), by)).collect();
            if !old?.contains(&false) {
                due.push(day);
            }
        }
        Ok(due)
    }

    /// Whether what has an old name is as old: a clock that was behind gave young ones such names, and the log
    /// took them later. What no set was made of yet has no age.
    fn is_old(&self, part: &Part, span: u64, by: Wall) -> Result<bool, String> {
        let Roller { anchors, office, runtime, .. } = &self.roller;
        Ok(match anchors.of(part, &**office, runtime)? {
            Some(one) => one.aged().0.saturating_add(span) <= by.0,
            None => !self.folder.at(&part.journal()).exists(),
        })
    }

    /// What was kept long enough, and what of it cases need.
    fn due_and_needed(&mut self, by: Wall) -> Result<(Due, Needed), String> {
        let due = self.due(by)?;
        if due.days.is_empty() && due.parts.is_empty() {
            return Ok((due, Needed::default()));
        }
        let snapshot = self.roller.office.snapshot();
        let (folder, keys, roller) = (&self.folder, &self.keys, &self.roller);
        // A case may keep what was named to go before it was opened.
        let look = || whole_shelf(folder, keys, roller);
        let unread = |why: &LedgerError| self.figures.unread(why);
        let needed = self.looker.needed(look, &snapshot, by, &unread)?;
        Ok((due, needed))
    }

    /// Drops keys. The event comes first: a key that goes without one could not be told from one that was
    /// lost.
    fn shred(&self, due: &Due, needed: &Needed) -> Result<(), String> {
        for day in due.days.iter().copied().filter(|day| !needed.day(*day)) {
            self.say_shredded(day, false)?;
            self.keys.shred(day).map_err(|error| error.to_string())?;
            talk::info(&format!(
                "the ledger of {} is shredded: nobody can tell any more whose records its digests are of",
                day_name(day)
            ));
        }
        Ok(())
    }

    /// Puts into the log that the key of a day is gone.
    pub(super) fn say_shredded(&self, day: u32, lost: bool) -> Result<(), String> {
        let command = LedgerCommand::Shred { day: Wall(u64::from(day) * DAY), lost };
        let roller = &self.roller;
        let done = roller.runtime.block_on(roller.office.submit(actor(), command.into()));
        done.map(drop).map_err(|error| error.to_string())
    }

    fn remove(&self, due: &Due, needed: &Needed) -> io::Result<()> {
        let free = due.parts.iter().filter(|part| !needed.part(part));
        going::remove(&self.folder, &free.cloned().collect())
    }

    fn count(&self) -> io::Result<()> {
        let (mut files, mut bytes, mut journals) = (0, 0, 0);
        for name in self.folder.names()? {
            if Part::of_journal(&name).is_some() {
                journals += 1;
            } else if Part::of_file(&name).is_some() {
                files += 1;
                bytes += fs::metadata(self.folder.at(&name)).map_or(0, |meta| meta.len());
            }
        }
        let mut stands = self.figures.stands();
        (stands.files, stands.file_bytes, stands.journals) = (files, bytes, journals);
        Ok(())
    }
}
