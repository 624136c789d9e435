//! The table of terms: what answers have in common, and what left under it in this hour.
//!
//! Small, so that it is read whole before anything else of an hour. Must not know the other tables.

use std::io::Write;
use std::sync::Arc;

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::reader::ChunkReader;
use parquet::file::writer::SerializedFileWriter;
use portcullis_types::Wall;

use crate::error::form;
use crate::hour::meta::Totals;
use crate::hour::put::put;
use crate::hour::read::Opened;
use crate::row::level_named;
use crate::{LedgerError, Terms};

/// A line of the table.
#[derive(Debug, Clone)]
pub(crate) struct TermsLine {
    pub(crate) partner: Arc<str>,
    pub(crate) client: Option<Arc<str>>,
    pub(crate) terms: Arc<Terms>,
    pub(crate) totals: Totals,
}

pub(crate) fn write_terms<W: Write + Send>(
    table: &mut SerializedFileWriter<W>,
    lines: &[TermsLine],
) -> Result<(), LedgerError> {
    if lines.is_empty() {
        return Ok(());
    }
    let text = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    let texts = |of: fn(&Terms) -> &str| lines.iter().map(|line| text(of(&line.terms))).collect();
    let longs =
        |of: fn(&TermsLine) -> u64| lines.iter().map(|line| of(line).cast_signed()).collect();
    let mut group = table.next_row_group()?;
    let numbers: Vec<i32> = (0..).take(lines.len()).collect();
    put::<Int32Type, _>(&mut group, &numbers, None)?;
    let partner: Vec<_> = lines.iter().map(|line| text(&line.partner)).collect();
    let node: Vec<_> = texts(|of| &of.node);
    put::<ByteArrayType, _>(&mut group, &node, None)?;
    put::<ByteArrayType, _>(&mut group, &partner, None)?;
    let has: Vec<i16> = lines.iter().map(|line| i16::from(line.client.is_some())).collect();
    let clients = lines.iter().filter_map(|line| line.client.as_deref());
    put::<ByteArrayType, _>(&mut group, &clients.map(text).collect::<Vec<_>>(), Some(&has))?;
    let named: [fn(&Terms) -> &str; 3] = [|of| &of.operation, |of| &of.class, |of| &of.rule];
    for of in named {
        put::<ByteArrayType, _>(
            &mut group,
            &Vec::from_iter(lines.iter().map(|line| text(of(&line.terms)))),
            None,
        )?;
    }
    let policy: Vec<i64> = longs(|line| line.terms.policy);
    put::<Int64Type, _>(&mut group, &policy, None)?;
    let digests: Vec<_> = texts(|of| &of.policy_digest);
    put::<ByteArrayType, _>(&mut group, &digests, None)?;
    let levels: Vec<_> = texts(|of| of.level.name());
    put::<ByteArrayType, _>(&mut group, &levels, None)?;
    let counted: Vec<bool> = lines.iter().map(|line| line.terms.counted).collect();
    put::<BoolType, _>(&mut group, &counted, None)?;
    let fields = lines.iter().map(|line| text(&line.terms.fields.join(" ")));
    put::<ByteArrayType, _>(&mut group, &fields.collect::<Vec<_>>(), None)?;
    let sums: [fn(&TermsLine) -> u64; 6] = [
        |line| line.totals.answers,
        |line| line.totals.rows,
        |line| line.totals.bytes,
        |line| line.totals.records,
        |line| line.totals.first.0,
        |line| line.totals.last.0,
    ];
    for of in sums {
        let sums: Vec<i64> = longs(of);
        put::<Int64Type, _>(&mut group, &sums, None)?;
    }
    group.close()?;
    Ok(())
}

/// Keys, by the numbers that answers have for them.
pub(crate) fn write_keys<W: Write + Send>(
    table: &mut SerializedFileWriter<W>,
    keys: &[Arc<str>],
) -> Result<(), LedgerError> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut group = table.next_row_group()?;
    let keys: Vec<_> = keys.iter().map(|key| ByteArray::from(key.as_bytes().to_vec())).collect();
    put::<ByteArrayType, _>(&mut group, &keys, None)?;
    group.close()?;
    Ok(())
}

pub(crate) fn read_terms<R: ChunkReader + 'static>(
    table: &Opened<R>,
) -> Result<Vec<TermsLine>, LedgerError> {
    let mut lines = Vec::new();
    for group in 0..table.groups() {
        let mut texts = [1, 2, 3, 4, 5, 6, 8, 9, 11]
            .map(|column| table.texts(group, column).map(Vec::into_iter));
        let policies = table.longs(group, 7)?;
        let counted = table.bits(group, 10)?;
        let mut sums =
            [12, 13, 14, 15, 16, 17].map(|column| table.longs(group, column).map(Vec::into_iter));
        for (policy, counted) in policies.into_iter().zip(counted) {
            let mut text = texts.iter_mut().map(next);
            let mut text =
                || text.next().unwrap_or(Err(form("a line of terms has too few columns")));
            let (node, partner, client) = (text()?, text()?, text()?);
            let (operation, class) = (text()?, text()?);
            let (rule, policy_digest, level, fields) = (text()?, text()?, text()?, text()?);
            let mut sum = sums.iter_mut().map(|column| next(column).map(i64::cast_unsigned));
            let mut sum = || sum.next().unwrap_or(Err(form("a line of terms has too few columns")));
            let (answers, rows, bytes, records) = (sum()?, sum()?, sum()?, sum()?);
            let (first, last) = (Wall(sum()?), Wall(sum()?));
            let named = |text: Option<Arc<str>>| text.ok_or(form("a line of terms lacks a name"));
            let fields = named(fields)?;
            let level = level_named(&named(level)?).ok_or(form("a level that isn't known"))?;
            let terms = Terms {
                node: named(node)?,
                operation: named(operation)?,
                class: named(class)?,
                rule: named(rule)?,
                policy: policy.cast_unsigned(),
                policy_digest: named(policy_digest)?,
                level,
                counted,
                fields: fields.split_terminator(' ').map(Arc::from).collect(),
            };
            let totals = Totals { answers, rows, bytes, records, first, last };
            let (partner, terms) = (named(partner)?, Arc::new(terms));
            lines.push(TermsLine { partner, client, terms, totals });
        }
    }
    Ok(lines)
}

/// The next value of a column that could be read.
fn next<T>(column: &mut Result<std::vec::IntoIter<T>, LedgerError>) -> Result<T, LedgerError> {
    match column {
        Ok(values) => values.next().ok_or(form("a column of terms is shorter than another")),
        Err(_) => Err(form("a column of terms can't be read")),
    }
}
