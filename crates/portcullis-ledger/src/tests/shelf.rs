//! A library in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use portcullis_keys::DayKey;
use portcullis_types::Wall;

use crate::{
    FrameWriter, HourSinks, HourWriter, JOURNAL_HEAD, JournalReader, Library, LibraryFault, Row,
    Table,
};

#[derive(Default)]
pub(super) struct Shelf {
    pub(super) hours: BTreeMap<Arc<str>, [Bytes; 5]>,
    pub(super) keys: BTreeMap<u32, Arc<DayKey>>,
    pub(super) journals: Vec<Vec<u8>>,
    /// From when on keys serve that were made anew.
    pub(super) since: BTreeMap<u32, Wall>,
}

impl Library for Shelf {
    type Reader = Bytes;

    fn hours(&self, _: Wall, _: Wall) -> Result<Vec<Arc<str>>, LibraryFault> {
        Ok(self.hours.keys().cloned().collect())
    }

    fn open(&self, hour: &str, table: Table) -> Result<Bytes, LibraryFault> {
        let tables = self.hours.get(hour).ok_or("no such hour")?;
        let at = Table::ALL.iter().position(|known| *known == table).ok_or("no such table")?;
        Ok(tables[at].clone())
    }

    fn day_key(&self, day: u32) -> Result<Option<Arc<DayKey>>, LibraryFault> {
        Ok(self.keys.get(&day).cloned())
    }

    fn key_since(&self, day: u32) -> Result<Wall, LibraryFault> {
        Ok(self.since.get(&day).copied().unwrap_or_default())
    }

    fn unrolled(&self, _: Wall, _: Wall, each: &mut dyn FnMut(&Row)) -> Result<(), LibraryFault> {
        for journal in &self.journals {
            let mut reader = JournalReader::new(&journal[..])?;
            while let Some(rows) = reader.next_frame()? {
                rows.iter().for_each(&mut *each);
            }
        }
        Ok(())
    }
}

impl Shelf {
    /// Writes rows as an hour, with small row groups so that there are several.
    pub(super) fn roll(&mut self, name: &str, rows: &[Row], groups: (usize, usize)) {
        self.hours.insert(name.into(), hour(name, rows, groups));
    }
}

pub(super) fn hour(name: &str, rows: &[Row], groups: (usize, usize)) -> [Bytes; 5] {
    let sinks = HourSinks {
        terms: vec![],
        keys: vec![],
        answers: vec![],
        records: vec![],
        digests: vec![],
    };
    let mut writer = HourWriter::with_groups("gate-1", name, sinks, groups).unwrap();
    rows.iter().for_each(|row| writer.push(row).unwrap());
    let (meta, sinks) = writer.finish().unwrap();
    assert_eq!(meta.answers, rows.len() as u64);
    [sinks.terms, sinks.keys, sinks.answers, sinks.records, sinks.digests].map(Bytes::from)
}

/// A journal of these rows, so many in each frame, and where each frame ends.
pub(crate) fn journal(rows: &[Row], of_frame: usize) -> (Vec<u8>, Vec<usize>) {
    let (mut journal, mut ends) = (JOURNAL_HEAD.to_vec(), Vec::new());
    let mut frame = FrameWriter::new();
    for rows in rows.chunks(of_frame) {
        rows.iter().for_each(|row| frame.push(row));
        frame.finish(journal.len() as u64, &mut journal);
        ends.push(journal.len());
    }
    (journal, ends)
}
