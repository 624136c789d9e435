//! A set of files that the log does not have, as it would have to stand there.
//!
//! The log lost it, as after it was put back from an older copy, or somebody put it there: a person has to
//! know which. Must not know who may say so, nor write into the log.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;

use portcullis_ledger::{HourFile, Pieces, Table};
use portcullis_registry::{Anchor, AnchoredFile};
use portcullis_types::Wall;

use super::desk::{Desk, NoAnswer};
use super::folder::Part;
use super::library::Shelf;

/// The five tables of a set.
const TABLES: [Table; 5] =
    [Table::Terms, Table::Keys, Table::Answers, Table::Records, Table::Digests];

/// What the log would have to have of a set, by its name.
pub(super) fn unanchored(desk: &Desk, set: &str) -> Result<Anchor, NoAnswer> {
    let found = Shelf::look(&desk.folder, &desk.keys)?;
    let part = Part::of_hour(set).filter(|part| found.parts().contains(part));
    let part = part.ok_or_else(|| {
        NoAnswer::NoSuchSet(format!(
            "no set `{set}` is in the ledger's folder that its gate is done with"
        ))
    })?;
    if desk.anchored(Wall(0))?.iter().any(|one| one.part == part) {
        return Err(NoAnswer::NoSuchSet(format!("the log has the set `{set}`")));
    }
    let mut files = Vec::new();
    for table in TABLES {
        let name = part.table(table.name());
        let pieces = Pieces::of(File::open(desk.folder.at(&name))?)?;
        files.push(AnchoredFile { name, bytes: pieces.bytes(), root: pieces.root().to_hex() });
    }
    // Held against the hashes beside its files: what was damaged since is not taken up.
    let alone = Shelf::of(&desk.folder, &desk.keys, BTreeSet::from([part.clone()]));
    let hour = HourFile::read(&alone, &Arc::from(set))?;
    let (answers, records) = (hour.meta().answers, hour.meta().records);
    let Part { start, writer } = part;
    Ok(Anchor { hour: start, writer, files, answers, records, why: None })
}
