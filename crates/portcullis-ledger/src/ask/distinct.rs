//! How many different digests there were, exactly, in memory that is bounded.
//!
//! Sorted lists by the first bits: digests are as good as random, so all grow alike, and only one is sorted
//! at a time. Must not know what the digests are of.

/// Different digests of a kind and a day.
#[derive(Debug)]
pub(crate) struct Distinct {
    shelves: Vec<Shelf>,
}

#[derive(Debug, Default, Clone)]
struct Shelf {
    digests: Vec<u128>,
    /// So many of them are known to differ.
    settled: usize,
}

const SHELF_BITS: u32 = 6;
/// A shelf is sorted once it grew by half, and not before it has so many.
const SHELF_LEAST: usize = 1024;
/// Most digests on a shelf: 25 million in all, 600 MB. What is beyond is not counted.
const SHELF_MAX: usize = 390_000;

impl Default for Distinct {
    fn default() -> Self {
        Self { shelves: vec![Shelf::default(); 1 << SHELF_BITS] }
    }
}

impl Distinct {
    pub(crate) fn add(&mut self, digest: u128) {
        let shelf = usize::try_from(digest >> (u128::BITS - SHELF_BITS)).unwrap_or_default();
        if let Some(shelf) = self.shelves.get_mut(shelf) {
            shelf.add(digest);
        }
    }

    /// How many there were, and whether there were more than are counted.
    pub(crate) fn count(mut self) -> (u64, bool) {
        self.shelves.iter_mut().for_each(Shelf::settle);
        let count = self.shelves.iter().map(|shelf| shelf.settled.min(SHELF_MAX) as u64).sum();
        (count, self.shelves.iter().any(|shelf| shelf.settled > SHELF_MAX))
    }
}

impl Shelf {
    fn add(&mut self, digest: u128) {
        if self.digests.len() >= (self.settled + self.settled / 2).max(SHELF_LEAST) {
            self.settle();
            if self.settled > SHELF_MAX {
                return;
            }
            let room = (self.settled + self.settled / 2).max(SHELF_LEAST);
            self.digests.reserve_exact(room.saturating_sub(self.digests.len()));
        }
        self.digests.push(digest);
    }

    fn settle(&mut self) {
        self.digests.sort_unstable();
        self.digests.dedup();
        self.settled = self.digests.len();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_counts_what_a_set_would_hold() {
        let (mut distinct, mut set) = (Distinct::default(), BTreeSet::new());
        let mut state = 1_u128;
        for step in 0..300_000_u32 {
            state = state.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
            let digest = if step % 3 == 0 { state >> 3 } else { u128::from(step % 5000) << 100 };
            distinct.add(digest);
            set.insert(digest);
        }
        assert_eq!(distinct.count(), (set.len() as u64, false));
    }
}
