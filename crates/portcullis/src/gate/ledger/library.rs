//! The ledger as questions see it: files, journals and keys, at one moment.
//!
//! Where a journal is still there, its files are left out, since both hold the same; once the log has the
//! files, the journal is. Must not know what is asked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::Arc;

use portcullis_audit::Hash;
use portcullis_keys::DayKey;
use portcullis_ledger::{
    Checked, HourFile, JournalReader, LedgerError, Library, LibraryFault, Pieces, Row, Table,
};
use portcullis_registry::Office;
use portcullis_types::Wall;
use tokio::runtime::Handle;

use super::anchors::{Anchored, Anchors};
use super::folder::{Folder, FromStart, Part};
use super::going;
use super::keys::Keys;
use super::roll::PIECES;

/// The longest time that goes into one file.
pub(super) const PART_MAX: u64 = 3_600_000;

/// Sets that were anchored last: more do not become files while a folder is listed.
const JUST_NOW: usize = 64;

/// One moment of it.
pub(super) struct Shelf {
    folder: Folder,
    keys: Arc<Keys>,
    parts: BTreeSet<Part>,
    /// Open, so that they stay what they were.
    journals: Vec<(String, File)>,
    /// Of which files may be left although they are gone.
    going: BTreeSet<Part>,
    /// What files have to be, as the log says; none: it was not asked.
    roots: Option<BTreeMap<Part, Anchored>>,
}

impl Shelf {
    /// What there is now.
    pub(super) fn look(folder: &Folder, keys: &Arc<Keys>) -> io::Result<Self> {
        Self::listed(folder, keys, going::named)
    }

    /// The same with sets that are to go and of which no file has gone yet.
    pub(super) fn look_whole(folder: &Folder, keys: &Arc<Keys>) -> io::Result<Self> {
        Self::listed(folder, keys, going::halves)
    }

    /// What there is now, without what is going; that is asked for after the names were read.
    fn listed(
        folder: &Folder,
        keys: &Arc<Keys>,
        going: fn(&Folder) -> io::Result<BTreeSet<Part>>,
    ) -> io::Result<Self> {
        let names = folder.names()?;
        let mut parts: BTreeSet<Part> =
            names.iter().filter_map(|name| Part::of_file(name)).collect();
        let mut journals = Vec::new();
        for name in names {
            let Some(part) = Part::of_journal(&name) else { continue };
            match File::open(folder.at(&name)) {
                Ok(file) => {
                    parts.remove(&part);
                    journals.push((name, file));
                }
                // It was rolled since its name was read: its files are there.
                Err(error) if error.kind() == ErrorKind::NotFound => drop(parts.insert(part)),
                Err(error) => return Err(error),
            }
        }
        // After their names were read: what goes from here on is met by whoever reads it, and looked for again.
        let going = going(folder)?;
        parts.retain(|part| !going.contains(part));
        let (folder, keys) = (folder.clone(), Arc::clone(keys));
        Ok(Self { folder, keys, parts, journals, going, roots: None })
    }

    /// The same; what is read of files has to be what the log says, and what it does not have is refused.
    /// Else it is only held against the hashes beside each file. Asked of the log after the look: what is on
    /// the shelf was anchored before.
    pub(super) fn with_roots(mut self, mut anchored: Vec<Anchored>) -> Self {
        // A long listing may miss a journal that goes meanwhile and the files that come before it does.
        anchored.sort_unstable_by_key(|one| Reverse(one.revision));
        for one in anchored.iter().take(JUST_NOW) {
            if self.folder.at(&one.part.table(Table::Terms.name())).exists() {
                self.parts.insert(one.part.clone());
            }
        }
        let roots: BTreeMap<_, _> =
            anchored.into_iter().map(|one| (one.part.clone(), one)).collect();
        // A journal that is not gone yet, or that somebody put there, hides nothing that is anchored.
        let parts = &mut self.parts;
        self.journals.retain(|(name, _)| match Part::of_journal(name) {
            Some(part) if roots.contains_key(&part) => {
                parts.insert(part);
                false
            }
            _ => true,
        });
        self.parts.retain(|part| !self.going.contains(part));
        Self { roots: Some(roots), ..self }
    }

