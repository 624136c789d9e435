//! How many records were made where on the map.
//!
//! Must not know which question is asked.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

/// How many records were made in a cell of the map.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize)]
pub struct CellCount {
    /// The cell, as [`portcullis_types::map_cell`] counts.
    pub cell: u32,
    /// Records.
    pub records: u64,
}

/// Most cells that are listed; the map has six million.
pub(crate) const CELLS_MAX: usize = 1000;
/// Rows of the map, as [`portcullis_types::map_cell`] counts them; no record lies beyond.
const ROWS: u32 = 1800;
/// Cells of a row of the map, as [`portcullis_types::map_cell`] counts them.
const CELLS_OF_ROW: u32 = 3600;

/// Records of each cell, by row of the map; 26 MB where there are some in each.
#[derive(Default)]
pub(super) struct Cells(BTreeMap<u32, Vec<u32>>);

impl Cells {
    pub(super) fn add(&mut self, cell: u32) {
        let (row, column) = (cell / CELLS_OF_ROW, (cell % CELLS_OF_ROW) as usize);
        if row >= ROWS {
            return;
        }
        let cells = self.0.entry(row).or_insert_with(|| vec![0; CELLS_OF_ROW as usize]);
        if let Some(count) = cells.get_mut(column) {
            *count = count.saturating_add(1);
        }
    }

    /// Those with most records, most of them first, and how many cells have any.
    pub(super) fn most(&self) -> (Vec<CellCount>, u64) {
        let cell = |row: u32, column: u32, records: u32| CellCount {
            cell: row * CELLS_OF_ROW + column,
            records: u64::from(records),
        };
        let cells = self.0.iter().flat_map(|(row, cells)| {
            (0..).zip(cells).map(move |(column, records)| cell(*row, column, *records))
        });
        let mut cells: Vec<CellCount> = cells.filter(|of| of.records > 0).collect();
        let count = cells.len() as u64;
        cells.sort_by_key(|of| (Reverse(of.records), of.cell));
        cells.truncate(CELLS_MAX);
        (cells, count)
    }
}
