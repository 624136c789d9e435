//! Writing an hour.
//!
//! Holds one row group in memory at a time, some 60 MB at most. Must not know files.

use std::io::Write;
use std::sync::Arc;

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::writer::SerializedFileWriter;

use crate::hour::lines::Lines;
use crate::hour::meta::{HourMeta, META_KEY, Totals, VERSION};
use crate::hour::put::{put, put_fixed};
use crate::hour::segment::{AnswerColumns, RecordColumns, Sparse};
use crate::hour::tables::{ANSWERS_OF_GROUP, RECORDS_OF_GROUP, Table};
use crate::hour::terms::{write_keys, write_terms};
use crate::{LedgerError, Row};

/// Where the tables of an hour go.
#[derive(Debug)]
pub struct HourSinks<W> {
    /// [`Table::Terms`].
    pub terms: W,
    /// [`Table::Keys`].
    pub keys: W,
    /// [`Table::Answers`].
    pub answers: W,
    /// [`Table::Records`].
    pub records: W,
    /// [`Table::Digests`].
    pub digests: W,
}

/// Writes the five tables of an hour. Rows may come in any order.
pub struct HourWriter<W: Write + Send> {
    terms_table: SerializedFileWriter<W>,
    keys_table: SerializedFileWriter<W>,
    answers_table: SerializedFileWriter<W>,
    records_table: SerializedFileWriter<W>,
    digests_table: SerializedFileWriter<W>,
    lines: Lines,
    classes: Vec<Arc<str>>,
    answers: AnswerColumns,
    records: RecordColumns,
    digests: u32,
    meta: HourMeta,
    /// Records and answers of a row group.
    group_rows: (usize, usize),
}

impl<W: Write + Send> HourWriter<W> {
    /// For the hour of this name, written by a node.
    ///
    /// # Errors
    /// [`LedgerError::Parquet`] where the sinks take nothing.
    pub fn new(node: &str, hour: &str, sinks: HourSinks<W>) -> Result<Self, LedgerError> {
        Self::with_groups(node, hour, sinks, (RECORDS_OF_GROUP, ANSWERS_OF_GROUP))
    }

    /// With so many records and answers in a row group.
    pub(crate) fn with_groups(
        node: &str,
        hour: &str,
        sinks: HourSinks<W>,
        group_rows: (usize, usize),
    ) -> Result<Self, LedgerError> {
        let table = |table: Table, sink| -> Result<_, LedgerError> {
            let packed = Arc::new(table.packed(group_rows.0));
            Ok(SerializedFileWriter::new(sink, table.schema()?, packed)?)
        };
        Ok(Self {
            terms_table: table(Table::Terms, sinks.terms)?,
            keys_table: table(Table::Keys, sinks.keys)?,
            answers_table: table(Table::Answers, sinks.answers)?,
            records_table: table(Table::Records, sinks.records)?,
            digests_table: table(Table::Digests, sinks.digests)?,
            lines: Lines::default(),
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
            group_rows,
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
        let (line, key) = self.lines.number(row)?;
        self.answers.push(row, (line, key));
        self.meta.seen(row.at);
        for record in &row.records {
            let class = self.class_number(&record.class)?;
            self.records.push(number, class, record);
        }
        let records = row.records.len() as u64;
        if records > 0 {
            self.meta.digested(row.day, row.at, records);
        }
        let (answers, rows) = (u64::from(row.answers), u64::from(row.rows));
        let (first, last) = (row.at, row.at);
        self.lines.add(line, &Totals { answers, rows, bytes: row.bytes, records, first, last });
        if self.records.len() >= self.group_rows.0 {
            self.write_records()?;
        }
        if self.answers.len() >= self.group_rows.1 {
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
        write_terms(&mut self.terms_table, self.lines.lines())?;
        write_keys(&mut self.keys_table, self.lines.keys())?;
        self.meta.classes = self.classes.iter().map(|class| (**class).to_owned()).collect();
        let policies = self.lines.lines().iter().map(|line| (*line.terms.policy_digest).to_owned());
        self.meta.policies = policies.collect();
        self.meta.policies.sort_unstable();
        self.meta.policies.dedup();
        let text = serde_json::to_string(&self.meta)
            .map_err(|_| LedgerError::Form("what an hour holds can't be written as JSON"))?;
        for table in [
            &mut self.keys_table,
            &mut self.answers_table,
            &mut self.records_table,
            &mut self.digests_table,
        ] {
            table
                .append_key_value_metadata(KeyValue::new(META_KEY.to_owned(), VERSION.to_string()));
        }
        self.terms_table.append_key_value_metadata(KeyValue::new(META_KEY.to_owned(), text));
        let sinks = HourSinks {
            terms: self.terms_table.into_inner()?,
            keys: self.keys_table.into_inner()?,
            answers: self.answers_table.into_inner()?,
            records: self.records_table.into_inner()?,
            digests: self.digests_table.into_inner()?,
        };
        Ok((self.meta, sinks))
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
        put::<Int32Type, _>(&mut group, &columns.line, None)?;
        put::<Int32Type, _>(&mut group, &columns.key, None)?;
        put::<Int64Type, _>(&mut group, &columns.thread, None)?;
        put::<Int64Type, _>(&mut group, &columns.call, None)?;
        let texts = columns.request.iter().map(|text| ByteArray::from(text.as_bytes().to_vec()));
        let texts: Vec<ByteArray> = texts.collect();
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
