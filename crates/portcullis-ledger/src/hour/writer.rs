//! Writing an hour.
//!
//! Holds one row group in memory at a time, some 60 MB at most. Must not know files.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType,
    Int32Type, Int64Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use crate::hour::meta::{HourMeta, META_KEY, Totals, VERSION};
use crate::hour::segment::{AnswerColumns, RecordColumns, Sparse};
use crate::hour::tables::{ANSWERS_OF_GROUP, RECORDS_OF_GROUP, Table};
use crate::hour::terms::{TermsLine, write_terms};
use crate::{LedgerError, Row, Terms};

/// Where the tables of an hour go.
#[derive(Debug)]
pub struct HourSinks<W> {
    /// [`Table::Terms`].
    pub terms: W,
    /// [`Table::Answers`].
    pub answers: W,
    /// [`Table::Records`].
    pub records: W,
    /// [`Table::Digests`].
    pub digests: W,
}

/// Writes the four tables of an hour. Rows may come in any order.
pub struct HourWriter<W: Write + Send> {
    terms_table: SerializedFileWriter<W>,
    answers_table: SerializedFileWriter<W>,
    records_table: SerializedFileWriter<W>,
    digests_table: SerializedFileWriter<W>,
    lines: Vec<TermsLine>,
    by_terms: HashMap<Arc<Terms>, u32>,
    by_address: HashMap<usize, u32>,
    last: Option<(usize, u32)>,
    classes: Vec<Arc<str>>,
    answers: AnswerColumns,
    records: RecordColumns,
    digests: u32,
    meta: HourMeta,
}

/// Addresses of terms that are remembered; their `Arc`s are held, so it bounds memory too.
const ADDRESSES_MAX: usize = 65_536;
/// Values that are handed over at a time where each needs an object of its own.
const BATCH: usize = 8192;

