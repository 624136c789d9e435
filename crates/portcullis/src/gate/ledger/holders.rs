//! Who received what, for those who have to delete it.
//!
//! Must not know what is deleted, nor who is told.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_ledger::{HeldBy, LedgerError, holders, received};
use portcullis_registry::{BoxFuture, Held, Holders, HoldersError, LedgerName, Office, WhoHolds};
use portcullis_types::{Clock as _, LedgerKind, Mono, PartnerId, Span, Wall};
use tokio::runtime::Handle;

use super::anchors::Anchors;
use super::believed;
use super::figures::Figures;
use super::folder::{DAY, Folder, day_of};
use super::going::looked;
use super::keys::Keys;
use super::library::Shelf;
use super::watch::Watch;
use crate::clock::SystemClock;

/// How often it is looked whether it was.
const LOOK: Duration = Duration::from_millis(20);
/// How long that may take, in nanoseconds.
const PATIENCE: u64 = 5_000_000_000;

/// When each partner received something first and last.
type Terms = BTreeMap<PartnerId, (Wall, Wall)>;

/// Knows by the ledger which partners received something.
#[derive(Clone)]
pub(super) struct Receivers {
    pub(super) folder: Folder,
    pub(super) keys: Arc<Keys>,
    pub(super) figures: Arc<Figures>,
    pub(super) clock: SystemClock,
    pub(super) keep: Span,
    pub(super) watch: Arc<Watch>,
    pub(super) anchors: Arc<Anchors>,
    pub(super) office: Arc<dyn Office>,
    pub(super) runtime: Handle,
}

impl fmt::Debug for Receivers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receivers").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Holders for Receivers {
    fn holders(&self, asked: Vec<LedgerName>) -> BoxFuture<'_, Result<WhoHolds, HoldersError>> {
        Box::pin(async move {
            self.written().await?;
            let this = self.clone();
            aside(move || this.held(&asked)).await
        })
    }

    fn look_out(&self, names: Vec<(LedgerName, Wall)>) {
        let now = self.clock.now().wall;
        // An answer is digested under the key of the day on which its call came.
        let today = day_of(now);
        let near = [today.saturating_sub(1), today, today + 1];
        let keys = near.into_iter().filter_map(|day| self.keys.of(day).ok().flatten());
        self.watch.add(names, &keys.collect::<Vec<_>>(), now);
    }

    fn seen(&self) -> BoxFuture<'_, Vec<LedgerName>> {
        Box::pin(self.watch.seen())
    }

    fn received(
        &self,
        classes: Vec<String>,
        day: u32,
    ) -> BoxFuture<'_, Result<Vec<(PartnerId, u64)>, HoldersError>> {
        Box::pin(async move {
            self.written().await?;
            let this = self.clone();
            aside(move || this.of_day(&classes, day)).await
        })
    }
}

