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

use std::collections::{BTreeMap, VecDeque};

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
    /// The number of each point, counted from the first there ever was.
    numbers: BTreeMap<(i64, i64), usize>,
    /// Points that were forgotten: the number of the oldest that is left.
    forgotten: usize,
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
            self.forget();
        }
        let latest = self.points.len().wrapping_sub(1);
        let number = self.numbers.get(&point.place()).copied();
        let known = number.map(|number| number.wrapping_sub(self.forgotten));
        if let Some((at, known)) = known.and_then(|at| Some((at, self.points.get_mut(at)?))) {
            known.returns += u64::from(at != latest);
            return None;
        }
        if !possible {
            return None;
        }
        if self.points.len() >= POINTS_MAX {
            self.forget();
        }
        self.numbers.insert(point.place(), self.forgotten.wrapping_add(self.points.len()));
        self.points.push_back(point);
        self.fresh += 1;
        let few = (self.points.len() as u64) < measure.min.max(3);
        if few || self.fresh < EVERY.max(self.points.len() / PARTS) {
            return None;
        }
        self.fresh = 0;
        self.look(measure)
    }

    /// Forgets the oldest point.
    fn forget(&mut self) {
        if let Some(point) = self.points.pop_front() {
            self.numbers.remove(&point.place());
            self.forgotten = self.forgotten.wrapping_add(1);
        }
    }

    fn look(&mut self, measure: &Measure) -> Option<Hit> {
        let points: &[Point] = self.points.make_contiguous();
        let numbered = self.numbers.iter();
        let order: Vec<Numbered> =
            numbered.map(|(place, number)| (*place, number.wrapping_sub(self.forgotten))).collect();
        let lately = points.len().saturating_sub(EVEN_MAX);
        let late = order.iter().filter(|(_, at)| *at >= lately);
        let late: Vec<(i64, i64)> = late.map(|(place, _)| *place).collect();
        let even = even(points.get(lately..).unwrap_or(points), &late);
        let aligned = aligned(points, &order);
        (aligned.max(even) > measure.over).then(|| {
            let points = ("points", points.len() as u64);
            let percent = [points, ("percent aligned", aligned), ("percent even", even)];
            Hit::new(measure.signal, &percent)
        })
    }
}

/// Latitude and longitude of a point, and its place among all.
type Numbered = ((i64, i64), usize);

impl Point {
    const fn place(self) -> (i64, i64) {
        (self.latitude, self.longitude)
    }
}

fn percent(part: usize, all: usize) -> u64 {
    (part as u64 * 100).checked_div(all as u64).unwrap_or(0)
}

/// By chance points are so many units of the last digit apart.
const APART: [i64; 5] = [1, 2, 3, 5, 7];
/// What was found of a point: another one on its line; the bits behind it are those of [`APART`].
const ON_LINE: u8 = 1;

/// In percent; 0 where rounding explains it. The points come in their order, too.
fn aligned(points: &[Point], order: &[Numbered]) -> u64 {
    let unit = last_digit(points);
    let mut found = vec![0; points.len()];
    let latitudes: Vec<_> = order.iter().map(|((latitude, _), at)| (*latitude, *at)).collect();
    beside(&latitudes, unit, &mut found);
    let mut longitudes: Vec<_> = points.iter().map(|point| point.longitude).zip(0..).collect();
    longitudes.sort_unstable();
    beside(&longitudes, unit, &mut found);
    let share = |bit: u8| percent(found.iter().filter(|of| *of & bit != 0).count(), points.len());
    let chance = (1..).zip(APART).map(|(bit, _)| share(ON_LINE << bit)).sum::<u64>() / 5;
    let aligned = share(ON_LINE);
    if aligned > 3 * chance { aligned } else { 0 }
}

/// Notes what each point has beside it along one axis; points come in their order there. Lines are looked
/// for where they must be: hashing them would take many times as long.
fn beside(order: &[(i64, usize)], unit: i64, found: &mut [u8]) {
    let mut rest = order;
    while let Some((line, _)) = rest.first().copied() {
        let count = rest.iter().take_while(|(at, _)| *at == line).count();
        let (here, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        let mut bits = if count > 1 { ON_LINE } else { 0 };
        for (at, _) in after.iter().take_while(|(at, _)| *at <= line + 7 * unit) {
            for (bit, _) in (1..).zip(APART).filter(|(_, units)| line + units * unit == *at) {
                bits |= ON_LINE << bit;
            }
        }
        for (_, point) in here {
            if let Some(found) = found.get_mut(*point) {
                *found |= bits;
            }
        }
        rest = after;
    }
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
fn even(points: &[Point], order: &[(i64, i64)]) -> u64 {
    let nearest = nearest(order);
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

/// How far from each point its nearest neighbour is; points come in their order.
fn nearest(order: &[(i64, i64)]) -> Vec<f64> {
    let distance = |at: usize, (latitude, longitude): (i64, i64)| {
        // A degree of longitude is shorter the further from the equator.
        let narrow = (latitude as f64 / UNITS_PER_DEGREE).to_radians().cos();
        let mut nearest = f64::INFINITY;
        // False once no point further on can be nearer.
        let mut look = |other: &(i64, i64)| {
            let north = (latitude - other.0) as f64;
            let east = (longitude - other.1) as f64 * narrow;
            let goes_on = north * north < nearest;
            nearest = nearest.min(north * north + east * east);
            goes_on
        };
        let (before, after) = order.split_at_checked(at).unwrap_or_default();
        let _ = before.iter().rev().all(&mut look);
        let _ = after.iter().skip(1).all(&mut look);
        nearest.sqrt()
    };
    order.iter().enumerate().map(|(at, place)| distance(at, *place)).collect()
}
