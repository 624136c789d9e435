//! A key whose file is lost: whoever has it in memory writes it again, before anybody makes another one.
//!
//! Must not know which keys are in use.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::sync::PoisonError;

use zeroize::Zeroizing;

use super::{Keys, Known, put};
use crate::gate::ledger::folder::{day_name, sync};
use crate::talk;

impl Keys {
    /// Makes sure that the file of a key in use is there: the next process would make another one, and what
    /// was digested with this one would be found by nobody. True: another process did so, and its key is
    /// the one to use. With one of a day ahead nothing was digested yet.
    pub(in crate::gate::ledger) fn hold(&self, day: u32, ahead: bool) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&day).cloned();
        let Some(held) = known else { return false };
        match self.bytes(day) {
            Ok(bytes) if bytes == *held.file => self.tell(day, None),
            Ok(bytes) => return self.is_followed(day, &held, ahead, bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => self.put_back(day, &held),
            Err(why) => self.tell(day, Some(format!(
                "the ledger's key of {} is in use and `{}` can't be read: {why}; let this program read it, or the next process has no key of that day",
                day_name(day), self.path(day).display()
            ))),
        }
        false
    }

    /// Days whose key there is. One that is in memory is written again where its file is lost, as long as
    /// `wanted` says so, and is no lost one even where that fails for now.
    pub(in crate::gate::ledger) fn there(
        &self,
        wanted: impl Fn(u32) -> bool,
    ) -> io::Result<BTreeSet<u32>> {
        let mut there: BTreeSet<u32> = self.days()?.into_iter().collect();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (day, held) in known.iter().filter(|(day, _)| wanted(**day)) {
            if there.insert(*day) {
                self.put_back(*day, held);
            }
        }
        Ok(there)
    }

    /// Only a key that says that it serves from later on was made after this one; of a day ahead, the one
    /// that has a file is the one that the next process has, too.
    fn is_followed(&self, day: u32, held: &Known, ahead: bool, bytes: Zeroizing<Vec<u8>>) -> bool {
        let found = self.parsed(day, bytes).ok().flatten();
        let Some(found) = found.filter(|found| ahead || found.since > held.since) else {
            self.tell(day, Some(format!(
                "`{}` is not the ledger's key of {} that is in use; move it out of the folder and keep it, and the one in use is written again",
                self.path(day).display(), day_name(day)
            )));
            return false;
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(day, found);
        self.tell(day, None);
        true
    }

    fn put_back(&self, day: u32, held: &Known) {
        let _alone = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        match self.put_again(day, held) {
            Ok(()) => {
                self.tell(day, None);
                talk::warn(&format!(
                    "the ledger's key of {day} was removed while this gate has it, and is written again; find out who removes files there, or, if {day} is to be forgotten early, stop the gate, remove the key and start it",
                    day = day_name(day)
                ));
            }
            // Somebody was quicker: it is looked at in the next round.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(why) => self.tell(day, Some(format!(
                "the ledger's key of {} is gone while it is in use, and can't be written again in `{}`: {why}; make room there and let this program write before it ends, or nobody can tell what left that day",
                day_name(day), self.dir.display()
            ))),
        }
    }

    /// Says once what is wrong with the file of a key in use.
    fn tell(&self, day: u32, fault: Option<String>) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(fault) = fault else {
            faults.remove(&day);
            return;
        };
        if faults.get(&day) != Some(&fault) {
            talk::warn(&fault);
            faults.insert(day, fault);
        }
    }

    fn put_again(&self, day: u32, held: &Known) -> io::Result<()> {
        let path = self.path(day);
        let new = path.with_extension(format!("{}.new", std::process::id()));
        let written = put(&new, &held.file).and_then(|()| fs::hard_link(&new, &path));
        let removed = fs::remove_file(&new);
        written.and(removed)?;
        sync(&self.dir)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use portcullis_keys::DayKey;
    use portcullis_types::{LedgerKind, Wall};

    use super::super::super::folder::Folder;
    use super::*;

    #[test]
    fn a_key_in_use_whose_file_is_lost_is_written_again_and_one_made_after_it_is_used_instead() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        let path = folder.keys().join("2026-11-22.key");
        let ours = Keys::new(&folder);
        assert!(!ours.hold(20_779, false) && !path.exists(), "nothing is in use");
        let digest = |keys: &Keys| {
            keys.make(20_779, &|| Wall(5)).unwrap().digest(LedgerKind::Owner, "17841")
        };
        let before = digest(&ours);
        let file = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(!ours.hold(20_779, false));
        assert_eq!(fs::read(&path).unwrap(), file);
        let next = Keys::new(&folder);
        assert_eq!(digest(&next), before, "who comes later has the same");
        // Somebody made another one before this one was written again.
        fs::remove_file(&path).unwrap();
        let next = Keys::new(&folder);
        next.make(20_779, &|| Wall(9)).unwrap();
        assert!(ours.hold(20_779, false));
        assert!(digest(&ours) == digest(&next) && digest(&ours) != before);
        assert_eq!(ours.since(20_779).unwrap(), Wall(9));
        // One from before that was put back by hand is not.
        fs::write(&path, &file).unwrap();
        assert!(!ours.hold(20_779, false));
        assert_eq!(fs::read_dir(folder.keys()).unwrap().count(), 1, "nothing else is left behind");
    }

    fn ours() -> (tempfile::TempDir, Keys, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        let keys = Keys::new(&folder);
        keys.make(20_779, &|| Wall(0)).unwrap();
        (dir, keys, folder.keys().join("2026-11-22.key"))
    }

    fn fault(keys: &Keys) -> Option<String> {
        keys.faults.lock().unwrap().get(&20_779).cloned()
    }

    #[test]
    fn a_key_in_memory_is_not_lost_and_is_written_again_while_it_is_wanted() {
        let (_dir, keys, path) = ours();
        fs::remove_file(&path).unwrap();
        assert!(keys.there(|_| false).unwrap().is_empty() && !path.exists(), "its time is over");
        // Nothing can be written under the name that it is written under first.
        let new = path.with_extension(format!("{}.new", std::process::id()));
        fs::create_dir(&new).unwrap();
        assert_eq!(keys.there(|_| true).unwrap(), [20_779].into());
        assert!(!path.exists() && fault(&keys).unwrap().contains("can't be written again"));
        assert!(!keys.hold(20_779, false));
        fs::remove_dir(&new).unwrap();
        assert_eq!(keys.there(|_| true).unwrap(), [20_779].into());
        assert!(path.exists() && fault(&keys).is_none());
    }

    #[test]
    fn a_file_that_is_not_the_key_in_use_is_told_of_until_it_is_moved_away() {
        let (_dir, keys, path) = ours();
        let file = fs::read(&path).unwrap();
        let (cut, other, zeros) = (&file[..20], [7; 40 - 8], [0; 40]);
        for wrong in [cut, &other, &zeros] {
            fs::write(&path, wrong).unwrap();
            assert!(!keys.hold(20_779, false));
            assert!(fault(&keys).unwrap().contains("move it out of the folder"), "{wrong:?}");
        }
        fs::remove_file(&path).unwrap();
        assert!(!keys.hold(20_779, false));
        assert!(fs::read(&path).unwrap() == file && fault(&keys).is_none());
    }

    #[test]
    fn of_two_keys_of_a_day_ahead_the_one_in_the_file_is_used() {
        let (dir, ours, path) = ours();
        fs::remove_file(&path).unwrap();
        let other = Keys::new(&Folder::open(&dir.path().join("gate.ledger")).unwrap());
        let digest = |key: Arc<DayKey>| key.digest(LedgerKind::Owner, "17841");
        let theirs = digest(other.make(20_779, &|| Wall(0)).unwrap());
        assert!(!ours.hold(20_779, false), "something may have been digested with either");
        assert!(ours.hold(20_779, true) && !ours.hold(20_779, true));
        assert_eq!(digest(ours.of(20_779).unwrap().unwrap()), theirs);
    }
}
