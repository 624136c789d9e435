//! Keys that are gone and that nobody dropped: said once, loudly and in the log.
//!
//! Must not know how a day is shredded on purpose.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_ledger::{LedgerError, digested};
use portcullis_types::Wall;

use super::damage::shelf;
use super::folder::{DAY, Folder, Part, day_name, day_of};
use super::keep::Keeper;
use super::keys::Keys;
use super::library::{PART_MAX, Shelf};
use crate::talk;

/// Whether records were digested under a key of a day. Where that can't be read they may have been; what was
/// begun before that day holds none, but for a clock that was set back a little.
pub(super) fn is_digested(folder: &Folder, keys: &Arc<Keys>, day: u32) -> bool {
    let Ok(shelf) = Shelf::look(folder, keys) else { return true };
    let begins = Wall((u64::from(day) * DAY).saturating_sub(PART_MAX));
    let shelf = shelf.begun(&(begins..Wall(u64::MAX)));
    let mut unread = false;
    let days = digested_since(&shelf, day, &mut |_| unread = true);
    unread || days.map_or(true, |days| days.contains(&day))
}

/// Days of which there are digests, from a day on. A call may have come a little before its day.
fn digested_since(
    shelf: &Shelf,
    day: u32,
    unread: &mut dyn FnMut(LedgerError),
) -> Result<BTreeSet<u32>, String> {
    let since = Wall((u64::from(day) * DAY).saturating_sub(DAY));
    digested(shelf, since, unread).map_err(|error| error.to_string())
}

impl Keeper {
    /// Says of which days the key is lost, or was before another one was made.
    pub(super) fn find_lost(&mut self, by: Wall) -> Result<(), String> {
        let state = self.roller.office.snapshot();
        let said: BTreeSet<u32> = state.ledger().shredded().map(day_of).collect();
        // What was dropped, here or by another process, is not written again.
        let wanted = |day| !said.contains(&day) && !self.is_over(day, by);
        let there = self.keys.there(wanted).map_err(|error| error.to_string())?;
        for day in there.iter().filter(|day| !said.contains(day)) {
            let since = self.keys.since(*day).map_err(|error| error.to_string())?;
            if since > Wall(0) {
                let what = format!("what left before {}", since.rfc3339());
                self.say_lost(*day, &what, "another one was made for the rest of the day")?;
            }
        }
        let names = self.folder.names().map_err(|error| error.to_string())?;
        let part = |name: &String| Part::of_file(name).or_else(|| Part::of_journal(name));
        let written = names.iter().filter_map(part).map(|part| day_of(part.start));
        let gone =
            |day: &u32| !there.contains(day) && !said.contains(day) && !self.whole.contains(day);
        let gone: BTreeSet<u32> = written.filter(gone).collect();
        let Some(first) = gone.first() else { return Ok(()) };
        let mut unread = false;
        let digested =
            digested_since(&shelf(&self.folder, &self.keys, &self.roller)?, *first, &mut |why| {
                self.figures.unread(&why);
                unread = true;
            })?;
        for day in gone {
            if digested.contains(&day) {
                let file = day_name(day);
                let advice = format!("if there is a copy of `keys/{file}.key`, put it back");
                self.say_lost(day, "what left", &advice)?;
            } else if !unread {
                self.whole.insert(day);
            }
        }
        Ok(())
    }

    fn say_lost(&self, day: u32, what: &str, more: &str) -> Result<(), String> {
        self.say_shredded(day, true)?;
        talk::error(&format!(
            "the ledger's key of {} is LOST: nobody can tell any more whose records are in {what} on that day; {more}",
            day_name(day)
        ));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_that_can_not_be_read_may_hold_digests_of_its_own_time_and_of_no_later_day() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        let keys = Arc::new(Keys::new(&folder));
        let start = Wall(20_000 * DAY - 2 * PART_MAX);
        let journal = Part { start, writer: "gate-1".to_owned() }.journal();
        std::fs::write(folder.at(&journal), "portcullis ldg of another version").unwrap();
        assert!(is_digested(&folder, &keys, 19_999));
        assert!(!is_digested(&folder, &keys, 20_000), "a key is made that day for the first time");
        let start = Wall(20_000 * DAY);
        let later = Part { start, writer: "gate-1".to_owned() }.journal();
        std::fs::rename(folder.at(&journal), folder.at(&later)).unwrap();
        assert!(is_digested(&folder, &keys, 20_000));
    }
}
