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
    const fn place(self) -> (i64, i64) {
        (self.latitude, self.longitude)
    }
}

fn percent(part: usize, all: usize) -> u64 {
    (part as u64 * 100).checked_div(all as u64).unwrap_or(0)
}

/// What is looked for beside each point: other points on its line, and, as chance has it, points some
/// units of the last digit away from it.
const BESIDE: [(i64, u32); 6] = [(0, 2), (1, 1), (2, 1), (3, 1), (5, 1), (7, 1)];

/// In percent; 0 where rounding explains it.
fn aligned(points: &[Point]) -> u64 {
    let unit = last_digit(points);
    let mut found = vec![[false; BESIDE.len()]; points.len()];
    beside(points.iter().map(|point| point.latitude), unit, &mut found);
    beside(points.iter().map(|point| point.longitude), unit, &mut found);
    let mut counts = [0; BESIDE.len()];
    for found in &found {
        for (count, found) in counts.iter_mut().zip(found) {
            *count += usize::from(*found);
        }
    }
    let [aligned, chance @ ..] = counts.map(|count| percent(count, points.len()));
    let chance = chance.iter().sum::<u64>() / 5;
    if aligned > 3 * chance { aligned } else { 0 }
}

/// Notes what each point has beside it along one axis. Goes along the lines in their order: hashing them
/// would take many times as long.
fn beside(places: impl Iterator<Item = i64>, unit: i64, found: &mut [[bool; BESIDE.len()]]) {
    let mut order: Vec<(i64, usize)> = places.zip(0..).collect();
    order.sort_unstable();
    let mut lines: Vec<(i64, u32)> = Vec::with_capacity(order.len());
    for (at, _) in &order {
        match lines.last_mut() {
            Some((line, points)) if line == at => *points += 1,
            _ => lines.push((*at, 1)),
        }
    }
    for (which, (units, least)) in BESIDE.into_iter().enumerate() {
        let mut ahead = lines.iter().peekable();
        for (at, point) in &order {
            let wanted = at + units * unit;
            while ahead.next_if(|(line, _)| *line < wanted).is_some() {}
            let there = ahead.peek().is_some_and(|(line, n)| *line == wanted && *n >= least);
            if there && let Some(found) = found.get_mut(*point).and_then(|all| all.get_mut(which)) {
                *found = true;
            }
        }
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
fn even(points: &[Point]) -> u64 {
    let nearest = nearest(points);
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

/// How far from each point its nearest neighbour is, in no order.
fn nearest(points: &[Point]) -> Vec<f64> {
    let mut order: Vec<(i64, i64)> = points.iter().map(|point| point.place()).collect();
    order.sort_unstable();
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
