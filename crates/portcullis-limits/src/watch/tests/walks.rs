//! Ids asked one after the other.

use super::*;

/// A range as dense as that of a real platform's places: an id of seven exists.
const FIRST: u64 = 200_300_000_000;
const RANGE: u64 = 17_000;

#[track_caller]
fn check(ids: impl IntoIterator<Item = u64>, expected: Option<usize>) {
    let watches = watch(Signal::IdWalk, None, None);
    assert_eq!(first_hit(&watches, ids.into_iter().map(asked)), expected);
}

#[test]
fn sixteen_ids_in_order_are_a_walk() {
    check((0..100).map(|n| FIRST + n), Some(16));
    check((0..100).map(|n| FIRST + n * 16), Some(16));
    check((0..100).map(|n| FIRST + n * 17), None);
    check((0..100).map(|n| FIRST + RANGE - n * 3), Some(16));
    check((0..15).map(|n| FIRST + n), None);
}

#[test]
fn ids_in_random_order_are_no_walk_however_dense() {
    let mut chance = Chance(11);
    let mut dense: Vec<u64> = (0..RANGE).step_by(7).map(|n| FIRST + n).collect();
    chance.shuffle(&mut dense);
    check(dense, None);
    let with_repeats: Vec<u64> = (0..20_000).map(|_| FIRST + chance.below(RANGE) / 7 * 7).collect();
    check(with_repeats, None);
    let sparse: Vec<u64> = (0..20_000).map(|_| FIRST + chance.below(1 << 40)).collect();
    check(sparse, None);
}

#[test]
fn reading_a_few_neighbours_again_and_again_is_no_walk() {
    check((0..5000).map(|n| FIRST + n % 15), None);
    check((0..5000).map(|_| FIRST), None);
}

#[test]
fn a_walk_hidden_among_other_reading_shows() {
    let mut chance = Chance(3);
    let hidden = (0..400).map(|n| {
        if n % 20 == 0 { FIRST + n / 20 * 7 } else { FIRST + 1_000_000 + chance.below(1 << 30) }
    });
    let hidden: Vec<u64> = hidden.collect();
    check(hidden, Some(301));
}

#[test]
fn walks_of_several_keys_at_once_show() {
    let watches = watch(Signal::IdWalk, None, None);
    let hit = (0..4000_u64).find(|n| {
        let (key, step) = (n % 20, n / 20);
        let id = FIRST + key * 800 + step * 8;
        watches.observe(0, key, asked(id), at(n * 1000)).is_some()
    });
    assert!(hit.is_some_and(|calls| calls <= 16 * 20), "{hit:?}");
}

#[test]
fn ids_of_different_kinds_are_not_one_walk() {
    let watches = watch(Signal::IdWalk, None, None);
    let hit = (0..4000_u64).find(|n| {
        let kind = (n % 20) as u16;
        let event = Event::Asked { target: target(*n), kind, number: Some(FIRST + n) };
        watches.observe(0, 1, event, at(n * 1000)).is_some()
    });
    assert_eq!(hit, None, "20 apart within each kind");
}

#[test]
fn a_walk_of_weeks_is_seen_as_long_as_each_step_is_within_the_window() {
    for (step, expected) in [(6 * DAY, Some(15)), (7 * DAY, None)] {
        let watches = watch(Signal::IdWalk, None, None);
        let hit =
            (0..100).find(|n| watches.observe(0, 1, asked(FIRST + n), at(n * step)).is_some());
        assert_eq!(hit, expected);
    }
}

#[test]
fn with_any_gap_ids_that_go_one_way_without_a_break_are_a_walk() {
    #[track_caller]
    fn check(ids: impl IntoIterator<Item = u64>, expected: Option<usize>) {
        let watches = watch(Signal::IdWalk, None, 0);
        assert_eq!(first_hit(&watches, ids.into_iter().map(asked)), expected);
    }
    check((0..100).map(|n| FIRST + n * n * 1000), Some(16));
    check((0..100).map(|n| FIRST - n * n * 1000), Some(16));
    check((0..100).map(|n| FIRST + n / 3), Some(46));
    check((0..100).map(|n| if n % 15 == 14 { FIRST } else { FIRST + n }), None);
    let mut chance = Chance(17);
    check((0..50_000).map(move |_| chance.below(1 << 40)), None);
}
