//! What an hour adds to the sums.
//!
//! Must not know which question is asked.

use std::ops::Range;

use parquet::file::reader::ChunkReader;
use portcullis_types::Wall;

use crate::ask::groups::NUMBERS_OF_GROUP;
use crate::ask::heads::Heads;
use crate::ask::sums::{Fold, Which};
use crate::hour::{Head, NONE, Opened, TermsLine, Totals, column, digests};
use crate::{HourFile, LedgerError, Library, Table};

/// Adds what of an hour is asked for.
pub(crate) fn add<L: Library>(
    fold: &mut Fold,
    hour: &HourFile<'_, L>,
    library: &L,
    which: &Which<'_>,
) -> Result<(), LedgerError> {
    let told = |line: &TermsLine| which.whose(&line.partner, line.client.as_deref());
    let chosen: Vec<bool> = hour.lines().iter().map(told).collect();
    if !chosen.contains(&true) {
        return Ok(());
    }
    let meta = hour.meta();
    if which.time(meta.from) && which.time(meta.to) {
        hour.lines().iter().filter(|line| told(line)).for_each(|line| fold.total(line));
    } else {
        add_answers(fold, hour, &chosen, which)?;
    }
    let told = hour.lines().iter().zip(&chosen);
    let has_records = told.into_iter().any(|(line, chosen)| *chosen && line.totals.records > 0);
    if has_records {
        Digested { fold, hour, library, which, chosen: &chosen }.add()
    } else {
        Ok(())
    }
}

/// Answer by answer, where an hour lies in the time only partly.
fn add_answers<L: Library>(
    fold: &mut Fold,
    hour: &HourFile<'_, L>,
    chosen: &[bool],
    which: &Which<'_>,
) -> Result<(), LedgerError> {
    use column::answers::{ANSWERS, AT, BYTES, ROWS, TERMS};
    let table = hour.table(Table::Answers)?;
    let mut sums = vec![Totals::default(); chosen.len()];
    for group in 0..table.groups() {
        let outside = |(low, high)| Wall(low) >= which.until || Wall(high) < which.since;
        if table.span(group, AT).is_some_and(outside) {
            continue;
        }
        let (at, terms) = (table.longs(group, AT)?, table.numbers(group, TERMS)?);
        let (rows, bytes) = (table.numbers(group, ROWS)?, table.longs(group, BYTES)?);
        let answers = table.numbers(group, ANSWERS)?;
        let each = at.into_iter().zip(terms).zip(rows.into_iter().zip(bytes).zip(answers));
        for ((at, terms), ((rows, bytes), answers)) in each {
            let (at, line) =
                (Wall(at.cast_unsigned()), usize::try_from(terms).unwrap_or(usize::MAX));
            if !which.time(at) || chosen.get(line) != Some(&true) {
                continue;
            }
            if let Some(sum) = sums.get_mut(line) {
                sum.add(&Totals {
                    answers: u64::from(answers),
                    rows: u64::from(rows),
                    bytes: bytes.cast_unsigned(),
                    records: 0,
                    first: at,
                    last: at,
                });
            }
        }
    }
    let lines = hour.lines().iter().zip(sums).filter(|(_, sum)| sum.answers > 0);
    lines.for_each(|(line, totals)| fold.total(&TermsLine { totals, ..line.clone() }));
    Ok(())
}

/// The records of an hour that are digested.
struct Digested<'a, L: Library> {
    fold: &'a mut Fold,
    hour: &'a HourFile<'a, L>,
    library: &'a L,
    which: &'a Which<'a>,
    chosen: &'a [bool],
}