impl Receivers {
    /// Waits until all is written down that has left by now: who is not found then has received nothing. A
    /// clock that is set meanwhile changes nothing.
    async fn written(&self) -> Result<(), HoldersError> {
        let now = || self.clock.now().mono;
        let begun = now();
        while self.figures.stands().digested.is_none_or(|at| at < begun) {
            if now() > Mono(begun.0 + PATIENCE) {
                let why = "what left just now is not written to the ledger yet; it is tried again";
                return Err(HoldersError(why.to_owned()));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// What began before may be gone.
    fn kept(&self) -> Result<Wall, HoldersError> {
        believed::kept(&self.folder, self.clock.wall(), self.keep).map_err(unread)
    }

    fn shelf(&self) -> Result<Shelf, HoldersError> {
        let shelf = Shelf::look(&self.folder, &self.keys).map_err(unread)?;
        shelf.rooted(&self.anchors, &*self.office, &self.runtime).map_err(unread)
    }

    /// Reads of what there is now. What can't be read at another look either is taken for damaged.
    fn read<T>(&self, read: impl Fn(Shelf) -> Result<T, LedgerError>) -> Result<T, HoldersError> {
        again(|| self.shelf(), read)?.map_err(|why| {
            self.figures.unread(&why);
            unread(&why)
        })
    }

    fn held(&self, asked: &[LedgerName]) -> Result<WhoHolds, HoldersError> {
        let since = self.kept()?;
        self.figures.matched(since);
        let mut by: BTreeMap<LedgerName, Terms> = BTreeMap::new();
        for (kind, one) in self.read(|shelf| held_since(&shelf, asked, since))? {
            let partner = PartnerId::new(&one.partner).map_err(unread)?;
            let known = by.entry((kind, one.id)).or_default();
            let (first, last) = known.entry(partner).or_insert((one.first, one.last));
            (*first, *last) = ((*first).min(one.first), (*last).max(one.last));
        }
        let of = |asked: &LedgerName| {
            let held = by.get(asked).into_iter().flatten();
            let held = held.map(|(partner, (first, last))| Held {
                partner: partner.clone(),
                first: *first,
                last: *last,
            });
            held.collect()
        };
        Ok(asked.iter().map(of).collect())
    }

    fn of_day(&self, classes: &[String], day: u32) -> Result<Vec<(PartnerId, u64)>, HoldersError> {
        self.figures.matched(self.kept()?);
        let found = self.read(|shelf| written_on(shelf, classes, day))?;
        let of = |(partner, records): (String, u64)| {
            Ok((PartnerId::new(&partner).map_err(unread)?, records))
        };
        found.into_iter().map(of).collect()
    }
}

/// Reads, and after another look where that fails: sets may go by their age between a look and the next.
fn again<T>(
    look: impl Fn() -> Result<Shelf, HoldersError>,
    read: impl Fn(Shelf) -> Result<T, LedgerError>,
) -> Result<Result<T, LedgerError>, HoldersError> {
    let read = || match look() {
        Ok(shelf) => read(shelf).map(Ok),
        Err(why) => Ok(Err(why)),
    };
    looked(read, |why: &LedgerError| why.hour().cloned())
        .map_or_else(|why| Ok(Err(why)), |done| done.map(Ok))
}

/// Who holds which of these, from a moment on.
fn held_since(
    shelf: &Shelf,
    asked: &[LedgerName],
    since: Wall,
) -> Result<Vec<(LedgerKind, HeldBy)>, LedgerError> {
    let mut found = Vec::new();
    for kind in [LedgerKind::Record, LedgerKind::Owner, LedgerKind::Place] {
        let of = asked.iter().filter(|(of, _)| *of == kind);
        let ids: Vec<&str> = of.map(|(_, id)| id.as_str()).collect();
        if ids.is_empty() {
            continue;
        }
        // A clock that was set back must not hide what left before that.
        let held = holders(shelf, kind, &ids, since, Wall(u64::MAX))?.held;
        found.extend(held.into_iter().map(|one| (kind, one)));
    }
    Ok(found)
}

/// How many records of these classes each partner received in answers that were written down on a day. That
/// is when they ended: an answer that began the day before, and ended long after that day was told of, is
/// of this one, and each answer is of one day.
fn written_on(
    shelf: Shelf,
    classes: &[String],
    day: u32,
) -> Result<Vec<(String, u64)>, LedgerError> {
    let day = u64::from(day);
    let shelf = shelf.begun(&(Wall(day * DAY)..Wall((day + 1) * DAY)));
    let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
    received(&shelf, &classes, Wall(0), Wall(u64::MAX))
}

/// On a thread that may wait for the disk.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HoldersError> + Send + 'static,
) -> Result<T, HoldersError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| HoldersError(error.to_string()))?
}

fn unread(error: impl fmt::Display) -> HoldersError {
    HoldersError(format!("the ledger can't be read: {error}"))
}

#[cfg(test)]
mod tests {
    use portcullis_ledger::{FrameWriter, JOURNAL_HEAD};
    use portcullis_types::LedgerDigest;

    use super::super::folder::Part;
    use super::super::rows::{record, row};
    use super::*;

    const HOUR: u64 = 3_600_000;

    #[test]
    fn an_answer_that_ended_long_after_midnight_is_of_the_day_on_which_it_was_written_down() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        let keys = Arc::new(Keys::new(&folder));
        let midnight = 20_001 * DAY;
        // Both calls came before midnight, and one answer ended an hour after it.
        for start in [midnight - HOUR, midnight + HOUR] {
            let part = Part { start: Wall(start), writer: "gate-1".to_owned() };
            let mut journal = JOURNAL_HEAD.to_vec();
            let mut frame = FrameWriter::new();
            let record = record(None, LedgerDigest::new([7; 16]));
            frame.push(&row(Wall(midnight - 5), "acme", vec![record]));
            frame.finish(journal.len() as u64, &mut journal);
            std::fs::write(folder.at(&part.journal()), journal).unwrap();
        }
        for (day, count) in [(19_999, None), (20_000, Some(1)), (20_001, Some(1)), (20_002, None)] {
            let shelf = Shelf::look(&folder, &keys).unwrap();
            let found = written_on(shelf, &["place.posts".to_owned()], day).unwrap();
            let of = count.map(|count| ("acme".to_owned(), count));
            assert_eq!(found, Vec::from_iter(of), "{day}");
        }
    }

    #[test]
    fn a_file_that_goes_between_a_look_and_the_next_is_gone_and_one_that_stays_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        let keys = Arc::new(Keys::new(&folder));
        let name = Part { start: Wall(HOUR), writer: "gate-1".to_owned() }.table("terms");
        let look = || Shelf::look(&folder, &keys).map_err(unread);
        let read = |shelf| written_on(shelf, &["place.posts".to_owned()], 0);
        std::fs::write(folder.at(&name), "no such file").unwrap();
        assert!(again(look, read).unwrap().is_err_and(|why| why.hour().is_some()));
        let goes = || look().inspect(|_| folder.remove(&name).unwrap());
        assert_eq!(again(goes, read).unwrap().unwrap(), []);
    }
}
