//! Finding digests in the sorted table of owners and places.
//!
//! The index says which page may hold one, and only those pages are read. Must not know what they are of.

use std::ops::Range;

use parquet::data_type::{FixedLenByteArray, FixedLenByteArrayType};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{ChunkReader, FileReader as _};

use crate::LedgerError;
use crate::error::form;
use crate::hour::read::Opened;

/// Digests that are looked for, sorted, each with what it stands for.
#[derive(Debug, Default)]
pub(crate) struct Wanted(Vec<(u128, u32)>);

/// Digests that room is made for before any is read.
const RESERVED_MAX: usize = 1 << 20;
/// With more than so many, all pages would be read anyway.
const FEW: usize = 64;

impl Wanted {
    pub(crate) fn new(mut digests: Vec<(u128, u32)>) -> Self {
        digests.sort_unstable();
        Self(digests)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u128, u32)> {
        self.0.iter().copied()
    }

    /// What a digest stands for; none: it is not looked for.
    pub(crate) fn get(&self, digest: u128) -> Option<u32> {
        let at = self.0.binary_search_by_key(&digest, |(wanted, _)| *wanted).ok()?;
        self.0.get(at).map(|(_, which)| *which)
    }

    /// Whether any lies between two digests.
    fn touches(&self, low: u128, high: u128) -> bool {
        let from = self.0.partition_point(|(wanted, _)| *wanted < low);
        self.0.get(from).is_some_and(|(wanted, _)| *wanted <= high)
    }

    /// Numbers of those in the table, in order, each with what it stands for.
    pub(crate) fn numbers<R: ChunkReader + 'static>(
        &self,
        table: &Opened<R>,
    ) -> Result<Vec<(u32, u32)>, LedgerError> {
        let (mut found, mut from) = (Vec::new(), 0_u32);
        for group in 0..table.groups() {
            for rows in self.pages(table, group)? {
                let first = u32::try_from(rows.start).ok().and_then(|row| row.checked_add(from));
                let digests = digests(table, group, rows)?;
                self.meet(&digests, first.ok_or(TOO_LONG)?, &mut found);
            }
            let rows = u32::try_from(table.rows(group)).map_err(|_| TOO_LONG)?;
            from = from.checked_add(rows).ok_or(TOO_LONG)?;
        }
        Ok(found)
    }

    /// Goes through both in their order; the first of `digests` has the number `first`.
    fn meet(&self, digests: &[u128], first: u32, found: &mut Vec<(u32, u32)>) {
        let Some(low) = digests.first() else { return };
        let from = self.0.partition_point(|(wanted, _)| wanted < low);
        let mut wanted = self.0.iter().skip(from).peekable();
        for (number, digest) in (first..).zip(digests) {
            while wanted.next_if(|(wanted, _)| wanted < digest).is_some() {}
            if let Some((_, which)) = wanted.next_if(|(wanted, _)| wanted == digest) {
                found.push((number, *which));
            }
        }
    }

    /// Rows of a row group among which a digest may be.
    fn pages<R: ChunkReader + 'static>(
        &self,
        table: &Opened<R>,
        group: usize,
    ) -> Result<Vec<Range<usize>>, LedgerError> {
        let rows = table.rows(group);
        let whole = || Ok(Vec::from_iter(Some(0..rows)));
        if self.0.len() > FEW {
            return whole();
        }
        let index = table.file().metadata().page_index_for_row_group(group);
        let (Some(ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(spans)), Some(places)) =
            (index.column_index(0), index.page_locations(0))
        else {
            return whole();
        };
        let begins = places.iter().map(|place| usize::try_from(place.first_row_index).ok());
        let begins =
            begins.collect::<Option<Vec<_>>>().ok_or(form("an index of pages is wrong"))?;
        let ends = begins.iter().copied().skip(1).chain([rows]);
        let mut found = Vec::new();
        for (page, rows) in begins.iter().zip(ends).map(|(begin, end)| *begin..end).enumerate() {
            let edge = |edge: Option<&[u8]>| edge.and_then(<[u8]>::first_chunk::<16>).copied();
            // What the index doesn't tell has to be read.
            let (low, high) = (edge(spans.min_value(page)), edge(spans.max_value(page)));
            let touched = low.zip(high).is_none_or(|(low, high)| {
                self.touches(u128::from_be_bytes(low), u128::from_be_bytes(high))
            });
            found.extend(touched.then_some(rows));
        }
        Ok(found)
    }
}

const TOO_LONG: LedgerError = form("the table of digests has more rows than numbers");

/// The digests at these rows of a row group.
pub(crate) fn digests<R: ChunkReader + 'static>(
    table: &Opened<R>,
    group: usize,
    rows: Range<usize>,
) -> Result<Vec<u128>, LedgerError> {
    let mut reader = table.column::<FixedLenByteArrayType>(group, 0)?;
    reader.skip_records(rows.start)?;
    let (mut left, mut all) = (rows.len(), Vec::with_capacity(rows.len().min(RESERVED_MAX)));
    let mut some: Vec<FixedLenByteArray> = Vec::new();
    while left > 0 {
        some.clear();
        // A few thousand at a time: each is an object of its own.
        let (read, _, _) = reader.read_records(left.min(8192), None, None, &mut some)?;
        if read == 0 {
            return Err(form("a column is shorter than its table"));
        }
        for digest in &some {
            let digest = digest.data().first_chunk::<16>().ok_or(form("a digest is too short"))?;
            all.push(u128::from_be_bytes(*digest));
        }
        left -= read.min(left);
    }
    Ok(all)
}
