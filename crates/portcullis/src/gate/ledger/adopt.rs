//! A set of files that the log does not have, as it would have to stand there.
//!
//! The log lost it, as after it was put back from an older copy, or somebody put it there: a person has to
//! know which. Must not know who may say so, nor write into the log.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::sync::Arc;

use portcullis_ledger::{HourFile, Pieces, Table};
use portcullis_registry::{Anchor, AnchoredFile};
use portcullis_types::Wall;

use super::desk::{Desk, NoAnswer};
use super::folder::{Folder, Part};
use super::library::Shelf;
use super::roll::PIECES;

/// What the log would have to have of a set, by its name.
pub(super) fn unanchored(desk: &Desk, set: &str) -> Result<Anchor, NoAnswer> {
    let found = Shelf::look(&desk.folder, &desk.keys)?;
    // The log takes no blanks at the ends of a name, and would never know it as this one.
    let is_there = |part: &Part| part.writer.trim() == part.writer && found.parts().contains(part);
    let part = Part::of_hour(set).filter(is_there);
    let part = part.ok_or_else(|| {
        NoAnswer::NoSuchSet(format!(
            "no set `{set}` is in the ledger's folder that its gate is done with"
        ))
    })?;
    if desk.anchored(Wall(0))?.iter().any(|one| one.part == part) {
        return Err(NoAnswer::InLog);
    }
    let files: Result<Vec<_>, _> =
        Table::ALL.iter().map(|table| whole(&desk.folder, part.table(table.name()))).collect();
    let files = files?;
    let alone = Shelf::of(&desk.folder, &desk.keys, BTreeSet::from([part.clone()]));
    let hour = HourFile::read(&alone, &Arc::from(set))?;
    // A copy under another name would have all that is in it told twice.
    if hour.meta().hour != set {
        let of = &hour.meta().hour;
        return Err(NoAnswer::NotWhole(format!(
            "`{set}` says of itself that it is the set `{of}`; move it out of the folder: what is in it would be told twice"
        )));
    }
    let (answers, records) = (hour.meta().answers, hour.meta().records);
    let Part { start, writer } = part;
    Ok(Anchor { hour: start, writer, files, answers, records, why: None })
}

/// A file as the log would have to have it. It has to be what the hashes beside it say that was written: once
/// the log has a file that was damaged since, it believes no other one in its place.
fn whole(folder: &Folder, name: String) -> Result<AnchoredFile, NoAnswer> {
    let file = File::open(folder.at(&name)).map_err(|error| not_there(&name, error))?;
    let pieces = Pieces::of(file)?;
    let hashes = format!("{name}.{PIECES}");
    let beside = fs::read(folder.at(&hashes)).map_err(|error| not_there(&hashes, error))?;
    if Pieces::from_bytes(&beside).as_ref() != Some(&pieces) {
        return Err(not_whole(&format!("`{name}` is not what `{hashes}` says was written")));
    }
    Ok(AnchoredFile { bytes: pieces.bytes(), root: pieces.root().to_hex(), name })
}

fn not_there(name: &str, error: io::Error) -> NoAnswer {
    match error.kind() {
        ErrorKind::NotFound => not_whole(&format!("`{name}` is not there")),
        _ => NoAnswer::Io(error),
    }
}

fn not_whole(how: &str) -> NoAnswer {
    NoAnswer::NotWhole(format!(
        "{how}; put the set's files, and the hashes beside them, back from a copy of before, then take it up"
    ))
}