impl<W: Write + Send> HourWriter<W> {
    /// For the hour of this name, written by a node.
    ///
    /// # Errors
    /// [`LedgerError::Parquet`] where the sinks take nothing.
    pub fn new(node: &str, hour: &str, sinks: HourSinks<W>) -> Result<Self, LedgerError> {
        let table = |table: Table, sink| -> Result<_, LedgerError> {
            Ok(SerializedFileWriter::new(sink, table.schema()?, Arc::new(table.packed()))?)
        };
        Ok(Self {
            terms_table: table(Table::Terms, sinks.terms)?,
            answers_table: table(Table::Answers, sinks.answers)?,
            records_table: table(Table::Records, sinks.records)?,
            digests_table: table(Table::Digests, sinks.digests)?,
            lines: Vec::new(),
            by_terms: HashMap::new(),
            by_address: HashMap::new(),
            last: None,
            classes: Vec::new(),
            answers: AnswerColumns::default(),
            records: RecordColumns::default(),
            digests: 0,
            meta: HourMeta {
                version: VERSION,
                node: node.to_owned(),
                hour: hour.to_owned(),
                ..HourMeta::default()
            },
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`LedgerError::Parquet`] where a row group is full and can't be written: this hour is to be begun
    /// again. [`LedgerError::TooMany`] at four thousand million answers or owners.
    pub fn push(&mut self, row: &Row) -> Result<(), LedgerError> {
        let number =
            u32::try_from(self.meta.answers).map_err(|_| LedgerError::TooMany("answers"))?;
        let terms = self.terms_number(&row.terms)?;
        self.answers.push(row, terms);
        self.meta.seen(row.at);
        for record in &row.records {
            let class = self.class_number(&record.class)?;
            self.records.push(number, class, record);
        }
        let records = row.records.len() as u64;
        if records > 0 {
            self.meta.digested(row.day, row.at, records);
        }
        let line = usize::try_from(terms).ok().and_then(|at| self.lines.get_mut(at));
        if let Some(line) = line {
            let (answers, rows) = (u64::from(row.answers), u64::from(row.rows));
            let (first, last) = (row.at, row.at);
            line.totals.add(&Totals { answers, rows, bytes: row.bytes, records, first, last });
        }
        if self.records.len() >= RECORDS_OF_GROUP {
            self.write_records()?;
        }
        if self.answers.len() >= ANSWERS_OF_GROUP {
            self.write_answers()?;
        }
        Ok(())
    }

    /// How many rows it has taken.
    #[must_use]
    pub const fn answers(&self) -> u64 {
        self.meta.answers
    }

    /// Writes what is left, and gives back the sinks. They are not flushed nor synced.
    ///
    /// # Errors
    /// [`LedgerError::Parquet`] where the sinks take no more.
    pub fn finish(mut self) -> Result<(HourMeta, HourSinks<W>), LedgerError> {
        self.write_records()?;
        self.write_answers()?;
        write_terms(&mut self.terms_table, &self.lines)?;
        self.meta.classes = self.classes.iter().map(|class| (**class).to_owned()).collect();
        let policies = self.lines.iter().map(|line| (*line.terms.policy_digest).to_owned());
        self.meta.policies = policies.collect();
        self.meta.policies.sort_unstable();
        self.meta.policies.dedup();
        let text = serde_json::to_string(&self.meta)
            .map_err(|_| LedgerError::Form("what an hour holds can't be written as JSON"))?;
        for table in [&mut self.answers_table, &mut self.records_table, &mut self.digests_table] {
            table
                .append_key_value_metadata(KeyValue::new(META_KEY.to_owned(), VERSION.to_string()));
        }
        self.terms_table.append_key_value_metadata(KeyValue::new(META_KEY.to_owned(), text));
        let sinks = HourSinks {
            terms: self.terms_table.into_inner()?,
            answers: self.answers_table.into_inner()?,
            records: self.records_table.into_inner()?,
            digests: self.digests_table.into_inner()?,
        };
        Ok((self.meta, sinks))
    }

    fn terms_number(&mut self, terms: &Arc<Terms>) -> Result<u32, LedgerError> {
        let address = Arc::as_ptr(terms) as usize;
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == address) {
            return Ok(number);
        }
        let number = match self.by_address.get(&address) {
            Some(number) => *number,
            None => self.terms_by_value(terms, address)?,
        };
        self.last = Some((address, number));
        Ok(number)
    }

    /// Equal terms at another address are the same line; the first ones of a line are kept, so that their
    /// address stays theirs.
    fn terms_by_value(&mut self, terms: &Arc<Terms>, address: usize) -> Result<u32, LedgerError> {
        if let Some(number) = self.by_terms.get(terms) {
            return Ok(*number);
        }
        let number = u32::try_from(self.lines.len()).map_err(|_| LedgerError::TooMany("terms"))?;
        self.lines.push(TermsLine { terms: Arc::clone(terms), totals: Totals::default() });
        self.by_terms.insert(Arc::clone(terms), number);
        if self.by_address.len() < ADDRESSES_MAX {
            self.by_address.insert(address, number);
        }
        Ok(number)
    }

    fn class_number(&mut self, class: &Arc<str>) -> Result<u32, LedgerError> {
        let same = |known: &Arc<str>| Arc::ptr_eq(known, class) || known == class;
        let at = self.classes.iter().position(same).unwrap_or_else(|| {
            self.classes.push(Arc::clone(class));
            self.classes.len() - 1
        });
        u32::try_from(at).map_err(|_| LedgerError::TooMany("classes"))
    }

    fn write_answers(&mut self) -> Result<(), LedgerError> {
        let columns = &self.answers;
        if columns.len() == 0 {
            return Ok(());
        }
        let mut group = self.answers_table.next_row_group()?;
        put::<Int64Type, _>(&mut group, &columns.at, None)?;
        put::<Int32Type, _>(&mut group, &columns.terms, None)?;
        put::<Int64Type, _>(&mut group, &columns.thread, None)?;
        put::<Int64Type, _>(&mut group, &columns.call, None)?;
        let text = |text: &Box<str>| ByteArray::from(text.as_bytes().to_vec());
        let texts: Vec<ByteArray> = columns.request.iter().map(text).collect();
        put::<ByteArrayType, _>(&mut group, &texts, Some(&columns.has_request))?;
        put::<Int32Type, _>(&mut group, &columns.rows, None)?;
        put::<Int32Type, _>(&mut group, &columns.owners, None)?;
        put::<Int32Type, _>(&mut group, &columns.places, None)?;
        put::<Int64Type, _>(&mut group, &columns.bytes, None)?;
        put::<BoolType, _>(&mut group, &columns.whole, None)?;
        put::<Int32Type, _>(&mut group, &columns.answers, None)?;
        put::<Int32Type, _>(&mut group, &columns.day, None)?;
        put::<Int32Type, _>(&mut group, &columns.records, None)?;
        group.close()?;
        self.answers.clear();
        Ok(())
    }

    fn write_records(&mut self) -> Result<(), LedgerError> {
        if self.records.len() == 0 {
            return Ok(());
        }
        let digests = self.records.settle(self.digests);
        let count =
            u32::try_from(digests.len()).ok().and_then(|count| count.checked_add(self.digests));
        self.digests = count.ok_or(LedgerError::TooMany("owners and places"))?;
        let columns = &self.records;
        let mut group = self.records_table.next_row_group()?;
        put::<Int32Type, _>(&mut group, &columns.answer, None)?;
        put::<Int32Type, _>(&mut group, &columns.class, None)?;
        put_fixed(&mut group, &columns.id.values, Some(&columns.id.has))?;
        for Sparse { values, has } in [&columns.owner, &columns.place, &columns.cell] {
            put::<Int32Type, _>(&mut group, values, Some(has))?;
        }
        group.close()?;
        if !digests.is_empty() {
            let digests: Vec<[u8; 16]> =
                digests.iter().map(|digest| digest.to_be_bytes()).collect();
            let mut group = self.digests_table.next_row_group()?;
            put_fixed(&mut group, &digests, None)?;
            group.close()?;
        }
        self.records.clear();
        Ok(())
    }
}

impl<W: Write + Send> std::fmt::Debug for HourWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HourWriter").field("meta", &self.meta).finish_non_exhaustive()
    }
}

