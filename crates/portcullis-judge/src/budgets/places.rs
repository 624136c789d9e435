//! Targets that no call names: cells of a grid, and what stands for nodes that are not known yet.
//!
//! Must not know limits.

use portcullis_limits::budget::{Hasher128, TargetKey};
use portcullis_types::asked::Asks;

use super::FOUND;
use crate::live::Live;
use crate::rules::LimitPlace;

/// Stands for the type of cells.
const CELLS: u16 = FOUND - 1;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_195.0;

/// The cell in which the point of a call lies.
pub(super) fn cell(hasher: &Hasher128, place: &LimitPlace, asks: &Asks<'_>) -> Option<TargetKey> {
    let side = place.cell_m?;
    let (latitude, longitude) = asks.params.point?;
    let (row, column) = at(f64::from(side.max(1)), latitude, longitude);
    Some(hasher.key(CELLS, &format!("{side} {row} {column}")))
}

/// Row and column of a cell. A row has as many cells as its middle has room for, so that cells are as
/// wide near the poles as elsewhere.
fn at(side: f64, latitude: f64, longitude: f64) -> (i64, i64) {
    let row = (latitude * DEGREE_M / side).floor();
    let middle = ((row + 0.5) * side / DEGREE_M).clamp(-90.0, 90.0);
    let around = (360.0 * DEGREE_M * middle.to_radians().cos() / side).floor().max(1.0);
    // 180 degrees west are 180 degrees east.
    let column = ((longitude + 180.0).rem_euclid(360.0) / 360.0 * around).floor();
    (whole(row), whole(column))
}

#[expect(clippy::cast_possible_truncation, reason = "a cell of the earth, floored")]
const fn whole(number: f64) -> i64 {
    number as i64
}

/// A target that no other call has.
pub(super) fn held(hasher: &Hasher128, live: &Live) -> TargetKey {
    hasher.key(FOUND, &format!("held {}", live.number()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_the_sides_they_should_wherever_they_lie() {
        let check = |one: (f64, f64), other: (f64, f64), same: bool| {
            let cell = |(latitude, longitude)| at(1000.0, latitude, longitude);
            assert_eq!(cell(one) == cell(other), same, "{one:?} {other:?}");
        };
        let metres = 1.0 / DEGREE_M;
        for latitude in [0.0_f64, 48.2, -33.9, 69.6] {
            let (row, _) = at(1000.0, latitude, 16.4);
            #[expect(clippy::cast_precision_loss, reason = "a small number")]
            let middle = (row as f64 + 0.5) * 1000.0 * metres;
            let east = metres / middle.to_radians().cos();
            let mut cells = std::collections::BTreeSet::new();
            for step in 0..100 {
                cells.insert(at(1000.0, middle, 16.4 + f64::from(step) * 100.0 * east));
            }
            assert!((10..=11).contains(&cells.len()), "ten kilometres: {}", cells.len());
            check((middle, 16.4), (middle + 1001.0 * metres, 16.4), false);
        }
        check((0.001, 180.0), (0.001, -180.0), true);
        check((90.0, 10.0), (90.0, 10.0), true);
    }
}
