//! The thread that writes down what left.
//!
//! It takes from the data plane only what it could write: whatever waits there fills the rings, and then
//! what can't be written down does not leave. Must not know how journals become files.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use portcullis_judge::{Judge, LedgerKeys};
use portcullis_keys::DayKey;
use portcullis_ledger::FrameWriter;
use portcullis_proxy::LedgerOutlet;
use portcullis_types::{Clock as _, LedgerAnswer, Mono, Now, Wall};

use super::figures::Figures;
use super::folder::{DAY, Folder, Part, begins, day_of};
use super::journal::{Journal, NotWritten};
use super::keys::{KeyFault, Keys};
use super::lost;
use super::names::{Named, Names};
use super::overrun::Overrun;
use super::watch::Watch;
use crate::clock::SystemClock;
use crate::talk;

/// How often what left is written and made durable.
const EVERY: Duration = Duration::from_millis(250);
/// What left, in milliseconds, is in its ring by then.
const IN_RING: u64 = 150;
/// Memory for frames that is kept from one time to the next.
const FRAMES_KEPT: usize = 1 << 20;
/// How long before midnight the next day has its key.
const AHEAD: u64 = 3_600_000;
/// How long before midnight nothing is digested for certain with the next day's.
const NOT_YET: u64 = 60_000;
/// Tries to write at the end, where the first ones fail.
const LAST_TRIES: u32 = 3;

/// What it works with.
pub(super) struct Writer {
    pub(super) folder: Folder,
    pub(super) keys: Arc<Keys>,
    pub(super) judge: Arc<Judge>,
    pub(super) outlet: LedgerOutlet,
    pub(super) names: Names,
    pub(super) figures: Arc<Figures>,
    pub(super) clock: SystemClock,
    /// Sees what is written.
    pub(super) watch: Arc<Watch>,
    /// What this process is called in names of files.
    pub(super) writer: String,
    /// How much time goes into one journal, in milliseconds.
    pub(super) roll: u64,
    /// The journal that is being written.
    pub(super) journal: Option<Journal>,
    /// Journals that were begun.
    pub(super) begun: u64,
    /// Days whose keys the judge has.
    pub(super) days: Vec<u32>,
    /// Taken and not written yet.
    pub(super) taken: Vec<LedgerAnswer>,
    /// What they are written with.
    pub(super) frame: FrameWriter,
    pub(super) frames: Vec<u8>,
    pub(super) overrun: Overrun,
}