/// Writes the next column of a row group; `has` says of each row whether it has a value.
pub(crate) fn put<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    has: Option<&[i16]>,
) -> Result<(), LedgerError> {
    let Some(mut column) = group.next_column()? else { return Err(NO_COLUMN) };
    column.typed::<T>().write_batch(values, has, None)?;
    Ok(column.close()?)
}

const NO_COLUMN: LedgerError = LedgerError::Form("the table has fewer columns");

/// Likewise for digests, which Parquet's writer takes as an object each: some thousands at a time.
fn put_fixed<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    mut values: &[[u8; 16]],
    mut has: Option<&[i16]>,
) -> Result<(), LedgerError> {
    let Some(mut column) = group.next_column()? else { return Err(NO_COLUMN) };
    let mut objects: Vec<FixedLenByteArray> = Vec::with_capacity(BATCH);
    while !values.is_empty() || has.is_some_and(|has| !has.is_empty()) {
        let now = has.map(|has| has.split_at_checked(BATCH).unwrap_or((has, &[])));
        let count = now.map_or(BATCH, |(now, _)| now.iter().filter(|has| **has == 1).count());
        let (chunk, rest) = values.split_at_checked(count).unwrap_or((values, &[]));
        let bytes = Bytes::copy_from_slice(chunk.as_flattened());
        objects.clear();
        let places = (0..chunk.len()).map(|at| bytes.slice(at * 16..at * 16 + 16));
        objects.extend(places.map(|digest| FixedLenByteArray::from(ByteArray::from(digest))));
        let typed = column.typed::<FixedLenByteArrayType>();
        typed.write_batch(&objects, now.map(|(now, _)| now), None)?;
        (values, has) = (rest, now.map(|(_, later)| later));
    }
    Ok(column.close()?)
}
