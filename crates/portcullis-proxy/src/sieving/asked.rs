//! Who is asked about the items of an answer, if anyone.
//!
//! Must not know what is asked.

use portcullis_judge::ItemJudge;
use portcullis_sieve::{Fate, Item, Items};
use portcullis_types::LedgerRecords;

use super::Sieving;

/// Who is asked about items, if anyone.
pub(super) struct Asked(pub(super) Option<ItemJudge>);

impl Items for Asked {
    fn keep(&mut self, item: &Item<'_>) -> Fate {
        self.0.as_mut().map_or(Fate::Drop, |judge| judge.keep(item))
    }

    fn noted(&self) -> usize {
        self.0.as_ref().map_or(0, ItemJudge::noted)
    }

    fn forget(&mut self, noted: usize) {
        self.0.iter_mut().for_each(|judge| judge.forget(noted));
    }

    fn late(&mut self, item: &Item<'_>, noted: usize) {
        self.0.iter_mut().for_each(|judge| judge.late(item, noted));
    }
}

impl Sieving {
    /// What left, for the ledger; none: nobody looked. To be asked once, at the end.
    pub(crate) fn recorded(&mut self) -> Option<Box<LedgerRecords>> {
        self.sieve.items_mut().0.as_mut()?.recorded()
    }
}
