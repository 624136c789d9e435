//! Reading columns of a row group.
//!
//! Must not know what is asked.

use std::sync::Arc;

use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, FixedLenByteArrayType, Int32Type, Int64Type,
};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{ChunkReader, FileReader as _};
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::file::statistics::Statistics;
use portcullis_types::{RequestId, Wall};

use crate::LedgerError;
use crate::error::form;
use crate::hour::tables::{Table, column};

/// What stands for none where a column has no value: no number of an owner, place or cell is as high.
pub(crate) const NONE: u32 = u32::MAX;

/// Values that room is made for before any is read.
const RESERVED_MAX: usize = 1 << 21;

/// A table that was opened.
pub(crate) struct Opened<R: ChunkReader>(SerializedFileReader<R>);

impl<R: ChunkReader + 'static> Opened<R> {
    /// Reads the footer, and the index of pages where one is of use. With `filters`, each reading of a row
    /// group reads its filters too.
    pub(crate) fn new(reader: R, table: Table, filters: bool) -> Result<Self, LedgerError> {
        let filtered = ReaderProperties::builder().set_read_bloom_filter(filters).build();
        let options = ReadOptionsBuilder::new().with_reader_properties(filtered);
        let options = match table {
            Table::Digests => options.with_page_index(),
            Table::Terms | Table::Keys | Table::Answers | Table::Records => options,
        };
        let file = SerializedFileReader::new_with_options(reader, options.build())?;
        if !table.is(file.metadata().file_metadata().schema())? {
            return Err(form("its columns are those of another table"));
        }
        Ok(Self(file))
    }

    pub(crate) const fn file(&self) -> &SerializedFileReader<R> {
        &self.0
    }

    pub(crate) fn groups(&self) -> usize {
        self.0.num_row_groups()
    }

    pub(crate) fn group(&self, group: usize) -> &RowGroupMetaData {
        self.0.metadata().row_group(group)
    }

    pub(crate) fn rows(&self, group: usize) -> usize {
        usize::try_from(self.group(group).num_rows()).unwrap_or_default()
    }

    /// Smallest and largest number of a column; none: it has no values.
    pub(crate) fn span(&self, group: usize, column: usize) -> Option<(u64, u64)> {
        match self.group(group).columns().get(column)?.statistics()? {
            // Parquet orders numbers of 32 bits without a sign as such, and keeps them as they are.
            Statistics::Int32(of) => {
                let number = |number: &i32| u64::from(number.cast_unsigned());
                Some((number(of.min_opt()?), number(of.max_opt()?)))
            }
            Statistics::Int64(of) => {
                Some((of.min_opt()?.cast_unsigned(), of.max_opt()?.cast_unsigned()))
            }
            _ => None,
        }
    }

    pub(crate) fn column<T: DataType>(
        &self,
        group: usize,
        column: usize,
    ) -> Result<ColumnReaderImpl<T>, LedgerError> {
        let reader = self.0.get_row_group(group)?.get_column_reader(column)?;
        T::get_column_reader(reader).ok_or(form("a column of another type"))
    }

    /// Whether a row group may hold any of these in a column that has a filter.
    pub(crate) fn may_hold(
        &self,
        group: usize,
        column: usize,
        mut digests: impl Iterator<Item = u128>,
    ) -> Result<bool, LedgerError> {
        let group = self.0.get_row_group(group)?;
        let Some(filter) = group.get_column_bloom_filter(column) else { return Ok(true) };
        Ok(digests.any(|digest| filter.check(&digest.to_be_bytes()[..])))
    }

    fn all<T: DataType>(&self, group: usize, column: usize) -> Result<Vec<T::T>, LedgerError> {
        let (rows, mut values) = (self.rows(group), Vec::new());
        // What the file says of itself is believed no further than that.
        values.reserve_exact(rows.min(RESERVED_MAX));
        let mut reader = self.column::<T>(group, column)?;
        let (found, _, _) = reader.read_records(rows, None, None, &mut values)?;
        if found == rows { Ok(values) } else { Err(form("a column is shorter than its table")) }
    }

    /// Values of a column that may lack some, and for each row whether it has one.
    fn some<T: DataType>(
        &self,
        group: usize,
        column: usize,
    ) -> Result<(Vec<T::T>, Vec<i16>), LedgerError> {
        let (rows, mut values, mut has) = (self.rows(group), Vec::new(), Vec::new());
        let mut reader = self.column::<T>(group, column)?;
        let (found, _, _) = reader.read_records(rows, Some(&mut has), None, &mut values)?;
        if found == rows {
            Ok((values, has))
        } else {
            Err(form("a column is shorter than its table"))
        }
    }

    pub(crate) fn longs(&self, group: usize, column: usize) -> Result<Vec<i64>, LedgerError> {
        self.all::<Int64Type>(group, column)
    }

    pub(crate) fn bits(&self, group: usize, column: usize) -> Result<Vec<bool>, LedgerError> {
        self.all::<BoolType>(group, column)
    }

    pub(crate) fn numbers(&self, group: usize, column: usize) -> Result<Vec<u32>, LedgerError> {
        let values = self.all::<Int32Type>(group, column)?;
        Ok(values.into_iter().map(i32::cast_unsigned).collect())
    }

    /// A number for each row, [`NONE`] where it has none.
    pub(crate) fn numbers_or_none(
        &self,
        group: usize,
        column: usize,
    ) -> Result<Vec<u32>, LedgerError> {
        let (values, has) = self.some::<Int32Type>(group, column)?;
        if values.len() == has.len() {
            return Ok(values.into_iter().map(i32::cast_unsigned).collect());
        }
        let mut values = values.into_iter().map(i32::cast_unsigned);
        let each = has.into_iter().map(|has| if has == 1 { values.next() } else { None });
        Ok(each.map(|value| value.unwrap_or(NONE)).collect())
    }

    pub(crate) fn texts(
        &self,
        group: usize,
        column: usize,
    ) -> Result<Vec<Option<Arc<str>>>, LedgerError> {
        let (values, has) = self.some::<ByteArrayType>(group, column)?;
        let text = |value: &parquet::data_type::ByteArray| {
            value.as_utf8().map(Arc::<str>::from).map_err(LedgerError::from)
        };
        let mut values = values.iter().map(text);
        if has.is_empty() {
            return values.map(|text| text.map(Some)).collect();
        }
        has.into_iter()
            .map(|has| if has == 1 { values.next().transpose() } else { Ok(None) })
            .collect()
    }

    /// Where in a row group a digest of column `column` stands that `wanted` knows, with what it says.
    pub(crate) fn digests_in<T>(
        &self,
        group: usize,
        column: usize,
        wanted: impl Fn(&[u8; 16]) -> Option<T>,
    ) -> Result<Vec<(usize, T)>, LedgerError> {
        let (values, has) = self.some::<FixedLenByteArrayType>(group, column)?;
        let mut values = values.iter().map(|value| value.data().first_chunk::<16>());
        let mut found = Vec::new();
        for (row, has) in has.into_iter().enumerate() {
            let value = if has == 1 { values.next().flatten() } else { None };
            found.extend(value.and_then(&wanted).map(|said| (row, said)));
        }
        Ok(found)
    }
}

