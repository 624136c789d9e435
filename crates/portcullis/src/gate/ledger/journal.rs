//! The journal of one time: what left, durable within a second.
//!
//! It is locked by whoever writes it, so that one which nobody writes any more is known by that. Must not
//! know what stands in a frame.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};

use portcullis_ledger::JOURNAL_HEAD;

use super::folder::{Folder, Part, sync};

/// A journal that is being written.
#[derive(Debug)]
pub(super) struct Journal {
    pub part: Part,
    file: File,
    /// Where the next frame stands.
    end: u64,
}

/// Why something was not written.
#[derive(Debug)]
pub(super) enum NotWritten {
    /// It may be at the same place, some time.
    Yet(io::Error),
    /// Never in this journal: what it holds after its end is not known.
    Here(io::Error),
}

impl Journal {
    /// Begins one. Nobody sees it before it is locked.
    pub(super) fn create(folder: &Folder, part: Part) -> io::Result<Self> {
        let name = part.journal();
        let (path, new) = (folder.at(&name), folder.at(&format!("{name}.new")));
        let begun = begin(&new).and_then(|file| {
            // A name is never given twice, also where the clock goes back.
            fs::hard_link(&new, &path)?;
            Ok(file)
        });
        let removed = fs::remove_file(&new);
        let file = begun?;
        removed?;
        sync(folder.path())?;
        Ok(Self { part, file, end: JOURNAL_HEAD.len() as u64 })
    }

    /// Where the next frame will stand.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// Writes frames that were made for its end. They count once this returns.
    pub(super) fn append(&mut self, folder: &Folder, frames: &[u8]) -> Result<(), NotWritten> {
        if !self.is_there(folder) {
            let path = folder.at(&self.part.journal());
            let gone = io::Error::other(format!("`{}` is gone", path.display()));
            return Err(NotWritten::Here(gone));
        }
        // A part that was written before it failed is written over by the next try.
        self.file.write_all_at(frames, self.end).map_err(NotWritten::Yet)?;
        if let Err(error) = self.file.sync_data() {
            // After that, what was not synced may be taken for synced: it must not be there at all.
            let _cut = self.file.set_len(self.end);
            return Err(NotWritten::Here(error));
        }
        self.end += frames.len() as u64;
        Ok(())
    }

    /// Whether it still has its name: what is written into a file without one is lost.
    fn is_there(&self, folder: &Folder) -> bool {
        is_named(&self.file, folder, &self.part.journal())
    }
}

/// Opens a journal that nobody writes; none: somebody does, or it is gone.
pub(super) fn abandoned(folder: &Folder, name: &str) -> io::Result<Option<File>> {
    let file = match OpenOptions::new().read(true).write(true).open(folder.at(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        // Whoever had it before may have been done with it.
        Ok(()) => Ok(is_named(&file, folder, name).then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn begin(path: &std::path::Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.lock()?;
    file.write_all_at(&JOURNAL_HEAD, 0)?;
    file.sync_all()?;
    Ok(file)
}

fn is_named(file: &File, folder: &Folder, name: &str) -> bool {
    let same = |of: &File| {
        let (ours, named) = (of.metadata().ok()?, fs::metadata(folder.at(name)).ok()?);
        Some((ours.dev(), ours.ino()) == (named.dev(), named.ino()))
    };
    same(file) == Some(true)
}

#[cfg(test)]
mod tests {
    use portcullis_types::Wall;

    use super::*;

    fn folder() -> (tempfile::TempDir, Folder, Part) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        (dir, folder, Part { start: Wall(0), writer: "gate-1".to_owned() })
    }

    #[test]
    fn a_journal_is_somebody_elses_only_once_nobody_writes_it() {
        let (_dir, folder, part) = folder();
        let name = part.journal();
        let mut journal = Journal::create(&folder, part.clone()).unwrap();
        journal.append(&folder, b"frame").unwrap();
        assert!(abandoned(&folder, &name).unwrap().is_none(), "it is written");
        assert!(Journal::create(&folder, part).is_err(), "a name is given once");
        drop(journal);
        let file = abandoned(&folder, &name).unwrap().unwrap();
        assert!(abandoned(&folder, &name).unwrap().is_none(), "one at a time");
        drop(file);
        let bytes = fs::read(folder.at(&name)).unwrap();
        assert_eq!(bytes, [&JOURNAL_HEAD[..], b"frame"].concat());
        assert_eq!(folder.names().unwrap(), [name], "nothing else is left behind");
    }

    #[test]
    fn what_would_go_into_a_journal_without_a_name_is_not_taken_for_written() {
        let (_dir, folder, part) = folder();
        let mut journal = Journal::create(&folder, part.clone()).unwrap();
        fs::remove_file(folder.at(&part.journal())).unwrap();
        assert!(matches!(journal.append(&folder, b"frame"), Err(NotWritten::Here(_))));
        assert_eq!(journal.end(), JOURNAL_HEAD.len() as u64);
    }
}
