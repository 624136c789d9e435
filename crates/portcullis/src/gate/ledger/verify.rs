//! Whether every file is what the log says it was.
//!
//! Must not know what is in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};

use portcullis_audit::Hash;
use portcullis_ledger::{Pieces, PiecesFault};
use portcullis_registry::AnchoredFile;
use portcullis_types::Wall;
use serde_json::{Value, json};

use super::anchors::Anchored;
use super::folder::{DAMAGED, Folder, Part, UNKNOWN};
use super::library::Shelf;
use super::roll::PIECES;

/// Most faults that are listed.
const FAULTS_MAX: usize = 1000;
/// A journal goes right after the event that anchors its files; looks until it is taken to stay.
const LOOKS: u32 = 100;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) files: u64,
    pub(super) bytes: u64,
    removed: u64,
    pub(super) faults: Vec<Value>,
    more: bool,
    /// Hashes beside a file that is what it was, which are gone or others: questions read it all the same.
    hashes: Vec<String>,
    /// Sets of which a file is not what the log says, each with the first fault: all of them, however many
    /// faults are listed.
    pub(super) damaged: BTreeMap<Part, String>,
}

impl Found {
    /// Takes down what is wrong with a file, while there is room in the list.
    pub(super) fn fault(
        &mut self,
        file: &str,
        revision: Option<u64>,
        place: Option<(u64, u64)>,
        what: String,
    ) {
        if self.faults.len() >= FAULTS_MAX {
            self.more = true;
            return;
        }
        let (piece, from) = place.unzip();
        self.faults.push(json!({
            "file": file, "event": revision, "piece": piece, "from": from, "what": what,
        }));
    }

    /// The same of a file that the log has a root of, which is not what it was or is gone.
    fn file(
        &mut self,
        of: &Anchored,
        file: &AnchoredFile,
        place: Option<(u64, u64)>,
        what: String,
    ) {
        let first = || format!("`{}`: {what}", file.name);
        self.damaged.entry(of.part.clone()).or_insert_with(first);
        self.fault(&file.name, Some(of.revision.0), place, what);
    }

    /// As it is told of what is on a shelf.
    pub(super) fn told(&self, shelf: &Shelf) -> Value {
        json!({
            "clean": self.faults.is_empty() && self.hashes.is_empty(),
            "files": self.files,
            "bytes": self.bytes,
            "removed": self.removed,
            "journals": shelf.journals(),
            "faults": self.faults,
            "more": self.more,
            "hashes": self.hashes,
        })
    }
}

/// Reads every file that the log has a root of, and compares. Files of times before `kept` may be gone. What is
/// about to go has a pause to do so.
pub(super) fn verify(
    folder: &Folder,
    shelf: &Shelf,
    anchored: &[Anchored],
    kept: Wall,
    pause: &dyn Fn(),
) -> io::Result<Found> {
    let mut found = Found::default();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for one in anchored {
        for file in one.files.iter() {
            known.insert(&file.name);
            compare(folder, one, file, kept, &mut found)?;
        }
    }
    for one in with_journals(folder, anchored, pause) {
        let what = "its files are anchored, so that nothing of it is read: it was put here, or could not be removed";
        found.fault(&one.part.journal(), Some(one.revision.0), None, what.to_owned());
    }
    for name in folder.names()? {
        if name.ends_with(&format!(".{DAMAGED}")) {
            found.fault(&name, None, None, "a journal that holds what can't be read".to_owned());
        }
        if name.ends_with(&format!(".{UNKNOWN}")) {
            let what = "a journal of another version; a gate of that one rolls it as it starts";
            found.fault(&name, None, None, what.to_owned());
        }
        let stray = Part::of_file(&name).is_some_and(|part| shelf.has(&part));
        if stray && !known.contains(name.as_str()) {
            let what = "the log does not have it: it was put here, or the log lost its event";
            found.fault(&name, None, None, what.to_owned());
        }
    }
    Ok(found)
}

/// Anchored times whose journals are there, and not about to go.
fn with_journals<'a>(
    folder: &Folder,
    anchored: &'a [Anchored],
    pause: &dyn Fn(),
) -> Vec<&'a Anchored> {
    let mut there: Vec<_> = anchored.iter().collect();
    for look in 0..LOOKS {
        if look > 0 {
            pause();
        }
        there.retain(|one| folder.at(&one.part.journal()).exists());
        if there.is_empty() {
            break;
        }
    }
    there
}

/// Reads a file, and compares it with its root.
pub(super) fn compare(
    folder: &Folder,
    one: &Anchored,
    file: &AnchoredFile,
    kept: Wall,
    found: &mut Found,
) -> io::Result<()> {
    let name = &file.name;
    let opened = match File::open(folder.at(name)) {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if one.aged() < kept {
                found.removed += 1;
            } else {
                found.file(one, file, None, "it is gone before its time".to_owned());
            }
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    found.files += 1;
    let pieces = Pieces::of(opened)?;
    found.bytes += pieces.bytes();
    let Some(root) = Hash::from_hex(&file.root) else {
        found.file(one, file, None, "the event names no root".to_owned());
        return Ok(());
    };
    let beside = fs::read(folder.at(&format!("{name}.{PIECES}"))).ok();
    let beside = beside.and_then(|bytes| Pieces::from_bytes(&bytes));
    for fault in Pieces::faults(beside.as_ref(), &pieces, &root, file.bytes) {
        let place = match fault {
            PiecesFault::Beside => {
                found.hashes.push(format!("{name}.{PIECES}"));
                continue;
            }
            PiecesFault::Piece { piece, from } => Some((piece, from)),
            PiecesFault::Length { .. } | PiecesFault::Root => None,
        };
        found.file(one, file, place, fault.to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portcullis_types::Revision;

    use super::*;

    #[test]
    fn a_file_with_more_faults_than_are_listed_hides_no_other_damaged_set() {
        let file = AnchoredFile { name: "a".to_owned(), bytes: 1, root: String::new() };
        let set = |start| Anchored {
            part: Part { start: Wall(start), writer: "gate-1".to_owned() },
            revision: Revision(1),
            files: Arc::from([]),
            answers: 1,
            records: 1,
            adopted: None,
            at: Wall(0),
        };
        let mut found = Found::default();
        for piece in 0..FAULTS_MAX as u64 {
            found.file(&set(0), &file, Some((piece, 0)), format!("piece {piece}"));
        }
        assert!(!found.more);
        found.file(&set(1), &file, None, "it is gone".to_owned());
        assert_eq!((found.faults.len(), found.more), (FAULTS_MAX, true));
        let damaged: Vec<_> = found.damaged.values().map(String::as_str).collect();
        assert_eq!(damaged, ["`a`: piece 0", "`a`: it is gone"]);
    }
}
