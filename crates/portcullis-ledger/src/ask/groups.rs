//! Where in an hour records of somebody may stand, by what its files say about themselves.
//!
//! Must not know what is made of what is found.

use std::sync::Arc;

use parquet::file::reader::ChunkReader;
use portcullis_types::LedgerKind;

use crate::hour::{NONE, Opened, RECORDS_OF_GROUP, Wanted, column};
use crate::{HourFile, LedgerError, Library, Table};

/// Where in an hour to look.
pub(super) enum Groups {
    /// In these row groups, as their filters say.
    Ids(Vec<usize>),
    /// For these numbers in this column, in their order.
    Numbers(usize, Vec<(u32, u32)>),
}

/// None: the hour holds none of them.
pub(super) fn groups<L: Library>(
    hour: &HourFile<'_, L>,
    kind: LedgerKind,
    wanted: &[Arc<Wanted>],
) -> Result<Option<Groups>, LedgerError> {
    let column = match kind {
        _ if wanted.is_empty() => return Ok(None),
        LedgerKind::Owner => column::records::OWNER,
        LedgerKind::Place => column::records::PLACE,
        LedgerKind::Record => {
            let (filters, mut groups) = (hour.filters()?, Vec::new());
            for group in 0..filters.groups() {
                let digests =
                    wanted.iter().flat_map(|of_day| of_day.iter().map(|(digest, _)| digest));
                if filters.may_hold(group, column::records::ID, digests)? {
                    groups.push(group);
                }
            }
            return Ok(Some(groups).filter(|groups| !groups.is_empty()).map(Groups::Ids));
        }
    };
    let table = hour.table(Table::Digests)?;
    let mut numbers = Vec::new();
    for of_day in wanted {
        numbers.extend(of_day.numbers(&table)?);
    }
    numbers.sort_unstable();
    Ok(Some(numbers).filter(|all| !all.is_empty()).map(|all| Groups::Numbers(column, all)))
}

/// Rows of a row group whose id is looked for.
pub(super) fn ids_in<R: ChunkReader + 'static>(
    records: &Opened<R>,
    group: usize,
    wanted: &[Arc<Wanted>],
) -> Result<Vec<(usize, u32)>, LedgerError> {
    records.digests_in(group, column::records::ID, |digest| {
        let digest = u128::from_be_bytes(*digest);
        wanted.iter().find_map(|of_day| of_day.get(digest))
    })
}

/// Rows of a row group that point to one of these numbers.
pub(super) fn numbers_in<R: ChunkReader + 'static>(
    records: &Opened<R>,
    group: usize,
    column: usize,
    numbers: &[(u32, u32)],
) -> Result<Vec<(usize, u32)>, LedgerError> {
    let Some((low, high)) = records.span(group, column) else { return Ok(Vec::new()) };
    let from = numbers.partition_point(|(number, _)| u64::from(*number) < low);
    let here = numbers.iter().skip(from).take_while(|(number, _)| u64::from(*number) <= high);
    let here: Vec<&(u32, u32)> = here.collect();
    if here.is_empty() {
        return Ok(Vec::new());
    }
    // A row group points to a million numbers or two, one after the other: a table is quicker than a map.
    let width = usize::try_from(high.saturating_sub(low)).unwrap_or(usize::MAX);
    let mut which = vec![NONE; width.saturating_add(1).min(NUMBERS_OF_GROUP)];
    let place = |number: u32| usize::try_from(u64::from(number).checked_sub(low)?).ok();
    for (number, said) in here {
        match place(*number).and_then(|at| which.get_mut(at)) {
            Some(to) => *to = *said,
            None => return Err(LedgerError::Form("a row group points to too many digests")),
        }
    }
    let values = records.numbers_or_none(group, column)?;
    let said = |number: u32| place(number).and_then(|at| which.get(at)).copied();
    let found = values.into_iter().enumerate();
    Ok(found
        .filter_map(|(row, number)| Some((row, said(number).filter(|said| *said != NONE)?)))
        .collect())
}

/// A record points to two digests at most.
pub(super) const NUMBERS_OF_GROUP: usize = 8 * RECORDS_OF_GROUP;
