//! Sets of files whose time is over: out of everybody's sight in one step, and then removed file by file.
//!
//! What is to go stands in a file of its own until all of it is gone, so that a set of which files are left
//! goes on being gone, whoever looks and whatever ends meanwhile. Must not know why a set goes.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use portcullis_ledger::Table;

use super::folder::{Folder, Part, sync};
use super::roll::PIECES;
use crate::talk;

/// The file that names the sets that are to go.
const GOING: &str = "going";

/// Sets that are going.
pub(super) fn named(folder: &Folder) -> io::Result<BTreeSet<Part>> {
    let bytes = match fs::read(folder.at(GOING)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    // Whoever can't tell what is going would call it damaged.
    let hours: Vec<String> = serde_json::from_slice(&bytes).map_err(|why| {
        let path = folder.at(GOING);
        io::Error::other(format!(
            "`{}` is not as this program writes it: {why}; move it out of the folder",
            path.display()
        ))
    })?;
    Ok(hours.iter().filter_map(|hour| Part::of_hour(hour)).collect())
}

/// Sets that are going and of which files are gone already.
pub(super) fn halves(folder: &Folder) -> io::Result<BTreeSet<Part>> {
    let named = named(folder)?;
    Ok(named.into_iter().filter(|part| is_half(folder, part)).collect())
}

/// Removes all sets that may go, with those of which another process, or this one, did not get to the end. What
/// else is named and whole is seen again. What lacks files stays out of sight: it is missed, and will not be
/// what it was.
pub(super) fn remove(folder: &Folder, parts: &BTreeSet<Part>) -> io::Result<()> {
    let named = named(folder)?;
    let kept = named.difference(parts);
    let halves: BTreeSet<Part> = kept.filter(|part| is_half(folder, part)).cloned().collect();
    if parts.is_empty() && halves == named {
        return Ok(());
    }
    let is_whole = |part: &&Part| !halves.contains(*part) && tables(folder, part) > 0;
    if let Some(whole) = named.difference(parts).find(is_whole) {
        talk::error(&format!(
            "`{GOING}` in the ledger's folder named sets that are to stay, `{}` first, which nobody saw meanwhile: unless `keep` was made longer or a case opened since, or the clock was ahead, find out who writes there",
            whole.hour()
        ));
    }
    match begin(folder, parts, &halves) {
        // A full disk has no room for names either: what goes first makes some.
        Err(error) if error.kind() == ErrorKind::StorageFull => {
            remove_files(folder, &parts.iter().take(1).cloned().collect())?;
            begin(folder, parts, &halves)?;
        }
        begun => begun?,
    }
    remove_files(folder, parts)?;
    // No file of theirs is there any more, also after a crash: nothing has to be hidden.
    sync(folder.path())?;
    if halves.is_empty() { folder.remove(GOING) } else { begin(folder, &halves, &halves) }
}

fn remove_files(folder: &Folder, parts: &BTreeSet<Part>) -> io::Result<()> {
    for name in folder.names()? {
        if part_of(&name).is_some_and(|part| parts.contains(&part)) {
            fs::remove_file(folder.at(&name)).or_else(|error| match error.kind() {
                ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?;
        }
    }
    Ok(())
}

/// How many of a set's files are there.
fn tables(folder: &Folder, part: &Part) -> usize {
    let is_there = |table: &&Table| folder.at(&part.table(table.name())).exists();
    Table::ALL.iter().filter(is_there).count()
}

/// Whether some of a set's files are there, and not all.
fn is_half(folder: &Folder, part: &Part) -> bool {
    (1..Table::ALL.len()).contains(&tables(folder, part))
}

/// From here on they are gone.
fn begin(folder: &Folder, parts: &BTreeSet<Part>, halves: &BTreeSet<Part>) -> io::Result<()> {
    let hours: Vec<String> = parts.union(halves).map(Part::hour).collect();
    folder.write(GOING, &serde_json::to_vec(&hours)?)
}

/// The set that a file is of, or that the hashes of a file's pieces are of.
pub(super) fn part_of(name: &str) -> Option<Part> {
    let file = name.strip_suffix(PIECES).and_then(|name| name.strip_suffix('.'));
    Part::of_file(file.unwrap_or(name))
}

/// Does something that looks and reads, and once more for each set that it fails at: one may have gone since the
/// look, and another one since the next. What fails again at the same set is the answer.
pub(super) fn looked<T, E>(
    read: impl Fn() -> Result<T, E>,
    hour: impl Fn(&E) -> Option<Arc<str>>,
) -> Result<T, E> {
    let mut failed = BTreeSet::new();
    loop {
        match read() {
            Err(why) if failed.insert(hour(&why)) => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use portcullis_types::Wall;

    use super::super::anchors::Anchored;
    use super::super::keys::Keys;
    use super::super::library::Shelf;
    use super::*;

    struct Bed {
        _dir: tempfile::TempDir,
        folder: Folder,
        keys: Arc<Keys>,
    }

    impl Bed {
        /// A folder with so many sets, and these.
        fn of(sets: u64) -> (Self, Vec<Part>) {
            let dir = tempfile::tempdir().unwrap();
            let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
            let keys = Arc::new(Keys::new(&folder));
            let part = |at: u64| Part { start: Wall(at * 3_600_000), writer: "gate-1".to_owned() };
            let parts: Vec<Part> = (0..sets).map(part).collect();
            for file in parts.iter().flat_map(files) {
                fs::write(folder.at(&file), "").unwrap();
            }
            (Self { _dir: dir, folder, keys }, parts)
        }

        fn sets(&self) -> Vec<Part> {
            let shelf = Shelf::look(&self.folder, &self.keys).unwrap();
            shelf.parts().iter().cloned().collect()
        }

        /// Reads all that is on a shelf; fails at a set of which a file is not there.
        fn read(&self) -> Result<usize, Arc<str>> {
            let sets = self.sets();
            for part in &sets {
                let is_there = |file: &String| self.folder.at(file).exists();
                if !files(part).all(|file| is_there(&file)) {
                    return Err(Arc::from(part.hour()));
                }
            }
            Ok(sets.len())
        }

        fn looked(&self) -> Result<usize, Arc<str>> {
            looked(|| self.read(), |hour| Some(Arc::clone(hour)))
        }
    }

    fn files(part: &Part) -> impl Iterator<Item = String> {
        let tables = Table::ALL.map(|table| part.table(table.name()));
        tables.into_iter().flat_map(|name| [format!("{name}.{PIECES}"), name])
    }

    #[test]
    fn a_set_that_is_half_gone_is_gone_and_the_next_removal_ends_it() {
        let (bed, sets) = Bed::of(3);
        // As a process leaves it that ended there.
        begin(&bed.folder, &[sets[0].clone()].into(), &BTreeSet::new()).unwrap();
        fs::remove_file(bed.folder.at(&sets[0].table("answers"))).unwrap();
        assert_eq!(bed.sets(), sets[1..]);
        remove(&bed.folder, &sets[..2].iter().cloned().collect()).unwrap();
        assert_eq!(bed.sets(), sets[2..]);
        let mut left: Vec<String> = files(&sets[2]).collect();
        left.sort();
        assert_eq!(bed.folder.names().unwrap(), left, "nothing else is left behind");
        remove(&bed.folder, &BTreeSet::new()).unwrap();
        assert_eq!(bed.folder.names().unwrap(), left);
    }

    #[test]
    fn a_set_that_somebody_names_before_its_time_is_missed_and_then_seen_again() {
        let (bed, sets) = Bed::of(1);
        begin(&bed.folder, &sets.iter().cloned().collect(), &BTreeSet::new()).unwrap();
        let files = Arc::from([]);
        let revision = portcullis_types::Revision(1);
        let part = sets[0].clone();
        let at = Wall(0);
        let anchored =
            Anchored { part, revision, files, answers: 1, records: 1, adopted: None, at };
        let shelf = Shelf::look(&bed.folder, &bed.keys).unwrap().with_roots(vec![anchored]);
        assert_eq!(shelf.missing(Wall(0)), [sets[0].hour()]);
        remove(&bed.folder, &BTreeSet::new()).unwrap();
        assert_eq!(bed.sets(), sets);
        assert!(!bed.folder.at(GOING).exists());
    }

    #[test]
    fn a_set_that_was_half_gone_when_it_was_to_stay_again_is_missed_and_never_called_damaged() {
        let (bed, sets) = Bed::of(2);
        begin(&bed.folder, &sets.iter().cloned().collect(), &BTreeSet::new()).unwrap();
        fs::remove_file(bed.folder.at(&sets[0].table("answers"))).unwrap();
        for _ in 0..2 {
            remove(&bed.folder, &BTreeSet::new()).unwrap();
            assert_eq!(bed.sets(), sets[1..], "the whole one is seen, the other one is not");
            assert_eq!(bed.looked(), Ok(1));
        }
        // Put back from a copy it is whole.
        fs::write(bed.folder.at(&sets[0].table("answers")), "").unwrap();
        remove(&bed.folder, &BTreeSet::new()).unwrap();
        assert_eq!(bed.sets(), sets);
        assert!(!bed.folder.at(GOING).exists());
    }

    #[test]
    fn a_set_of_which_somebody_removed_a_file_is_still_one_that_can_not_be_read() {
        for table in Table::ALL {
            let (bed, sets) = Bed::of(2);
            fs::remove_file(bed.folder.at(&sets[1].table(table.name()))).unwrap();
            assert_eq!(bed.looked(), Err(Arc::from(sets[1].hour())), "{table:?}");
        }
    }

    #[test]
    fn a_file_of_what_is_going_that_can_not_be_read_is_named_with_what_to_do() {
        let (bed, sets) = Bed::of(1);
        fs::write(bed.folder.at(GOING), "2026").unwrap();
        for why in
            [named(&bed.folder).err(), remove(&bed.folder, &sets.into_iter().collect()).err()]
        {
            assert!(why.unwrap().to_string().contains("going` is not as this program writes it"));
        }
    }

    #[test]
    fn sets_that_go_one_after_the_other_between_looks_keep_no_question_from_its_answer() {
        let (bed, sets) = Bed::of(5);
        let gone = AtomicUsize::new(0);
        let read = || {
            let shelf = bed.sets();
            // One more goes while this one is read.
            if let Some(set) = sets[..4].get(gone.fetch_add(1, Ordering::Relaxed)) {
                remove(&bed.folder, &[set.clone()].into()).unwrap();
                return Err(Arc::from(set.hour()));
            }
            Ok(shelf.len())
        };
        let hour = |hour: &Arc<str>| Some(Arc::clone(hour));
        assert_eq!(looked(read, hour), Ok(1));
    }

    #[test]
    fn questions_asked_while_many_sets_go_never_meet_one_that_is_half_gone() {
        let (bed, sets) = Bed::of(60);
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let done = remove(&bed.folder, &sets.iter().cloned().collect());
                ended.store(true, Ordering::Release);
                done.unwrap();
            });
            while !ended.load(Ordering::Acquire) {
                bed.looked().unwrap();
            }
        });
        assert_eq!(bed.looked(), Ok(0));
    }
}