impl<L: Library> Digested<'_, L> {
    fn add(mut self) -> Result<(), LedgerError> {
        let records = self.hour.table(Table::Records)?;
        let table = self.hour.table(Table::Digests)?;
        let mut heads = Heads::new(self.hour.table(Table::Answers)?, false);
        for group in 0..records.groups() {
            let marks = self.group(&records, group, &mut heads)?;
            for marks in marks {
                marks.settle(self.fold, self.library, &table)?;
            }
        }
        Ok(())
    }

    /// Marks the owners and places of a row group, for each day.
    fn group(
        &mut self,
        records: &Opened<L::Reader>,
        group: usize,
        heads: &mut Heads<L::Reader>,
    ) -> Result<Vec<Marks>, LedgerError> {
        use column::records::{ANSWER, CELL, OWNER, PLACE};
        let answers = records.numbers(group, ANSWER)?;
        let (owners, places) =
            (records.numbers_or_none(group, OWNER)?, records.numbers_or_none(group, PLACE)?);
        let cells = records.numbers_or_none(group, CELL)?;
        let spans = [records.span(group, OWNER), records.span(group, PLACE)];
        let mut marks: Vec<Marks> = Vec::new();
        // What was found out about the answer of the record before, since records of one follow each other.
        let mut before: (Option<u32>, Option<usize>) = (None, None);
        let each = answers.into_iter().zip(owners.into_iter().zip(places).zip(cells));
        for (answer, ((owner, place), cell)) in each {
            if before.0 != Some(answer) {
                before = (Some(answer), self.marks(heads, answer, spans, &mut marks)?);
            }
            let Some(marks) = before.1.and_then(|at| marks.get_mut(at)) else { continue };
            marks.records += 1;
            marks.owners.set(owner);
            marks.places.set(place);
            if cell != NONE {
                self.fold.cell(cell);
            }
        }
        Ok(marks)
    }

    /// Which marks an answer's records go to; none: it isn't asked for, or its day's key is gone.
    fn marks(
        &mut self,
        heads: &mut Heads<L::Reader>,
        answer: u32,
        spans: [Option<(u64, u64)>; 2],
        marks: &mut Vec<Marks>,
    ) -> Result<Option<usize>, LedgerError> {
        let Head { at, line, day } = heads.head(u64::from(answer))?;
        let chosen = usize::try_from(line).ok().and_then(|line| self.chosen.get(line));
        if chosen != Some(&true) || !self.which.time(at) {
            return Ok(None);
        }
        if let Some(known) = marks.iter().position(|marks| marks.day == day) {
            return Ok(Some(known));
        }
        if self.fold.day(self.library, day)?.is_none() {
            return Ok(None);
        }
        let [owners, places] = spans.map(Bits::new);
        marks.push(Marks { day, records: 0, owners: owners?, places: places? });
        Ok(Some(marks.len() - 1))
    }
}

/// The owners and places of a day among the records of a row group.
struct Marks {
    day: u32,
    records: u64,
    owners: Bits,
    places: Bits,
}

impl Marks {
    fn settle<L: Library>(
        self,
        fold: &mut Fold,
        library: &L,
        table: &Opened<L::Reader>,
    ) -> Result<(), LedgerError> {
        let Some(day) = fold.day(library, self.day)? else { return Ok(()) };
        day.records += self.records;
        let spans = self.owners.marked().into_iter().chain(self.places.marked());
        let both = spans.reduce(|one, other| one.start.min(other.start)..one.end.max(other.end));
        let Some(both) = both else { return Ok(()) };
        // Once for both: making objects of the digests is what takes time here.
        each_digest(table, both, |number, digest| {
            if self.owners.has(number) {
                day.owners.add(digest);
            }
            if self.places.has(number) {
                day.places.add(digest);
            }
        })
    }
}

/// Shows the digests of these numbers.
fn each_digest<R: ChunkReader + 'static>(
    table: &Opened<R>,
    span: Range<usize>,
    mut each: impl FnMut(usize, u128),
) -> Result<(), LedgerError> {
    let mut from = 0;
    for group in 0..table.groups() {
        let rows = table.rows(group);
        let range = span.start.clamp(from, from + rows)..span.end.clamp(from, from + rows);
        if !range.is_empty() {
            let found = digests(table, group, range.start - from..range.end - from)?;
            range.zip(found).for_each(|(number, digest)| each(number, digest));
        }
        from += rows;
    }
    Ok(())
}

/// Marks on the numbers that a row group points to.
struct Bits {
    from: usize,
    bits: Vec<u64>,
}

impl Bits {
    fn new(span: Option<(u64, u64)>) -> Result<Self, LedgerError> {
        let whole = |number: u64| usize::try_from(number).unwrap_or_default();
        let (low, high) = span.map_or((1, 0), |(low, high)| (whole(low), whole(high)));
        let from = low & !63;
        let bits = high.saturating_add(1).saturating_sub(from);
        if bits > NUMBERS_OF_GROUP {
            return Err(LedgerError::Form("a row group points to too many digests"));
        }
        Ok(Self { from, bits: vec![0; bits.div_ceil(64)] })
    }

    fn set(&mut self, number: u32) {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(self.from));
        let word = at.and_then(|at| self.bits.get_mut(at / 64).map(|word| (word, at % 64)));
        if let Some((word, bit)) = word {
            *word |= 1 << bit;
        }
    }

    fn has(&self, number: usize) -> bool {
        let at = number.checked_sub(self.from);
        let word = at.and_then(|at| Some((self.bits.get(at / 64)?, at % 64)));
        word.is_some_and(|(word, bit)| word & (1 << bit) != 0)
    }

    /// From the first marked word to the last.
    fn marked(&self) -> Option<Range<usize>> {
        let first = self.bits.iter().position(|word| *word != 0)?;
        let last = self.bits.iter().rposition(|word| *word != 0)?;
        Some(self.from + first * 64..self.from + (last + 1) * 64)
    }
}
