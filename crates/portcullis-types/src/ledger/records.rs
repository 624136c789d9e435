//! The records of an answer, one after another; what several in a row have in common is kept once.
//!
//! A page of one account's posts takes 16 bytes a post. Must not know how records are seen, nor where they
//! are written.

use smallvec::SmallVec;

use super::{LedgerDigest, LedgerRecord};
use crate::ClassIx;

/// The records of an answer.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct LedgerRecords {
    day: u32,
    runs: SmallVec<[Run; 1]>,
    /// Of each run: the owner and the place of all, where there are such, then the id of each, if they have
    /// one.
    digests: Vec<LedgerDigest>,
    len: usize,
}

/// Records in a row that differ by their ids alone, as they are read.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct LedgerRun<'a> {
    /// What they are.
    pub class: ClassIx,
    /// Whose they are.
    pub owner: Option<LedgerDigest>,
    /// Where they were made.
    pub place: Option<LedgerDigest>,
    /// Where on the map.
    pub cell: Option<u32>,
    /// How many they are.
    pub count: usize,
    /// Themselves, each of them; or none has an id.
    pub ids: &'a [LedgerDigest],
}

/// The same, as they are kept.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
struct Run {
    /// Where it begins, among the records and among the digests.
    first: usize,
    digests: usize,
    cell: Option<u32>,
    class: ClassIx,
    has_id: bool,
    has_owner: bool,
    has_place: bool,
}

impl LedgerRecords {
    /// None so far. `day`: whose key the digests are made with, in days since 1970 as UTC counts; `expected`:
    /// how many records there will be, more or less.
    #[must_use]
    pub fn new(day: u32, expected: usize) -> Self {
        Self { day, runs: SmallVec::new(), digests: Vec::with_capacity(expected), len: 0 }
    }

    /// The day whose key the digests were made with, in days since 1970 as UTC counts.
    #[must_use]
    pub const fn day(&self) -> u32 {
        self.day
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of memory that they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.digests.len() * size_of::<LedgerDigest>() + self.runs.len() * size_of::<Run>()
    }

    /// Adds one.
    pub fn push(&mut self, record: &LedgerRecord) {
        let LedgerRecord { class, id, owner, place, cell } = *record;
        let goes_on = |run: &Run| {
            (run.class, run.has_id, run.cell) == (class, id.is_some(), cell)
                && self.owner(run) == owner
                && self.place(run) == place
        };
        if !self.runs.last().is_some_and(goes_on) {
            let (first, digests) = (self.len, self.digests.len());
            let (has_owner, has_place) = (owner.is_some(), place.is_some());
            let has_id = id.is_some();
            self.runs.push(Run { first, digests, cell, class, has_id, has_owner, has_place });
            self.digests.extend(owner.into_iter().chain(place));
        }
        self.digests.extend(id);
        self.len += 1;
    }

    /// Leaves the first so many.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        while let Some(run) = self.runs.pop() {
            if run.first < len {
                let ids = if run.has_id { len - run.first } else { 0 };
                self.digests.truncate(run.ids() + ids);
                self.runs.push(run);
                break;
            }
            self.digests.truncate(run.digests);
        }
        self.len = len;
    }

    /// Puts another in place of one. Takes as long as there are records after it.
    pub fn replace(&mut self, at: usize, record: &LedgerRecord) {
        if at >= self.len {
            return;
        }
        let run = self.runs.iter().rposition(|run| run.first <= at).unwrap_or(0);
        let after = self.runs_from(run).flat_map(|(first, run)| {
            let from = (at + 1).saturating_sub(first);
            (from..run.count).map(move |at| run.record(at))
        });
        let after: Vec<_> = after.collect();
        self.truncate(at);
        self.push(record);
        after.iter().for_each(|record| self.push(record));
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = LedgerRecord> {
        self.runs().flat_map(|run| (0..run.count).map(move |at| run.record(at)))
    }

    /// The same, by what several in a row share.
    pub fn runs(&self) -> impl Iterator<Item = LedgerRun<'_>> {
        self.runs_from(0).map(|(_, run)| run)
    }

    /// How many different owners they have.
    #[must_use]
    pub fn owners(&self) -> u32 {
        different(self.runs.iter().filter_map(|run| self.owner(run)))
    }

    /// How many different places.
    #[must_use]
    pub fn places(&self) -> u32 {
        different(self.runs.iter().filter_map(|run| self.place(run)))
    }

    /// From one of them on, with where each begins.
    fn runs_from(&self, from: usize) -> impl Iterator<Item = (usize, LedgerRun<'_>)> {
        let runs = self.runs.get(from..).unwrap_or_default();
        let ends = runs.iter().skip(1).map(|next| next.first).chain([self.len]);
        runs.iter().zip(ends).map(|(run, end)| {
            let count = end - run.first;
            let ids = run.ids()..run.ids() + if run.has_id { count } else { 0 };
            let ids = self.digests.get(ids).unwrap_or_default();
            let (owner, place) = (self.owner(run), self.place(run));
            (run.first, LedgerRun { class: run.class, owner, place, cell: run.cell, count, ids })
        })
    }

    fn owner(&self, run: &Run) -> Option<LedgerDigest> {
        if run.has_owner { self.digest(run.digests) } else { None }
    }

    fn place(&self, run: &Run) -> Option<LedgerDigest> {
        if run.has_place { self.digest(run.digests + usize::from(run.has_owner)) } else { None }
    }

    fn digest(&self, at: usize) -> Option<LedgerDigest> {
        self.digests.get(at).copied()
    }
}

