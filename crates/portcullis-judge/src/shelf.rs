//! A list that only grows, whose places never move, and that takes memory only where it is used.
//!
//! Read without locks by every thread. Must not know what stands on it.

use std::sync::OnceLock;

/// Places of one page.
const PAGE: usize = 256;
/// Pages of the first row; each further row has twice as many as the one before.
const ROW_FIRST: u64 = 64;
/// Enough rows for every 32-bit index.
const ROWS: usize = 19;

type Page<T> = OnceLock<Box<[T]>>;

/// Places by 32-bit index, each made when its page is first used.
pub(crate) struct Shelf<T> {
    rows: [OnceLock<Box<[Page<T>]>>; ROWS],
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { rows: [const { OnceLock::new() }; ROWS] }
    }
}

impl<T: Default> Shelf<T> {
    /// What stands at a place; none if nobody has used its page.
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        let (row, page, place) = locate(at);
        self.rows.get(row)?.get()?.get(page)?.get()?.get(place)
    }

    /// What stands at a place, made if need be. None is never the answer for an index of 32 bits.
    pub(crate) fn get_or_make(&self, at: u32) -> Option<&T> {
        let (row, page, place) = locate(at);
        let pages = self.rows.get(row)?.get_or_init(|| made((ROW_FIRST << row) as usize));
        pages.get(page)?.get_or_init(|| made(PAGE)).get(place)
    }
}

fn made<T: Default>(count: usize) -> Box<[T]> {
    std::iter::repeat_with(T::default).take(count).collect()
}

/// Row, page in it and place in that.
fn locate(at: u32) -> (usize, usize, usize) {
    let page = u64::from(at) / PAGE as u64 + ROW_FIRST;
    let row = page.ilog2() - ROW_FIRST.ilog2();
    (row as usize, (page - (ROW_FIRST << row)) as usize, at as usize % PAGE)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn every_index_has_a_place_of_its_own() {
        let shelf = Shelf::<AtomicU32>::default();
        let some = || (0..70_000).chain([1 << 20, (1 << 22) + 1]);
        for at in some() {
            assert!(shelf.get(at).is_none_or(|place| place.load(Ordering::Relaxed) == 0));
            shelf.get_or_make(at).unwrap().store(at + 1, Ordering::Relaxed);
        }
        assert!(some().all(|at| shelf.get(at).unwrap().load(Ordering::Relaxed) == at + 1));
        assert!(shelf.get(1 << 21).is_none(), "asking makes nothing");
        assert_eq!(locate(u32::MAX).0, ROWS - 1);
    }
}
