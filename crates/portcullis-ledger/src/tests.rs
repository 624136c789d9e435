//! The ledger as a whole: what questions answer is what a naive scan of the rows finds.

mod damage;
mod made;
mod oracle;
mod people;
mod received;
mod shelf;
mod tamper;

pub(crate) use shelf::journal;

/// Writes rows as an hour, whatever they say.
pub(crate) fn rolled(rows: &[crate::Row]) {
    shelf::hour("1", rows, (1000, 1000));
}

/// Rows that are made up from a number.
pub(crate) fn some_rows(seed: u64, count: usize) -> Vec<crate::Row> {
    made::rows(seed, count).into_iter().map(|made| made.row).collect()
}
