//! Files that somebody rewrote: what looks after files goes on with the others, and what was put back is read
//! again.
//!
//! Must not know what is looked after.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use portcullis_ledger::HourFile;
use portcullis_types::{Clock as _, Wall};

use super::believed::kept;
use super::folder::{Folder, Part};
use super::keep::Keeper;
use super::keys::Keys;
use super::library::Shelf;
use super::roll::Roller;
use super::verify::{Found, compare};
use crate::talk;

/// Does something of which nobody knows what it meets. What it was at when it panicked is tried again later.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err("it holds what nobody but a forger writes".to_owned()))
}

/// What there is now; no byte of a set is read that the log does not vouch for.
pub(super) fn shelf(folder: &Folder, keys: &Arc<Keys>, roller: &Roller) -> Result<Shelf, String> {
    rooted(Shelf::look(folder, keys), roller)
}

/// The same with sets that are to go and are whole yet.
pub(super) fn whole_shelf(
    folder: &Folder,
    keys: &Arc<Keys>,
    roller: &Roller,
) -> Result<Shelf, String> {
    rooted(Shelf::look_whole(folder, keys), roller)
}

fn rooted(shelf: io::Result<Shelf>, roller: &Roller) -> Result<Shelf, String> {
    let shelf = shelf.map_err(|error| error.to_string())?;
    shelf.rooted(&roller.anchors, &*roller.office, &roller.runtime)
}

impl Keeper {
    /// Forgets sets of files that could not be read where they are as they were written again, or gone.
    pub(super) fn mended(&self) {
        let known: Vec<String> = self.figures.stands().unreadable.keys().cloned().collect();
        for hour in known {
            if caught(|| self.is_mended(&hour)) == Ok(true) {
                self.figures.stands().unreadable.remove(&hour);
                talk::info(&format!("the ledger's set `{hour}` can be read again, or is gone"));
            }
        }
    }

    /// Looks which sets are gone before their time, and which the log does not have.
    pub(super) fn missed(&self) {
        let look = || {
            let kept = kept(&self.folder, self.clock.wall(), self.keep);
            let kept = kept.map_err(|error| error.to_string())?;
            Ok((shelf(&self.folder, &self.keys, &self.roller)?, kept))
        };
        match caught(look) {
            Ok((shelf, kept)) => {
                drop(self.figures.looked(shelf.missing(kept), shelf.not_in_log()));
            }
            Err(why) => self.figures.blinded(&why),
        }
    }

    fn is_mended(&self, hour: &str) -> Result<bool, String> {
        let Some(part) = Part::of_hour(hour) else { return Ok(true) };
        let shelf = shelf(&self.folder, &self.keys, &self.roller)?;
        if !shelf.has(&part) {
            return Ok(true);
        }
        let Roller { anchors, office, runtime, .. } = &self.roller;
        let Some(one) = anchors.of(&part, &**office, runtime)? else { return Ok(false) };
        let mut found = Found::default();
        for file in one.files.iter() {
            let compared = compare(&self.folder, &one, file, Wall(0), &mut found);
            compared.map_err(|error| error.to_string())?;
        }
        Ok(found.damaged.is_empty() && HourFile::read(&shelf, &Arc::from(hour)).is_ok())
    }
}
