//! A growing list that is cheap to clone: two storeys of shared pages.
//!
//! A snapshot holds a clone; the writer's next change copies one page and one table of pages,
//! never the whole list. Ten million records are 153 tables. Must not know what a record is.

use std::sync::Arc;

/// Records in a page, and pages in a table. 256 keeps the copy of an event at a few microseconds.
const FAN: usize = 256;

/// Records of one page.
type Page<T> = Arc<Vec<T>>;
/// Pages of one table.
type Table<T> = Arc<Vec<Page<T>>>;

/// A growing list of records; clones share all pages.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    tables: Vec<Table<T>>,
    len: usize,
}

impl<T> Clone for Pages<T> {
    fn clone(&self) -> Self {
        Self { tables: self.tables.clone(), len: self.len }
    }
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { tables: Vec::new(), len: 0 }
    }
}

impl<T: Clone> Pages<T> {
    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The record at a position.
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.tables.get(at / (FAN * FAN))?.get(at / FAN % FAN)?.get(at % FAN)
    }

    /// The record at a position, to be changed; copies what a snapshot still shares.
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let table = Arc::make_mut(self.tables.get_mut(at / (FAN * FAN))?);
        Arc::make_mut(table.get_mut(at / FAN % FAN)?).get_mut(at % FAN)
    }

    /// Changes the record at a position, where there is one.
    pub(crate) fn change(&mut self, at: usize, how: impl FnOnce(&mut T)) {
        if let Some(record) = self.get_mut(at) {
            how(record);
        }
    }

    /// How many records come before the first of which this is not so; so of all before it.
    pub(crate) fn partition_point(&self, before: impl Fn(&T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).is_some_and(&before) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Adds a record at the end.
    pub(crate) fn push(&mut self, record: T) {
        if self.len.is_multiple_of(FAN * FAN) {
            self.tables.push(Arc::default());
        }
        if let Some(table) = self.tables.last_mut().map(Arc::make_mut) {
            if self.len.is_multiple_of(FAN) {
                table.push(Arc::default());
            }
            if let Some(page) = table.last_mut().map(Arc::make_mut) {
                page.push(record);
                self.len += 1;
            }
        }
    }

    /// All records in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.tables.iter().flat_map(|table| table.iter()).flat_map(|page| page.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_what_it_held_and_shares_every_page_that_did_not_change() {
        let mut pages = Pages::default();
        for n in 0..(FAN * FAN + 3 * FAN) {
            pages.push(n);
        }
        let before = pages.clone();
        *pages.get_mut(FAN + 1).unwrap() = 7;
        pages.push(1);
        assert_eq!(before.get(FAN + 1), Some(&(FAN + 1)));
        assert_eq!(pages.get(FAN + 1), Some(&7));
        assert_eq!((before.len() + 1, before.get(before.len())), (pages.len(), None));
        assert!(Arc::ptr_eq(&before.tables[0][0], &pages.tables[0][0]), "an untouched page");
        assert!(!Arc::ptr_eq(&before.tables[0][1], &pages.tables[0][1]), "the touched page");
        assert!(pages.iter().take(FAN).copied().eq(0..FAN));
    }
}
