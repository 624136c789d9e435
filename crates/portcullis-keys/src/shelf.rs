//! A list that only grows, whose places never move, and that takes memory only where it is used.
//!
//! Read without locks by every thread. Must not know what stands on it.

use std::sync::OnceLock;

/// Places of one page, where nothing else is said.
const PAGE: usize = 256;
/// Pages of the first row; each further row has twice as many as the one before.
const ROW_FIRST: u64 = 64;
/// Enough rows for every 32-bit index, with pages of [`PAGE`] and more.
const ROWS: usize = 19;

type Page<T> = OnceLock<Box<[T]>>;

/// Places by 32-bit index, each made when its page is first used.
#[derive(Debug)]
pub struct Shelf<T, const EACH: usize = PAGE> {
    rows: [OnceLock<Box<[Page<T>]>>; ROWS],
}

impl<T, const EACH: usize> Default for Shelf<T, EACH> {
    fn default() -> Self {
        Self { rows: [const { OnceLock::new() }; ROWS] }
    }
}

impl<T: Default, const EACH: usize> Shelf<T, EACH> {
    /// What stands at a place; none if nobody has used its page.
    #[must_use]
    pub fn get(&self, at: u32) -> Option<&T> {
        let (row, page, place) = locate(at, EACH);
        self.rows.get(row)?.get()?.get(page)?.get()?.get(place)
    }

    /// What stands at a place, made if need be. None is never the answer for an index of 32 bits.
    pub fn get_or_make(&self, at: u32) -> Option<&T> {
        let (row, page, place) = locate(at, EACH);
        let pages = self.rows.get(row)?.get_or_init(|| made((ROW_FIRST << row) as usize));
        pages.get(page)?.get_or_init(|| made(EACH)).get(place)
    }

    /// Bytes it holds, apart from itself and from what its places hold elsewhere.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let rows = self.rows.iter().filter_map(OnceLock::get);
        let of = |row: &[Page<T>]| {
            let made = row.iter().filter(|page| page.get().is_some()).count();
            size_of_val(row) + made * EACH * size_of::<T>()
        };
        rows.map(|row| of(row)).sum()
    }
}

fn made<T: Default>(count: usize) -> Box<[T]> {
    std::iter::repeat_with(T::default).take(count).collect()
}

/// Row, page in it and place in that.
const fn locate(at: u32, each: usize) -> (usize, usize, usize) {
    let page = at as u64 / each as u64 + ROW_FIRST;
    let row = page.ilog2() - ROW_FIRST.ilog2();
    (row as usize, (page - (ROW_FIRST << row)) as usize, at as usize % each)
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
        assert_eq!(locate(u32::MAX, PAGE).0, ROWS - 1);
    }
}
