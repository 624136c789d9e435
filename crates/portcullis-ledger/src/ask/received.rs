//! How many records of some classes each partner received, and on which days there are digests: what a
//! whole day is told by.
//!
//! Must not know what is made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_types::Wall;

use crate::ask::heads::Heads;
use crate::error::reading;
use crate::hour::column;
use crate::{HourFile, LedgerError, Library, Row, Table};

/// Records by partner.
type Found = BTreeMap<Arc<str>, u64>;

/// How many records of these classes each partner received in answers to calls from `since` on and before
/// `until`, by the names of the partners; who received none is left out.
///
/// A record counts as what it is, whatever the answer was that held it. Only records of level `digests`
/// are written down one by one.
///
/// # Errors
/// [`LedgerError`] where anything of that time can't be read: half an answer is none.
pub fn received<L: Library>(
    library: &L,
    classes: &[&str],
    since: Wall,
    until: Wall,
) -> Result<Vec<(String, u64)>, LedgerError> {
    let mut found = Found::new();
    for hour in library.hours(since, until).map_err(LedgerError::Library)? {
        let file = HourFile::read(library, &hour)?;
        if file.overlaps(since, until) {
            reading(&hour, || of_hour(&file, classes, (since, until), &mut found))?;
        }
    }
    let mut each = |row: &Row| {
        let is = |class: &str| classes.contains(&class);
        let count = row.records.iter().filter(|record| is(&record.class)).count() as u64;
        if count > 0 && (since..until).contains(&row.at) {
            *found.entry(Arc::clone(&row.whose.partner)).or_default() += count;
        }
    };
    library.unrolled(since, until, &mut each).map_err(LedgerError::Library)?;
    Ok(found.into_iter().map(|(partner, records)| (partner.to_string(), records)).collect())
}

fn of_hour<L: Library>(
    hour: &HourFile<'_, L>,
    classes: &[&str],
    (since, until): (Wall, Wall),
    found: &mut Found,
) -> Result<(), LedgerError> {
    let wanted: Vec<bool> = hour.classes.iter().map(|class| classes.contains(&&**class)).collect();
    if !wanted.contains(&true) {
        return Ok(());
    }
    let is =
        |class: &u32| usize::try_from(*class).ok().and_then(|at| wanted.get(at)) == Some(&true);
    let records = hour.table(Table::Records)?;
    let mut heads = Heads::new(hour.table(Table::Answers)?, false);
    let mut by_line: BTreeMap<u32, u64> = BTreeMap::new();
    for group in 0..records.groups() {
        let of = records.numbers(group, column::records::CLASS)?;
        if !of.iter().any(is) {
            continue;
        }
        let answers = records.numbers(group, column::records::ANSWER)?;
        for (_, answer) in of.iter().zip(&answers).filter(|(class, _)| is(class)) {
            let head = heads.head(u64::from(*answer))?;
            if (since..until).contains(&head.at) {
                *by_line.entry(head.line).or_default() += 1;
            }
        }
    }
    for (line, records) in by_line {
        *found.entry(Arc::clone(&hour.line(line)?.partner)).or_default() += records;
    }
    Ok(())
}

/// The days, since 1970 as UTC counts, under whose keys records were digested in answers to calls from
/// `since` on. Hours that can't be read are shown to `unread`, and the others are gone on with.
///
/// # Errors
/// [`LedgerError`] where anything else of that time can't be read.
pub fn digested<L: Library>(
    library: &L,
    since: Wall,
    unread: &mut dyn FnMut(LedgerError),
) -> Result<BTreeSet<u32>, LedgerError> {
    let mut days = BTreeSet::new();
    let until = Wall(u64::MAX);
    for hour in library.hours(since, until).map_err(LedgerError::Library)? {
        let hour = match HourFile::read(library, &hour) {
            Ok(hour) => hour,
            Err(why) if why.hour().is_some() => {
                unread(why);
                continue;
            }
            Err(why) => return Err(why),
        };
        let of = hour.meta().days.iter().filter(|of| of.records > 0 && of.last >= since);
        days.extend(of.map(|of| of.day));
    }
    let mut each = |row: &Row| {
        if !row.records.is_empty() && row.at >= since {
            days.insert(row.day);
        }
    };
    library.unrolled(since, until, &mut each).map_err(LedgerError::Library)?;
    Ok(days)
}