    /// The same against all that the log has, which is asked now.
    pub(super) fn rooted(
        self,
        anchors: &Anchors,
        office: &dyn Office,
        runtime: &Handle,
    ) -> Result<Self, String> {
        Ok(self.with_roots(anchors.within(Wall(0), Wall(u64::MAX), office, runtime)?))
    }

    /// These times of it alone, and no journal.
    pub(super) fn only(self, parts: BTreeSet<Part>) -> Self {
        Self { parts, journals: Vec::new(), ..self }
    }

    /// Of these times alone, and of no journal.
    pub(super) fn of(folder: &Folder, keys: &Arc<Keys>, parts: BTreeSet<Part>) -> Self {
        let (folder, keys) = (folder.clone(), Arc::clone(keys));
        let going = BTreeSet::new();
        Self { folder, keys, parts, journals: Vec::new(), going, roots: None }
    }

    /// Of the times that begin within these alone.
    pub(super) fn begun(mut self, times: &Range<Wall>) -> Self {
        self.parts.retain(|part| times.contains(&part.start));
        let begun = |name: &String| Part::of_journal(name).map(|part| part.start);
        self.journals.retain(|(name, _)| begun(name).is_some_and(|start| times.contains(&start)));
        self
    }

    /// Whether any answer in a time's files came at that time.
    pub(super) fn overlaps(
        &self,
        part: &Part,
        since: Wall,
        until: Wall,
    ) -> Result<bool, LedgerError> {
        Ok(HourFile::read(self, &Arc::from(part.hour()))?.overlaps(since, until))
    }

    /// The hashes of a file's pieces that it has to have.
    fn pieces(&self, part: &Part, name: &str, file: &File) -> Result<Pieces, LibraryFault> {
        let beside = fs::read(self.folder.at(&format!("{name}.{PIECES}"))).ok();
        let beside = beside.and_then(|bytes| Pieces::from_bytes(&bytes));
        let root = self.root(part, name)?;
        // What is kept of its length is in no root.
        let length = file.metadata()?.len();
        if let Some(beside) = beside
            && root.is_none_or(|root| root == Some(beside.root()) && beside.bytes() == length)
        {
            return Ok(beside);
        }
        // The hashes are gone or touched, which says nothing of the file.
        let found = Pieces::of(FromStart::of(file))?;
        if root.is_none_or(|root| root == Some(found.root())) {
            return Ok(found);
        }
        Err(format!("`{name}` is not what the log says it was; put it back from a copy").into())
    }

    /// The root that a file has to have, where the log was asked.
    fn root(&self, part: &Part, name: &str) -> Result<Option<Option<Hash>>, LibraryFault> {
        let Some(roots) = &self.roots else { return Ok(None) };
        let one = roots.get(part);
        let anchored = one.and_then(|one| one.files.iter().find(|of| of.name == name));
        let anchored = anchored.ok_or_else(|| {
            let set = part.hour();
            format!("the log does not have `{name}`: where the log was put back from an older copy, `portcullis ledger adopt {set} --why TEXT` has it take the set up; else somebody put it there: move it out of the folder and keep it")
        })?;
        Ok(Some(Hash::from_hex(&anchored.root)))
    }

    /// Times that are in files.
    pub(super) fn parts(&self) -> &BTreeSet<Part> {
        &self.parts
    }

    /// Whether a time is in files.
    pub(super) fn has(&self, part: &Part) -> bool {
        self.parts.contains(part)
    }

    /// Times of which files may be left although they are gone.
    pub(super) fn going(&self) -> &BTreeSet<Part> {
        &self.going
    }

