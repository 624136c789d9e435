//! How often people were met, and how many of them.
//!
//! A person is a number below the count of those asked about. Must not know who that is.

use portcullis_types::Wall;

use super::AffectedSums;

/// How often somebody was met.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) records: u64,
    pub(super) first: Option<Wall>,
    pub(super) last: Option<Wall>,
}

impl Seen {
    pub(super) fn add(&mut self, at: Wall) {
        self.join(&Self { records: 1, first: Some(at), last: Some(at) });
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.records += other.records;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
    }

    pub(super) const fn is_any(&self) -> bool {
        self.records > 0
    }
}

/// How many were met: a bit for each that was.
#[derive(Debug, Default)]
pub(super) struct Tally {
    bits: Vec<u64>,
    seen: Seen,
}

impl Tally {
    pub(super) fn add(&mut self, which: u32, at: Wall) {
        self.seen.add(at);
        let word = usize::try_from(which / u64::BITS).unwrap_or(usize::MAX);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= 1 << (which % u64::BITS);
        }
    }

    pub(super) fn sums(&self) -> AffectedSums {
        let Seen { records, first, last } = self.seen;
        let affected = self.bits.iter().map(|bits| u64::from(bits.count_ones())).sum();
        AffectedSums { affected, records, first, last }
    }
}
