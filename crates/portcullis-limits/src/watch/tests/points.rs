//! Points of searches: what covers an area, and what travellers do.

use super::*;

type Places = Vec<(f64, f64)>;

fn rounded(degrees: f64, decimals: i32) -> f64 {
    let units = 10_f64.powi(decimals);
    (degrees * units).round() / units
}

fn cities(count: usize) -> Places {
    let mut chance = Chance(41);
    (0..count).map(|_| (chance.part() * 100.0 - 45.0, chance.part() * 300.0 - 140.0)).collect()
}

/// Travellers around cities: near the middle more than at the edge, some of them searching twice.
fn travellers(searches: usize, cities: &Places, decimals: i32) -> Places {
    let mut chance = Chance(43);
    let one = |_| {
        let (latitude, longitude) = cities[chance.below(cities.len() as u64) as usize];
        let north = latitude + chance.around() * 0.05;
        let east = longitude + chance.around() * 0.05;
        (rounded(north, decimals), rounded(east, decimals))
    };
    let all: Places = (0..searches).map(one).collect();
    all.into_iter().flat_map(|point| [point, point]).collect()
}

/// `side` times `side` points around each city, three hundredths of a degree apart, shaken by a part of that.
fn grid(side: i32, cities: &Places, shaken: f64) -> Places {
    let mut chance = Chance(47);
    let mut points = Places::new();
    for (latitude, longitude) in cities {
        let narrow = latitude.to_radians().cos();
        for place in 0..side * side {
            let north = f64::from(place / side - side / 2) + chance.around() * shaken;
            let east = f64::from(place % side - side / 2) + chance.around() * shaken;
            let point = (latitude + north * 0.03, longitude + east * 0.03 / narrow);
            points.push((rounded(point.0, 5), rounded(point.1, 5)));
        }
    }
    points
}

fn hit(points: Places) -> Option<usize> {
    let events =
        points.into_iter().map(|(latitude, longitude)| Event::Point { latitude, longitude });
    first_hit(&watch(Signal::Grid, None, None), events)
}

#[track_caller]
fn check_by(points: Places, calls: usize) {
    let hit = hit(points);
    assert!(hit.is_some_and(|hit| hit <= calls), "{hit:?}");
}

#[test]
fn travellers_cover_no_area_however_their_app_rounds() {
    for decimals in [2, 3, 4, 5] {
        for count in [1, 3, 40] {
            assert_eq!(hit(travellers(800, &cities(count), decimals)), None, "{decimals} {count}");
        }
    }
}

#[test]
fn a_grid_shows_row_by_row_shuffled_shaken_and_turned() {
    check_by(grid(10, &cities(30), 0.0), 40);
    check_by(grid(10, &cities(30), 0.05), 40);
    check_by(grid(10, &cities(30), 0.1), 48);
    let mut shuffled = grid(20, &cities(1), 0.0);
    Chance(53).shuffle(&mut shuffled);
    check_by(shuffled, 48);
    let mut shuffled = grid(10, &cities(30), 0.0);
    Chance(53).shuffle(&mut shuffled);
    check_by(shuffled, 160);
    let mut shuffled = grid(20, &cities(40), 0.0);
    Chance(53).shuffle(&mut shuffled);
    assert_eq!(shuffled.len(), 16_000);
    check_by(shuffled, 400);
    let turned = grid(20, &vec![(0.0, 0.0)], 0.0).into_iter().map(|(north, east)| {
        let (sin, cos) = 0.7_f64.sin_cos();
        (rounded(north * cos - east * sin, 5), rounded(north * sin + east * cos, 5))
    });
    check_by(turned.collect(), 48);
}

#[test]
fn a_grid_of_rounded_degrees_shows() {
    let points = |step: f64| -> Places {
        (0..400)
            .map(|n| (rounded(48.8 + f64::from(n / 20) * step, 5), f64::from(n % 20) * step))
            .collect()
    };
    for step in [0.01, 0.02, 0.1, 0.001] {
        let mut points: Places = points(step);
        check_by(points.clone(), 40);
        Chance(61).shuffle(&mut points);
        check_by(points, 320);
    }
}

#[test]
fn a_grid_shows_through_the_searches_of_travellers() {
    let mut points = grid(16, &cities(1), 0.0);
    points.extend(travellers(100, &cities(40), 5));
    Chance(59).shuffle(&mut points);
    check_by(points, 200);
}

#[test]
fn searching_one_point_again_and_again_covers_nothing() {
    assert_eq!(hit(vec![(51.5314, -0.20242); 5000]), None);
}

#[test]
fn points_that_are_nowhere_are_passed_over() {
    for nowhere in [f64::NAN, f64::INFINITY, -90.001, 1e300] {
        assert_eq!(hit((0..500).map(|n| (nowhere, f64::from(n))).collect()), None, "{nowhere}");
        assert_eq!(hit((0..500).map(|n| (f64::from(n) / 9.0, 400.0)).collect()), None);
    }
}

#[test]
fn the_evidence_tells_what_was_measured() {
    let watches = watch(Signal::Grid, None, None);
    let hit = grid(10, &cities(1), 0.0).into_iter().enumerate().find_map(|(n, point)| {
        let event = Event::Point { latitude: point.0, longitude: point.1 };
        watches.observe(0, 1, event, at(n as u64))
    });
    let figures = hit.unwrap().figures;
    let names: Vec<_> = figures.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["points", "percent aligned", "percent even"]);
    assert_eq!((figures[0].1, figures[1].1), (40, 100));
}
