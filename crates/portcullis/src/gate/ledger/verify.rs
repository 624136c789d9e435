//! Whether every file is what the log says it was.
//!
//! Must not know what is in a file.

use std::collections::BTreeSet;
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
}

impl Found {
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
}

/// Reads every file that the log has a root of, and compares. Files of times before `kept` may be gone. What is
/// about to go has a pause to do so.
pub(super) fn verify(
    folder: &Folder,
    shelf: &Shelf,
    anchored: &[Anchored],
    kept: Wall,
    pause: &dyn Fn(),
) -> io::Result<Value> {
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
        let stray = Part::of_file(&name).is_some_and(|part| shelf.parts().contains(&part));
        if stray && !known.contains(name.as_str()) {
            let what = "the log does not have it: it was put here, or the log lost its event";
            found.fault(&name, None, None, what.to_owned());
        }
    }
    Ok(json!({
        "clean": found.faults.is_empty(),
        "files": found.files,
        "bytes": found.bytes,
        "removed": found.removed,
        "journals": shelf.journals(),
        "faults": found.faults,
        "more": found.more,
    }))
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
    let (name, revision) = (&file.name, Some(one.revision.0));
    let opened = match File::open(folder.at(name)) {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if one.part.start < kept {
                found.removed += 1;
            } else {
                found.fault(name, revision, None, "it is gone before its time".to_owned());
            }
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    found.files += 1;
    let pieces = Pieces::of(opened)?;
    found.bytes += pieces.bytes();
    let Some(root) = Hash::from_hex(&file.root) else {
        found.fault(name, revision, None, "the event names no root".to_owned());
        return Ok(());
    };
    let beside = fs::read(folder.at(&format!("{name}.{PIECES}"))).ok();
    let beside = beside.and_then(|bytes| Pieces::from_bytes(&bytes));
    for fault in Pieces::faults(beside.as_ref(), &pieces, &root) {
        let place = match fault {
            PiecesFault::Piece { piece, from } => Some((piece, from)),
            PiecesFault::Length { .. } | PiecesFault::Hashes => None,
        };
        found.fault(name, revision, place, fault.to_string());
    }
    Ok(())
}
