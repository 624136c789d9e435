//! A key in use whose file is lost: whoever has it writes it again, before anybody makes another one.
//!
//! Must not know which keys are in use.

use std::fs;
use std::io::{self, ErrorKind};
use std::sync::PoisonError;

use super::{Keys, Known, put};
use crate::gate::ledger::folder::{day_name, sync};
use crate::talk;

impl Keys {
    /// Makes sure that the file of a key in use is there: the next process would make another one, and what
    /// was digested with this one would be found by nobody. True: another process did so, and its key is
    /// the one to use.
    pub(in crate::gate::ledger) fn hold(&self, day: u32) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&day).cloned();
        let Some(held) = known else { return false };
        match fs::read(self.path(day)) {
            Ok(bytes) if bytes == **held.file => false,
            Ok(_) => self.is_followed(day, &held),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // Without its folder it can't be written, which is told of elsewhere.
                if self.put_again(day, &held).is_ok() {
                    talk::warn(&format!(
                        "the ledger's key of {} was gone while it is in use, and is written again; find out who removes files there",
                        day_name(day)
                    ));
                }
                false
            }
            Err(_) => false,
        }
    }

    /// Only a key that says that it serves from later on was made after this one.
    fn is_followed(&self, day: u32, held: &Known) -> bool {
        let Ok(Some(found)) = self.read(day) else { return false };
        let followed = found.since > held.since;
        if followed {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(day, found);
        }
        followed
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
    use portcullis_types::{LedgerKind, Wall};

    use super::super::super::folder::Folder;
    use super::*;

    #[test]
    fn a_key_in_use_whose_file_is_lost_is_written_again_and_one_made_after_it_is_used_instead() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        let path = folder.keys().join("2026-11-22.key");
        let ours = Keys::new(&folder);
        assert!(!ours.hold(20_779) && !path.exists(), "nothing is in use");
        let digest = |keys: &Keys| {
            keys.make(20_779, &|| Wall(5)).unwrap().digest(LedgerKind::Owner, "17841")
        };
        let before = digest(&ours);
        let file = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(!ours.hold(20_779));
        assert_eq!(fs::read(&path).unwrap(), file);
        let next = Keys::new(&folder);
        assert_eq!(digest(&next), before, "who comes later has the same");
        // Somebody made another one before this one was written again.
        fs::remove_file(&path).unwrap();
        let next = Keys::new(&folder);
        next.make(20_779, &|| Wall(9)).unwrap();
        assert!(ours.hold(20_779));
        assert!(digest(&ours) == digest(&next) && digest(&ours) != before);
        assert_eq!(ours.since(20_779).unwrap(), Wall(9));
        // One from before that was put back by hand is not.
        fs::write(&path, &file).unwrap();
        assert!(!ours.hold(20_779));
        assert_eq!(fs::read_dir(folder.keys()).unwrap().count(), 1, "nothing else is left behind");
    }
}