    /// Sets that are no older, and that the log has and the folder has not.
    pub(super) fn missing(&self, kept: Wall) -> Vec<String> {
        let anchored = self.roots.iter().flat_map(BTreeMap::iter);
        let anchored = anchored.filter(|(_, one)| one.aged() >= kept).map(|(part, _)| part);
        let gone = |part: &&Part| !self.parts.contains(part);
        // One that was anchored since the look is there now.
        let is_there = |part: &Part| {
            let terms = self.folder.at(&part.table(Table::Terms.name()));
            terms.exists() && !self.going.contains(part)
        };
        anchored.filter(gone).filter(|part| !is_there(part)).map(Part::hour).collect()
    }

    /// Sets that the log does not have; none where it was not asked.
    pub(super) fn strange(&self) -> impl Iterator<Item = &Part> {
        let roots = self.roots.iter();
        roots.flat_map(|roots| self.parts.iter().filter(|part| !roots.contains_key(*part)))
    }

    /// The same, by their names.
    pub(super) fn not_in_log(&self) -> Vec<String> {
        self.strange().map(Part::hour).collect()
    }

    /// Times that are in journals yet.
    pub(super) fn journals(&self) -> usize {
        self.journals.len()
    }
}

impl Library for Shelf {
    type Reader = Checked<File>;

    /// A call may have come long before its answer ended, so that later times are all looked at.
    fn hours(&self, since: Wall, _until: Wall) -> Result<Vec<Arc<str>>, LibraryFault> {
        let near = |part: &&Part| part.start.0 + PART_MAX > since.0;
        Ok(self.parts.iter().filter(near).map(|part| Arc::from(part.hour())).collect())
    }

    fn open(&self, hour: &str, table: Table) -> Result<Checked<File>, LibraryFault> {
        let part = Part::of_hour(hour).ok_or_else(|| format!("`{hour}` is no set of files"))?;
        let name = part.table(table.name());
        let file = File::open(self.folder.at(&name))
            .map_err(|error| format!("the ledger's file `{name}` can't be opened: {error}"))?;
        let pieces = self.pieces(&part, &name, &file)?;
        Ok(Checked::new(&name, file, pieces).map_err(|fault| format!("`{name}`: {fault}"))?)
    }

    fn day_key(&self, day: u32) -> Result<Option<Arc<DayKey>>, LibraryFault> {
        Ok(self.keys.of(day)?)
    }

    fn key_since(&self, day: u32) -> Result<Wall, LibraryFault> {
        Ok(self.keys.since(day)?)
    }

    fn unrolled(
        &self,
        _since: Wall,
        _until: Wall,
        each: &mut dyn FnMut(&Row),
    ) -> Result<(), LibraryFault> {
        for (name, file) in &self.journals {
            let fault = |error| LibraryFault::from(format!("`{name}`: {error}"));
            let mut reader = JournalReader::new(FromStart::of(file)).map_err(fault)?;
            while let Some(rows) = reader.next_frame().map_err(fault)? {
                rows.iter().for_each(&mut *each);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use portcullis_types::Revision;

    use super::*;

    #[test]
    fn a_set_that_came_while_the_folder_was_listed_is_on_the_shelf_once_the_log_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        let keys = Arc::new(Keys::new(&folder));
        // As a listing finds it that reached its files before they came, and its journal when it was gone.
        let shelf = Shelf::look(&folder, &keys).unwrap();
        let set = |start| Anchored {
            part: Part { start: Wall(start), writer: "gate-1".to_owned() },
            revision: Revision(start),
            files: Arc::from([]),
            answers: 1,
            records: 1,
            adopted: None,
            at: Wall(0),
        };
        let (came, went) = (set(PART_MAX), set(2 * PART_MAX));
        fs::write(folder.at(&came.part.table("terms")), "").unwrap();
        let shelf = shelf.with_roots(vec![came.clone(), went]);
        assert!(shelf.parts().iter().eq([&came.part]), "{:?}", shelf.parts());
    }
}