impl LedgerRun<'_> {
    fn record(&self, at: usize) -> LedgerRecord {
        let Self { class, owner, place, cell, ids, .. } = *self;
        LedgerRecord { class, id: ids.get(at).copied(), owner, place, cell }
    }
}

impl Run {
    /// Where its ids begin among the digests.
    fn ids(&self) -> usize {
        self.digests + usize::from(self.has_owner) + usize::from(self.has_place)
    }
}

fn different(all: impl Iterator<Item = LedgerDigest>) -> u32 {
    let mut all: SmallVec<[LedgerDigest; 4]> = all.collect();
    all.sort_unstable();
    all.dedup();
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Push(LedgerRecord),
        Truncate(usize),
        Replace(usize, LedgerRecord),
    }

    fn digest() -> impl Strategy<Value = LedgerDigest> {
        (0..3_u8).prop_map(|byte| LedgerDigest::new([byte; 16]))
    }

    fn record() -> impl Strategy<Value = LedgerRecord> {
        let parts = (0..2_u16, of(digest()), of(digest()), of(digest()), of(0..2_u32));
        parts.prop_map(|(class, id, owner, place, cell)| LedgerRecord {
            class: ClassIx(class),
            id,
            owner,
            place,
            cell,
        })
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => record().prop_map(Step::Push),
            1 => (0..20_usize).prop_map(Step::Truncate),
            1 => (0..20_usize, record()).prop_map(|(at, record)| Step::Replace(at, record)),
        ]
    }

    fn distinct(all: impl Iterator<Item = Option<LedgerDigest>>) -> usize {
        all.flatten().collect::<std::collections::BTreeSet<_>>().len()
    }

    proptest! {
        #[test]
        fn whatever_was_done_to_them_they_are_what_a_list_of_them_is(steps in vec(step(), 0..40)) {
            let (mut records, mut model) = (LedgerRecords::new(7, 0), Vec::new());
            for step in steps {
                match step {
                    Step::Push(record) => {
                        records.push(&record);
                        model.push(record);
                    }
                    Step::Truncate(len) => {
                        records.truncate(len);
                        model.truncate(len);
                    }
                    Step::Replace(at, record) => {
                        records.replace(at, &record);
                        model.iter_mut().skip(at).take(1).for_each(|old| *old = record);
                    }
                }
                prop_assert_eq!(records.iter().collect::<Vec<_>>(), model.clone());
                prop_assert_eq!((records.len(), records.is_empty()), (model.len(), model.is_empty()));
                let owners = distinct(model.iter().map(|record| record.owner));
                let places = distinct(model.iter().map(|record| record.place));
                let told = (records.owners() as usize, records.places() as usize);
                prop_assert_eq!(told, (owners, places));
            }
        }
    }

    #[test]
    fn what_records_in_a_row_share_is_kept_once() {
        let digest = |byte| Some(LedgerDigest::new([byte; 16]));
        let mut records = LedgerRecords::new(7, 25);
        for id in 0..25 {
            let (owner, place) = (digest(100), None);
            records.push(&LedgerRecord {
                class: ClassIx(1),
                id: digest(id),
                owner,
                place,
                cell: None,
            });
        }
        assert!(records.bytes() <= 25 * 16 + 64, "{}", records.bytes());
        records.truncate(0);
        assert_eq!(records.bytes(), 0);
    }
}
