//! A growing list that is cheap to clone: two storeys of shared pages, and the end that still grows.
//!
//! A snapshot holds a clone; the writer's next change copies one page and one table of pages,
//! never the whole list. Ten million records are 154 tables. Must not know what a record is.

use std::sync::Arc;

/// Records in a page: few enough that the copy of an event takes microseconds, and one less than 256, so
/// that with the counts before them 24-byte records fill a size that allocators have.
const EACH: usize = 255;
/// Pages in a table.
const FAN: usize = 256;

/// Records of one full page, without a second pointer on the way to them.
type Page<T> = Arc<[T]>;
/// Pages of one table.
type Table<T> = Arc<Vec<Page<T>>>;

/// A growing list of records; clones share all pages.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    tables: Vec<Table<T>>,
    /// Fewer than a page.
    end: Arc<Vec<T>>,
    /// How many records lie in full pages.
    full: usize,
}

impl<T> Clone for Pages<T> {
    fn clone(&self) -> Self {
        Self { tables: self.tables.clone(), end: Arc::clone(&self.end), full: self.full }
    }
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { tables: Vec::new(), end: Arc::default(), full: 0 }
    }
}

impl<T: Clone> Pages<T> {
    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.full + self.end.len()
    }

    /// The record at a position.
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        match at.checked_sub(self.full) {
            Some(at) => self.end.get(at),
            None => {
                let page = at / EACH;
                self.tables.get(page / FAN)?.get(page % FAN)?.get(at % EACH)
            }
        }
    }

    /// The record at a position, to be changed; copies what a snapshot still shares.
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        if let Some(at) = at.checked_sub(self.full) {
            return Arc::make_mut(&mut self.end).get_mut(at);
        }
        let page = at / EACH;
        let table = Arc::make_mut(self.tables.get_mut(page / FAN)?);
        Arc::make_mut(table.get_mut(page % FAN)?).get_mut(at % EACH)
    }

    /// Changes the record at a position, where there is one.
    pub(crate) fn change(&mut self, at: usize, how: impl FnOnce(&mut T)) {
        if let Some(record) = self.get_mut(at) {
            how(record);
        }
    }

    /// How many records come before the first of which this is not so; so of all before it.
    pub(crate) fn partition_point(&self, before: impl Fn(&T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).is_some_and(&before) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Adds a record at the end.
    pub(crate) fn push(&mut self, record: T) {
        let end = Arc::make_mut(&mut self.end);
        end.push(record);
        if end.len() < EACH {
            return;
        }
        let page = std::mem::take(end).into();
        if self.full.is_multiple_of(EACH * FAN) {
            self.tables.push(Arc::default());
        }
        if let Some(table) = self.tables.last_mut() {
            Arc::make_mut(table).push(page);
            self.full += EACH;
        }
    }

    /// Bytes it holds, apart from what its records hold elsewhere.
    pub(crate) fn bytes(&self) -> usize {
        let pages = self.tables.iter().map(|table| table.capacity()).sum::<usize>();
        (self.full + self.end.capacity()) * size_of::<T>() + pages * 2 * size_of::<Page<T>>()
    }

    /// All records in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let full = self.tables.iter().flat_map(|table| table.iter()).flat_map(|page| page.iter());
        full.chain(self.end.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_what_it_held_and_shares_every_page_that_did_not_change() {
        let mut pages = Pages::default();
        for n in 0..(EACH * FAN + 3 * EACH) {
            pages.push(n);
        }
        let before = pages.clone();
        *pages.get_mut(EACH + 1).unwrap() = 7;
        pages.push(1);
        assert_eq!(before.get(EACH + 1), Some(&(EACH + 1)));
        assert_eq!(pages.get(EACH + 1), Some(&7));
        assert_eq!((before.len() + 1, before.get(before.len())), (pages.len(), None));
        assert!(Arc::ptr_eq(&before.tables[0][0], &pages.tables[0][0]), "an untouched page");
        assert!(!Arc::ptr_eq(&before.tables[0][1], &pages.tables[0][1]), "the touched page");
        assert!(pages.iter().take(EACH).copied().eq(0..EACH));
        assert_eq!(pages.iter().count(), pages.len());
        let last = pages.len() - 1;
        assert_eq!((pages.get(last), pages.get(last + 1)), (Some(&1), None));
        *pages.get_mut(last).unwrap() = 2;
        assert_eq!(pages.iter().last(), Some(&2), "the end, too");
    }
}