impl Writer {
    /// Writes until it is told that nothing comes any more.
    pub(super) fn run(mut self, told: &Receiver<()>) {
        while told.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            self.round();
        }
        // What left last may not be with the first look.
        for _ in 0..LAST_TRIES {
            self.round();
        }
        if !self.taken.is_empty() || self.outlet.waiting() > 0 {
            let waiting = self.taken.len() + self.outlet.waiting();
            talk::error(&format!(
                "{waiting} answers could not be written to the ledger and are lost with this process"
            ));
        }
    }

    /// Makes sure of the keys, and writes what there is.
    pub(super) fn round(&mut self) {
        self.tend_keys(self.clock.now().wall);
        // What could not be written comes first, and says nothing of what has waited since.
        if !self.taken.is_empty()
            && let Err(why) = self.write()
        {
            return self.failed(why);
        }
        let begun = self.clock.now();
        // Then not all that left before is in the rings, but all that has to be digested.
        let lacks = self.outlet.is_merging();
        self.outlet.take(&mut self.taken);
        match self.write() {
            Ok(()) => self.wrote(begun, lacks),
            Err(why) => self.failed(why),
        }
    }

    fn write(&mut self) -> Result<(), String> {
        // Read after all of it was taken: nothing that came in a time goes into one before it.
        let now = self.clock.now().wall;
        let start = begins(now, self.roll);
        if self.journal.as_ref().is_some_and(|journal| journal.part.start != start) {
            // Whoever rolls sees by its lock that nobody writes it any more.
            self.journal = None;
        }
        if self.taken.is_empty() {
            return self.look();
        }
        let journal = match self.journal.take() {
            Some(journal) => journal,
            None => self.begin(start).map_err(|error| self.told(&error))?,
        };
        let journal = self.journal.insert(journal);
        self.frames.clear();
        // Names are looked up again where it failed before: nothing but the answers is kept for that.
        let rows = self.taken.iter().map(|answer| (self.names.row(answer), answer));
        framed(rows, &mut self.frame, journal.end(), &mut self.frames);
        match journal.append(&self.folder, &self.frames) {
            Ok(()) => {}
            Err(NotWritten::Yet(error)) => return Err(self.told(&error)),
            Err(NotWritten::Here(error)) => {
                self.journal = None;
                return Err(self.told(&error));
            }
        }
        self.counted();
        if self.watch.looks_out() {
            let digested = self.taken.iter().filter_map(|answer| {
                let records = answer.digested.as_deref()?;
                Some((self.names.partner(answer), records))
            });
            self.watch.written(digested, now);
        }
        self.taken.clear();
        self.frames.shrink_to(FRAMES_KEPT);
        Ok(())
    }

    /// Counts what was written.
    fn counted(&self) {
        let add = |figure: &AtomicU64, count: usize| {
            figure.fetch_add(count as u64, Ordering::Relaxed);
        };
        add(&self.figures.answers, self.taken.len());
        add(&self.figures.bytes, self.frames.len());
        add(&self.figures.syncs, 1);
    }

    /// Where nothing is to be written: whether it could be.
    fn look(&self) -> Result<(), String> {
        let open = rustix::fs::access(self.folder.path(), rustix::fs::Access::WRITE_OK);
        open.map_err(|errno| self.told(&errno.into()))
    }

    fn begin(&mut self, start: Wall) -> std::io::Result<Journal> {
        self.begun += 1;
        let writer = match self.begun {
            1 => self.writer.clone(),
            more => format!("{}-{more}", self.writer),
        };
        Journal::create(&self.folder, Part { start, writer })
    }

    fn told(&self, error: &std::io::Error) -> String {
        format!("`{}` can't be written: {error}", self.folder.path().display())
    }

    fn wrote(&mut self, begun: Now, lacks: bool) {
        let (now, refused) = (self.clock.now().mono, self.outlet.refused());
        let mut stands = self.figures.stands();
        let until = Now {
            wall: Wall(begun.wall.0.saturating_sub(IN_RING)),
            mono: Mono(begun.mono.0.saturating_sub(IN_RING * 1_000_000)),
        };
        (stands.taken, stands.digested) = (0, Some(until.mono));
        if !lacks {
            stands.written = Some(until);
        }
        let new = refused - std::mem::replace(&mut stands.refused, refused);
        let failed = stands.write.take().is_some();
        drop(stands);
        if failed {
            talk::info(&format!(
                "the ledger is written again; {new} answers were refused meanwhile"
            ));
            return;
        }
        let took = Duration::from_nanos(now.0.saturating_sub(begun.mono.0));
        if let Some(line) = self.overrun.add(new, took, now) {
            talk::error(&line);
        }
    }

    fn failed(&self, why: String) {
        self.figures.failures.fetch_add(1, Ordering::Relaxed);
        let mut stands = self.figures.stands();
        // Said once: it is tried again all the time.
        if stands.write.is_none() {
            talk::error(&format!(
                "what leaves is not written down, and once the rings are full what has to be is refused: {why}"
            ));
        }
        (stands.write, stands.taken) = (Some(why), self.taken.len() as u64);
    }

    /// Has the judge digest with the key of today, and with tomorrow's before it is needed.
    pub(super) fn tend_keys(&mut self, now: Wall) {
        let days: Vec<u32> = [day_of(now), day_of(Wall(now.0 + AHEAD))].into_iter().collect();
        let soon = day_of(Wall(now.0 + NOT_YET));
        if self.days.iter().any(|day| self.keys.hold(*day, *day > soon)) {
            self.days.clear();
        }
        let whole = self.days.iter().eq(distinct(&days).iter());
        if whole && self.figures.stands().key.is_none() {
            return;
        }
        let made: Result<Vec<_>, KeyFault> =
            distinct(&days).into_iter().map(|day| self.key(day, now)).collect();
        match made {
            Ok(keys) => {
                self.days = keys.iter().map(|key| key.day()).collect();
                self.judge.set_ledger(Some(LedgerKeys::new(keys)));
                if self.figures.stands().key.take().is_some() {
                    talk::info("there is a key again to digest what leaves with");
                }
            }
            Err(why) => self.without_key(day_of(now), &why),
        }
    }

    /// The key of a day. Where it has to be made and there are digests of that day, the first one is lost.
    fn key(&self, day: u32, now: Wall) -> Result<Arc<DayKey>, KeyFault> {
        // There are none of a day ahead, and nobody looks for them while answers wait to be written.
        let lost = || day <= day_of(now) && lost::is_digested(&self.folder, &self.keys, day);
        self.keys.make(day, &|| if lost() { now } else { Wall(0) })
    }

    /// What can't be digested does not leave; a key that is there for today serves until midnight.
    fn without_key(&mut self, today: u32, why: &KeyFault) {
        let before = self.figures.stands().key.replace(why.to_string());
        if before.is_some() {
            return;
        }
        talk::error(&format!("answers whose records are to be digested are refused: {why}"));
        let key = self.keys.of(today).ok().flatten();
        self.days = key.iter().map(|key| key.day()).collect();
        self.judge.set_ledger(Some(LedgerKeys::new(key.into_iter().collect())));
    }
}

fn distinct(days: &[u32]) -> Vec<u32> {
    let mut days = days.to_vec();
    days.dedup();
    days
}

/// Frames of answers, for a place in a journal.
fn framed<'a>(
    rows: impl Iterator<Item = (Named, &'a LedgerAnswer)>,
    writer: &mut FrameWriter,
    place: u64,
    to: &mut Vec<u8>,
) {
    for (named, answer) in rows {
        match &answer.digested {
            Some(records) => writer.push_told(&named.row, records, |class| named.class(class)),
            None => writer.push(&named.row),
        }
        if writer.is_full() {
            writer.finish(place + to.len() as u64, to);
        }
    }
    writer.finish(place + to.len() as u64, to);
}

const _: () = assert!(AHEAD < DAY, "at most two days are near");
