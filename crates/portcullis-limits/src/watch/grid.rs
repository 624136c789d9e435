//! Points of searches that cover an area.
//!
//! Looked at are the last different points, in two ways that do not depend on where they are:
//! * *aligned*: the share of points that have exactly the latitude or the longitude of another one, as
//!   points of a grid do however they are shuffled. People round their coordinates, too; so it counts
//!   only as far as it is three times as common as being one to seven units of the last digit apart.
//! * *even*: the share of points whose nearest neighbour is as far away as that of the middle one, give
//!   or take 15 %. Travellers gather in the middle of cities: seldom above a third. A grid, also one
//!   that is turned or a little shaken, has nearly all. Of the last 256 points only.
//!
//! A shaken grid that is shuffled over many cities at once shows late, when the cities fill up.
//!
//! Must not know what was searched for.

use std::collections::{HashMap, VecDeque};

use super::detector::Hit;
use super::spec::Measure;

/// Points looked at.
pub(crate) const POINTS_MAX: usize = 2048;
/// Of these so many for what compares each with each.
const EVEN_MAX: usize = 256;
/// Looked at again after one part of so many is new: it costs a fifth of a millisecond.
const PARTS: usize = 16;
/// And after so many at least.
const EVERY: usize = 8;
/// Of dense travellers, at least so many searches come back to a point.
const RETURNS_PERCENT: u64 = 8;
/// Degrees as whole numbers.
const UNITS_PER_DEGREE: f64 = 100_000.0;

/// The last different points.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    points: VecDeque<Point>,
    fresh: usize,
}

#[derive(Debug, Clone, Copy, Eq, PartialEq)]
struct Point {
    latitude: i64,
    longitude: i64,
    at: u64,
    /// Searches that came back to it from elsewhere.
    returns: u64,
}

impl Grid {
    pub(crate) fn point(
        &mut self,
        measure: &Measure,
        (latitude, longitude): (f64, f64),
        now: u64,
    ) -> Option<Hit> {
        let possible = latitude.abs() <= 90.0 && longitude.abs() <= 360.0;
        let units = |degrees: f64| (degrees * UNITS_PER_DEGREE).round() as i64;
        let point =
            Point { latitude: units(latitude), longitude: units(longitude), at: now, returns: 0 };
        let window = measure.per.milliseconds();
        while self.points.front().is_some_and(|point| point.at.saturating_add(window) <= now) {
            self.points.pop_front();
        }
        let latest = self.points.len().wrapping_sub(1);
        let known = self.points.iter_mut().enumerate().find(|(_, other)| other.same(point));
        if let Some((place, known)) = known {
            known.returns += u64::from(place != latest);
            return None;
        }
        if !possible {
            return None;
        }
        if self.points.len() >= POINTS_MAX {
            self.points.pop_front();
        }
        self.points.push_back(point);
        self.fresh += 1;
        let few = (self.points.len() as u64) < measure.min.max(3);
        if few || self.fresh < EVERY.max(self.points.len() / PARTS) {
            return None;
        }
        self.fresh = 0;
        self.look(measure)
    }

    fn look(&mut self, measure: &Measure) -> Option<Hit> {
        let points: &[Point] = self.points.make_contiguous();
        let lately = points.len().saturating_sub(EVEN_MAX);
        let (aligned, even) = (aligned(points), even(points.get(lately..).unwrap_or(points)));
        (aligned.max(even) > measure.over).then(|| {
            let points = ("points", points.len() as u64);
            let percent = [points, ("percent aligned", aligned), ("percent even", even)];
            Hit::new(measure.signal, &percent)
        })
    }
}

impl Point {
    fn same(self, other: Self) -> bool {
        (self.latitude, self.longitude) == (other.latitude, other.longitude)
    }
}

fn percent(part: usize, all: usize) -> u64 {
    (part as u64 * 100).checked_div(all as u64).unwrap_or(0)
}

/// In percent; 0 where rounding explains it.
fn aligned(points: &[Point]) -> u64 {
    let mut lines: [HashMap<i64, u32>; 2] = [HashMap::new(), HashMap::new()];
    for point in points {
        for (line, at) in lines.iter_mut().zip([point.latitude, point.longitude]) {
            *line.entry(at).or_default() += 1;
        }
    }
    let unit = last_digit(points);
    let apart = |offset: i64, least: u32| {
        let on_line = |point: &&Point| {
            let mut both = lines.iter().zip([point.latitude, point.longitude]);
            both.any(|(line, at)| line.get(&(at + offset)).is_some_and(|points| *points >= least))
        };
        percent(points.iter().filter(on_line).count(), points.len())
    };
    let chance = [1, 2, 3, 5, 7].map(|units| apart(units * unit, 1)).iter().sum::<u64>() / 5;
    let aligned = apart(0, 2);
    if aligned > 3 * chance { aligned } else { 0 }
}

/// The unit of the last digit that nine of ten points are written with.
fn last_digit(points: &[Point]) -> i64 {
    let whole = |unit: &&i64| {
        let fits = |p: &&Point| p.latitude % **unit == 0 && p.longitude % **unit == 0;
        percent(points.iter().filter(fits).count(), points.len()) >= 90
    };
    [10_000, 1000, 100, 10].iter().find(whole).copied().unwrap_or(1)
}

/// In percent; 0 where rounding explains it: points a unit or two of the last digit apart are even by
/// themselves. But travellers who are that dense come back to the very same point, too, and a grid does
/// not.
fn even(points: &[Point]) -> u64 {
    let nearest = |place: usize, point: &Point| {
        // A degree of longitude is shorter the further from the equator.
        let narrow = (point.latitude as f64 / UNITS_PER_DEGREE).to_radians().cos();
        let others = points.iter().enumerate().filter(|(other, _)| *other != place);
        let squares = others.map(|(_, other)| {
            let north = (point.latitude - other.latitude) as f64;
            let east = (point.longitude - other.longitude) as f64 * narrow;
            north * north + east * east
        });
        squares.fold(f64::INFINITY, f64::min).sqrt()
    };
    let nearest: Vec<f64> =
        points.iter().enumerate().map(|(at, point)| nearest(at, point)).collect();
    let mut sorted = nearest.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let Some(middle) = sorted.get(sorted.len() / 2).copied() else { return 0 };
    let returns = points.iter().map(|point| point.returns).sum::<u64>() as usize;
    let dense = middle < 4.0 * last_digit(points) as f64;
    if dense && percent(returns, points.len() + returns) >= RETURNS_PERCENT {
        return 0;
    }
    let as_far = |distance: &&f64| (**distance - middle).abs() <= 0.15 * middle;
    percent(nearest.iter().filter(as_far).count(), points.len())
}
