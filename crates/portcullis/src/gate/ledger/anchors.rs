//! What the log says of each file: read once for each event, since an event never changes.
//!
//! Must not look at files.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_registry::{AnchoredFile, Event, LedgerEvent, Office};
use portcullis_types::{Revision, Wall};
use tokio::runtime::Handle;

use super::folder::Part;

/// Files of one writer and time, as they were anchored.
#[derive(Debug, Clone)]
pub(super) struct Anchored {
    pub part: Part,
    pub revision: Revision,
    pub files: Arc<[AnchoredFile]>,
    pub answers: u64,
    pub records: u64,
    /// Why a person had the log take them up; none: the gate anchored what it wrote.
    pub adopted: Option<Arc<str>>,
    /// When they were anchored: the log's own time never goes back.
    pub at: Wall,
}

impl Anchored {
    /// From when on their age is counted. A clock that was behind gave them a name that is too old; what a
    /// person had the log take up later is no younger for it.
    pub(super) fn aged(&self) -> Wall {
        if self.adopted.is_some() { self.part.start } else { self.part.start.max(self.at) }
    }
}

/// All that were read.
#[derive(Debug, Default)]
pub(super) struct Anchors(Mutex<BTreeMap<Revision, Anchored>>);

impl Anchors {
    /// What the log says of the files of a writer and time.
    pub(super) fn of(
        &self,
        part: &Part,
        office: &dyn Office,
        runtime: &Handle,
    ) -> Result<Option<Anchored>, String> {
        let all = self.within(part.start, part.start, office, runtime)?;
        Ok(all.into_iter().find(|one| one.part == *part))
    }

    /// What it says of all whose time begins between these, both of them too.
    pub(super) fn within(
        &self,
        from: Wall,
        to: Wall,
        office: &dyn Office,
        runtime: &Handle,
    ) -> Result<Vec<Anchored>, String> {
        let state = office.snapshot();
        let wanted = state.ledger().anchored().filter(|(start, _)| (from..=to).contains(start));
        let mut found = Vec::new();
        for (start, revision) in wanted {
            let known =
                self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&revision).cloned();
            if let Some(known) = known {
                found.push(known);
                continue;
            }
            let event =
                runtime.block_on(office.event(revision)).map_err(|error| error.to_string())?;
            let Event::Ledger(LedgerEvent::Anchored {
                writer, files, answers, records, why, ..
            }) = &event.event
            else {
                continue;
            };
            let part = Part { start, writer: writer.clone() };
            let (answers, records) = (*answers, *records);
            let files = Arc::from(files.as_slice());
            let adopted = why.as_deref().map(Arc::from);
            let at = event.at;
            let one = Anchored { part, revision, files, answers, records, adopted, at };
            found.push(one.clone());
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(revision, one);
        }
        Ok(found)
    }
}