/// The answers of a row group, as far as questions read them.
pub(crate) struct Answers {
    /// The number of the first one in its file.
    pub(crate) from: u64,
    at: Vec<i64>,
    lines: Vec<u32>,
    day: Vec<u32>,
    requests: Option<Requests>,
}

/// What is read only where each answer is told.
struct Requests {
    keys: Vec<u32>,
    threads: Vec<i64>,
    calls: Vec<i64>,
    /// Those that no gate drew.
    others: Vec<Option<Arc<str>>>,
}

/// What records need to know of their answer.
pub(crate) struct Head {
    /// When its call came.
    pub(crate) at: Wall,
    /// Its line of `terms`.
    pub(crate) line: u32,
    pub(crate) day: u32,
}

impl Answers {
    pub(crate) fn read<R: ChunkReader + 'static>(
        table: &Opened<R>,
        group: usize,
        from: u64,
        with_requests: bool,
    ) -> Result<Self, LedgerError> {
        use column::answers::{AT, CALL, DAY, KEY, REQUEST, TERMS, THREAD};
        let requests = || -> Result<Requests, LedgerError> {
            Ok(Requests {
                keys: table.numbers(group, KEY)?,
                threads: table.longs(group, THREAD)?,
                calls: table.longs(group, CALL)?,
                others: table.texts(group, REQUEST)?,
            })
        };
        Ok(Self {
            from,
            at: table.longs(group, AT)?,
            lines: table.numbers(group, TERMS)?,
            day: table.numbers(group, DAY)?,
            requests: if with_requests { Some(requests()?) } else { None },
        })
    }

    pub(crate) fn holds(&self, answer: u64) -> bool {
        answer.checked_sub(self.from).is_some_and(|row| row < self.at.len() as u64)
    }

    /// By its number in the file.
    pub(crate) fn head(&self, answer: u64) -> Option<Head> {
        let row = self.row(answer)?;
        let at = Wall(self.at.get(row)?.cast_unsigned());
        Some(Head { at, line: *self.lines.get(row)?, day: *self.day.get(row)? })
    }

    /// The number of its key, and its request, where these were read.
    pub(crate) fn request(&self, answer: u64) -> Option<(u32, RequestId)> {
        let row = self.row(answer)?;
        let Requests { keys, threads, calls, others } = self.requests.as_ref()?;
        let key = *keys.get(row)?;
        if let Some(text) = others.get(row)? {
            return Some((key, RequestId::Other((&**text).into())));
        }
        let (thread, call) = (threads.get(row)?.cast_unsigned(), calls.get(row)?.cast_unsigned());
        Some((key, RequestId::Gate { thread, call }))
    }

    fn row(&self, answer: u64) -> Option<usize> {
        usize::try_from(answer.checked_sub(self.from)?).ok()
    }
}
