//! What left, in sums: by partner, client and class, and how many different owners and places by day.
//!
//! Hours that lie wholly in the time are summed up from their terms alone; digests are gone through for the
//! owners and places. Must not know which question is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_types::Wall;
use serde::Serialize;

use crate::ask::cells::{CellCount, Cells};
use crate::ask::distinct::Distinct;
use crate::error::reading;
use crate::hour::{TermsLine, Totals};
use crate::{HourFile, LedgerError, Library, Row, Whose};

/// What left.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize)]
pub struct Sums {
    /// Answers.
    pub answers: u64,
    /// Records in them.
    pub rows: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// When the first call came; none: none did.
    pub first: Option<Wall>,
    /// When the last did.
    pub last: Option<Wall>,
    /// The same by partner, client and class.
    pub classes: Vec<ClassSum>,
    /// Different owners and places of each day, among records that are digested.
    pub days: Vec<DayCount>,
    /// Different owners of each day, summed up: who was there on two days is counted twice, since nothing
    /// tells that it was the same.
    pub owner_days: u64,
    /// Likewise places.
    pub place_days: u64,
    /// Where on the map the records were made, most of them first.
    pub cells: Vec<CellCount>,
    /// How many cells there are, listed or not.
    pub cells_count: u64,
    /// Whether a list was cut, or more owners or places were there than can be counted.
    pub more: bool,
}

/// What left to a partner for a client, of one class.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct ClassSum {
    /// The partner; empty: answers that fell together.
    pub partner: String,
    /// Its client, where one is known.
    pub client: Option<String>,
    /// The class of the operation.
    pub class: String,
    /// How much was written down.
    pub level: String,
    /// Answers.
    pub answers: u64,
    /// Records in them.
    pub rows: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// When the first call came.
    pub first: Wall,
    /// When the last did.
    pub last: Wall,
}

/// How many different owners and places there were on a day.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Serialize)]
pub struct DayCount {
    /// The day, in days since 1970 as UTC counts.
    pub day: u32,
    /// Records that are digested.
    pub records: u64,
    /// Different owners.
    pub owners: u64,
    /// Different places.
    pub places: u64,
}

/// Whose answers count, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Which<'a> {
    pub(crate) partner: Option<&'a str>,
    pub(crate) client: Option<&'a str>,
    pub(crate) since: Wall,
    pub(crate) until: Wall,
}

impl Which<'_> {
    pub(crate) fn whose(&self, partner: &str, client: Option<&str>) -> bool {
        self.partner.is_none_or(|wanted| *partner == *wanted)
            && self.client.is_none_or(|wanted| client == Some(wanted))
    }

    pub(crate) fn time(&self, at: Wall) -> bool {
        self.since <= at && at < self.until
    }
}

/// Most lines of classes.
const CLASSES_MAX: usize = 10_000;

/// Sums up; the days whose key was dropped are given back, of which no owners, places and cells are counted.
pub(crate) fn sums<L: Library>(
    library: &L,
    which: Which<'_>,
) -> Result<(Sums, BTreeSet<u32>), LedgerError> {
    let mut fold = Fold::default();
    let mut fault = None;
    // First, since they are of the days that come last: no day is closed before its last row was seen.
    let mut each = |row: &Row| {
        if fault.is_none() {
            fault = fold.row(library, &which, row).err();
        }
    };
    library.unrolled(which.since, which.until, &mut each).map_err(LedgerError::Library)?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    let names = library.hours(which.since, which.until).map_err(LedgerError::Library)?;
    let mut last_hours = BTreeMap::new();
    let mut hours = Vec::new();
    for name in &names {
        let hour = HourFile::read(library, name)?;
        if hour.overlaps(which.since, which.until) {
            last_hours.extend(hour.meta().days.iter().map(|day| (day.day, hours.len())));
            hours.push(name);
        }
    }
    for (at, name) in hours.into_iter().enumerate() {
        let hour = HourFile::read(library, name)?;
        reading(name, || super::hour_sums::add(&mut fold, &hour, library, &which))?;
        let done = last_hours.iter().filter(|(_, last)| **last == at);
        done.for_each(|(day, _)| fold.close(*day));
    }
    Ok(fold.finish(which.since))
}

/// Different owners and places of a day, so far.
#[derive(Default)]
pub(crate) struct Day {
    pub(crate) records: u64,
    pub(crate) owners: Distinct,
    pub(crate) places: Distinct,
}

type ClassKey = (Arc<str>, Option<Arc<str>>, Arc<str>, &'static str);

/// The sums so far.
#[derive(Default)]
pub(crate) struct Fold {
    classes: BTreeMap<ClassKey, Totals>,
    all: Totals,
    days: BTreeMap<u32, Day>,
    counts: BTreeMap<u32, DayCount>,
    keys: BTreeMap<u32, bool>,
    /// Days of which a first key was lost, and until when: whoever was there before and after that is
    /// counted twice.
    replaced: BTreeMap<u32, Wall>,
    cells: Cells,
    more: bool,
}

impl Fold {
    pub(crate) fn total(&mut self, line: &TermsLine) {
        let TermsLine { partner, client, terms, totals } = line;
        let (partner, client) = (Arc::clone(partner), client.clone());
        let key = (partner, client, Arc::clone(&terms.class), terms.level.name());
        self.all.add(totals);
        if self.classes.len() >= CLASSES_MAX && !self.classes.contains_key(&key) {
            self.more = true;
            return;
        }
        self.classes.entry(key).or_default().add(totals);
    }

    /// A day to count owners and places in; none: its key was dropped.
    pub(crate) fn day<L: Library>(
        &mut self,
        library: &L,
        day: u32,
    ) -> Result<Option<&mut Day>, LedgerError> {
        let kept = match self.keys.get(&day) {
            Some(kept) => *kept,
            None => {
                self.replaced.insert(day, library.key_since(day).map_err(LedgerError::Library)?);
                library.day_key(day).map_err(LedgerError::Library)?.is_some()
            }
        };
        self.keys.insert(day, kept);
        Ok(kept.then(|| self.days.entry(day).or_default()))
    }

    pub(crate) fn cell(&mut self, cell: u32) {
        self.cells.add(cell);
    }

    fn row<L: Library>(
        &mut self,
        library: &L,
        which: &Which<'_>,
        row: &Row,
    ) -> Result<(), LedgerError> {
        let Whose { partner, client, .. } = &*row.whose;
        if !which.time(row.at) || !which.whose(partner, client.as_deref()) {
            return Ok(());
        }
        let (answers, rows, bytes) = (u64::from(row.answers), u64::from(row.rows), row.bytes);
        let (records, first, last) = (row.records.len() as u64, row.at, row.at);
        let totals = Totals { answers, rows, bytes, records, first, last };
        let (partner, client) = (Arc::clone(partner), client.clone());
        self.total(&TermsLine { partner, client, terms: Arc::clone(&row.terms), totals });
        if row.records.is_empty() {
            return Ok(());
        }
        let Some(day) = self.day(library, row.day)? else { return Ok(()) };
        day.records += records;
        for record in &row.records {
            let digest =
                |digest: portcullis_types::LedgerDigest| u128::from_be_bytes(*digest.bytes());
            record.owner.into_iter().for_each(|owner| day.owners.add(digest(owner)));
            record.place.into_iter().for_each(|place| day.places.add(digest(place)));
        }
        row.records.iter().filter_map(|record| record.cell).for_each(|cell| self.cell(cell));
        Ok(())
    }

    /// Counts a day's owners and places, which takes their memory back.
    fn close(&mut self, day: u32) {
        let Some(Day { records, owners, places }) = self.days.remove(&day) else { return };
        let ((owners, cut_owners), (places, cut_places)) = (owners.count(), places.count());
        self.more |= cut_owners || cut_places;
        self.counts.insert(day, DayCount { day, records, owners, places });
    }

    fn finish(mut self, since: Wall) -> (Sums, BTreeSet<u32>) {
        let open: Vec<u32> = self.days.keys().copied().collect();
        open.into_iter().for_each(|day| self.close(day));
        let (cells, cells_count) = self.cells.most();
        let days: Vec<DayCount> = self.counts.into_values().collect();
        let some = self.all.answers > 0;
        let sums = Sums {
            answers: self.all.answers,
            rows: self.all.rows,
            bytes: self.all.bytes,
            first: some.then_some(self.all.first),
            last: some.then_some(self.all.last),
            classes: self
                .classes
                .into_iter()
                .map(|(key, totals)| class_sum(key, &totals))
                .collect(),
            owner_days: days.iter().map(|day| day.owners).sum(),
            place_days: days.iter().map(|day| day.places).sum(),
            days,
            more: self.more || cells_count > cells.len() as u64,
            cells,
            cells_count,
        };
        let gone = self.keys.into_iter().filter(|(_, kept)| !kept);
        let replaced = self.replaced.into_iter().filter(|(_, until)| *until > since);
        (sums, gone.map(|(day, _)| day).chain(replaced.map(|(day, _)| day)).collect())
    }
}

fn class_sum((partner, client, class, level): ClassKey, totals: &Totals) -> ClassSum {
    ClassSum {
        partner: partner.to_string(),
        client: client.map(|client| client.to_string()),
        class: class.to_string(),
        level: level.to_owned(),
        answers: totals.answers,
        rows: totals.rows,
        bytes: totals.bytes,
        first: totals.first,
        last: totals.last,
    }
}
