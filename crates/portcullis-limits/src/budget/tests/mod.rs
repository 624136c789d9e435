//! Budgets with a clock turned by hand: what counts, for whom, and for how long.

mod bounds;
mod keep;
mod model;
mod several;

use std::sync::Arc;

use portcullis_types::{Counts, RateId, Span, Wall};

use super::*;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Any moment will do.
const START: u64 = 1_700_000_000_000;

fn limit(id: &str, counts: Counts, each_target: bool, window: &str) -> Limit {
    let window: Span = window.parse().unwrap();
    Limit { id: RateId::new(id).unwrap(), counts, each_target, window }
}

fn targets(id: &str, window: &str) -> Limit {
    limit(id, Counts::Targets, false, window)
}

fn rows_each(id: &str, window: &str) -> Limit {
    limit(id, Counts::Rows, true, window)
}

fn calls(id: &str, window: &str) -> Limit {
    limit(id, Counts::Calls, false, window)
}

fn specs(limits: &[Limit]) -> Arc<BudgetSpecs> {
    Arc::new(BudgetSpecs::new(limits.to_vec()).unwrap())
}

fn budgets(limits: &[Limit]) -> Budgets {
    Budgets::new(specs(limits))
}

fn at(milliseconds: u64) -> Wall {
    Wall(START + milliseconds)
}

fn key(number: u64) -> TargetKey {
    Hasher128::new(b"a secret of test").key(1, &number.to_string())
}

fn want(limit: usize, target: u64, amount: u32, max: u64) -> Want {
    Want { limit, target: Some(key(target)), amount, max }
}

/// Reads a target and leaves it debited; tells the limit and the wait that refuse.
fn read(budgets: &Budgets, want: Want, now: Wall) -> Result<(), (String, Option<u64>)> {
    reads(budgets, &[want], now)
}

fn reads(budgets: &Budgets, wants: &[Want], now: Wall) -> Result<(), (String, Option<u64>)> {
    match budgets.reserve(wants, now) {
        Ok(receipt) => {
            budgets.settle(receipt, &[]);
            Ok(())
        }
        Err(denied) => Err(told(denied)),
    }
}

fn told(denied: Denied) -> (String, Option<u64>) {
    match denied {
        Denied::Reached(reached) => {
            let wait = reached.hit.retry_after_seconds.map(std::num::NonZeroU64::get);
            (format!("{}{}", reached.hit.limit, if reached.full { " (full)" } else { "" }), wait)
        }
        Denied::Moved => ("moved".into(), None),
    }
}

fn no(limit: &str, wait: impl Into<Option<u64>>) -> Result<(), (String, Option<u64>)> {
    Err((limit.into(), wait.into()))
}

#[test]
fn reading_again_is_free_and_renews_nothing() {
    let places = budgets(&[targets("places", "24h")]);
    assert_eq!(read(&places, want(0, 1, 1, 2), at(0)), Ok(()));
    for hour in 1..24 {
        assert_eq!(read(&places, want(0, 1, 1, 2), at(hour * HOUR)), Ok(()));
    }
    assert_eq!(places.used(0, None, at(DAY - 1)), Some(1));
    assert_eq!(places.used(0, None, at(DAY)), Some(0), "the last reading renewed nothing");
}

#[test]
fn a_target_counts_anew_after_its_window() {
    let places = budgets(&[targets("places", "24h")]);
    assert_eq!(read(&places, want(0, 1, 1, 1), at(0)), Ok(()));
    assert_eq!(read(&places, want(0, 1, 1, 1), at(DAY)), Ok(()), "new again");
    assert_eq!(read(&places, want(0, 2, 1, 1), at(DAY + 1)), no("places", 86_400));
    assert_eq!(read(&places, want(0, 2, 1, 1), at(2 * DAY)), Ok(()));
}

#[test]
fn windows_roll_exactly_at_their_borders() {
    let limits = budgets(&[targets("places", "1h"), rows_each("rows", "1h"), calls("calls", "1h")]);
    let one = |target| [want(0, target, 1, 1), want(1, 1, 5, 5), want(2, 0, 1, 1)];
    assert_eq!(reads(&limits, &one(1), at(0)), Ok(()));
    for place in 0..3 {
        let wants = [one(2)[place]];
        assert!(reads(&limits, &wants, at(HOUR - 1)).is_err(), "a millisecond too early");
    }
    assert_eq!(reads(&limits, &one(2), at(HOUR)), Ok(()));
}

#[test]
fn a_refused_call_counts_nothing_anywhere() {
    let limits =
        budgets(&[targets("places", "24h"), rows_each("rows", "24h"), calls("calls", "24h")]);
    for _ in 0..1000 {
        let wants = [want(0, 1, 1, 9), want(1, 1, 50, 100), want(2, 0, 1, 0)];
        assert_eq!(reads(&limits, &wants, at(0)), no("calls", None));
    }
    for limit in 0..3 {
        assert_eq!(limits.used(limit, Some(key(1)), at(0)), Some(0), "{limit}");
    }
}

#[test]
fn a_call_that_was_not_forwarded_gives_everything_back() {
    let limits = budgets(&[targets("places", "24h"), rows_each("rows", "24h")]);
    let wants = [want(0, 1, 1, 1), want(1, 1, 50, 50)];
    let receipt = limits.reserve(&wants, at(0)).unwrap();
    assert_eq!(reads(&limits, &[want(0, 2, 1, 1)], at(1)), no("places", 86_400));
    limits.release(receipt);
    assert_eq!(limits.used(0, None, at(1)), Some(0));
    assert_eq!(limits.used(1, Some(key(1)), at(1)), Some(0));
    assert_eq!(reads(&limits, &wants, at(1)), Ok(()));
}

#[test]
fn what_another_call_read_for_free_meanwhile_stays_counted() {
    let places = budgets(&[targets("places", "24h")]);
    let first = places.reserve(&[want(0, 1, 1, 1)], at(0)).unwrap();
    let second = places.reserve(&[want(0, 1, 1, 1)], at(5)).unwrap();
    places.release(first);
    assert_eq!(places.used(0, None, at(6)), Some(1));
    places.release(second);
    assert_eq!(places.used(0, None, at(6)), Some(0));
}

#[test]
fn an_old_receipt_takes_nothing_from_a_later_window() {
    let places = budgets(&[targets("places", "1h"), calls("calls", "1h")]);
    let old = places.reserve(&[want(0, 1, 1, 9), want(1, 0, 1, 9)], at(0)).unwrap();
    assert_eq!(reads(&places, &[want(0, 1, 1, 9), want(1, 0, 1, 9)], at(HOUR)), Ok(()));
    places.release(old);
    assert_eq!(places.used(0, None, at(HOUR)), Some(1));
    assert_eq!(places.used(1, None, at(HOUR)), Some(1));
}

#[test]
fn what_an_answer_held_is_debited_even_above_the_maximum() {
    let limits = budgets(&[targets("authors", "24h"), rows_each("rows", "24h")]);
    let receipt = limits.reserve(&[want(1, 7, 25, 100)], at(0)).unwrap();
    let found = |limit, target, rows| Found { limit, target: Some(key(target)), rows };
    let held = [found(0, 1, 1), found(0, 2, 1), found(0, 1, 1), found(1, 7, 30), found(1, 8, 3)];
    limits.settle(receipt, &held);
    assert_eq!(limits.used(0, None, at(0)), Some(2), "two authors, one of them twice");
    assert_eq!(limits.used(1, Some(key(7)), at(0)), Some(30), "five more than reserved");
    assert_eq!(limits.used(1, Some(key(8)), at(0)), Some(3));
    assert_eq!(read(&limits, want(0, 3, 1, 1), at(1)), no("authors", 86_400));
    assert_eq!(read(&limits, want(0, 2, 1, 1), at(1)), Ok(()), "known already");
}

#[test]
fn an_answer_with_fewer_rows_than_asked_gives_nothing_back() {
    let limits = budgets(&[rows_each("rows", "24h")]);
    let receipt = limits.reserve(&[want(0, 1, 50, 50)], at(0)).unwrap();
    limits.settle(receipt, &[Found { limit: 0, target: Some(key(1)), rows: 2 }]);
    assert_eq!(limits.used(0, Some(key(1)), at(0)), Some(50));
}

#[test]
fn zero_means_none_and_waiting_does_not_help() {
    let limits =
        budgets(&[targets("places", "24h"), rows_each("rows", "24h"), calls("calls", "24h")]);
    assert_eq!(read(&limits, want(0, 1, 1, 5), at(0)), Ok(()));
    for (limit, name) in [(0, "places"), (1, "rows"), (2, "calls")] {
        assert_eq!(read(&limits, want(limit, 1, 1, 0), at(1)), no(name, None));
        assert_eq!(read(&limits, want(limit, 1, 0, 0), at(1)), no(name, None));
    }
}

#[test]
fn a_lowered_maximum_leaves_repeats_free_and_admits_nothing_new() {
    let places = budgets(&[targets("places", "24h")]);
    for target in 0..5 {
        assert_eq!(read(&places, want(0, target, 1, 5), at(target * 1000)), Ok(()));
    }
    assert_eq!(read(&places, want(0, 4, 1, 2), at(9000)), Ok(()));
    assert_eq!(read(&places, want(0, 9, 1, 2), at(9000)), no("places", 86_394));
}

#[test]
fn a_call_that_alone_is_over_the_maximum_never_passes() {
    let limits = budgets(&[rows_each("rows", "24h"), targets("places", "24h")]);
    assert_eq!(read(&limits, want(0, 1, 51, 50), at(0)), no("rows", None));
    let three = [want(1, 1, 1, 2), want(1, 2, 1, 2), want(1, 3, 1, 2)];
    assert_eq!(reads(&limits, &three, at(0)), no("places", None));
    assert_eq!(reads(&limits, &three[..2], at(0)), Ok(()));
}

#[test]
fn rows_count_for_each_target_alone() {
    let limits = budgets(&[rows_each("rows", "24h")]);
    for (hour, rows, expected) in
        [(0, 50, Ok(())), (1, 50, Ok(())), (2, 1, no("rows", 22 * 3600)), (24, 50, Ok(()))]
    {
        for target in 0..3 {
            assert_eq!(read(&limits, want(0, target, rows, 100), at(hour * HOUR)), expected);
        }
    }
}

#[test]
fn a_clock_that_goes_back_neither_frees_nor_shortens_anything() {
    let places = budgets(&[targets("places", "1h")]);
    assert_eq!(read(&places, want(0, 1, 1, 2), at(10 * HOUR)), Ok(()));
    assert_eq!(read(&places, want(0, 2, 1, 2), at(0)), Ok(()), "counted at the latest moment");
    assert_eq!(read(&places, want(0, 3, 1, 2), at(0)), no("places", 3600));
    assert_eq!(places.used(0, None, at(11 * HOUR - 1)), Some(2));
    assert_eq!(places.used(0, None, at(11 * HOUR)), Some(0));
}

#[test]
fn what_is_left_and_when_it_comes_back_is_told() {
    let limits = budgets(&[targets("places", "24h"), rows_each("rows", "24h")]);
    let left = limits.left(0, None, 5, at(0)).unwrap();
    assert_eq!((left.used, left.left, left.next_seconds, left.reset_seconds), (0, 5, None, 0));
    assert_eq!(read(&limits, want(0, 1, 1, 5), at(0)), Ok(()));
    assert_eq!(read(&limits, want(0, 2, 1, 5), at(HOUR)), Ok(()));
    assert_eq!(read(&limits, want(1, 2, 40, 50), at(HOUR)), Ok(()));
    let left = limits.left(0, None, 5, at(2 * HOUR)).unwrap();
    let next = left.next_seconds.map(std::num::NonZeroU64::get);
    assert_eq!((left.used, left.left, next, left.reset_seconds), (2, 3, Some(79_200), 82_800));
    let left = limits.left(1, Some(key(1)), 50, at(2 * HOUR)).unwrap();
    assert_eq!((left.used, left.left), (0, 50), "of another target");
    assert_eq!(limits.left(7, None, 5, at(0)), None);
}

#[test]
fn a_seeded_amount_counts_for_every_target() {
    let limits = budgets(&[rows_each("rows", "24h"), targets("places", "24h")]);
    assert!(limits.seed(0, 2_490, at(0)));
    assert!(limits.seed(1, 39, at(0)));
    assert!(!limits.seed(2, 1, at(0)));
    assert_eq!(read(&limits, want(0, 1, 11, 2_500), at(0)), no("rows", 86_400));
    assert_eq!(read(&limits, want(0, 1, 10, 2_500), at(0)), Ok(()));
    assert_eq!(read(&limits, want(1, 1, 1, 40), at(0)), Ok(()));
    assert_eq!(read(&limits, want(1, 2, 1, 40), at(0)), no("places", 86_400));
}

#[track_caller]
fn check_fault(limits: Vec<Limit>, expected: &str) {
    assert_eq!(BudgetSpecs::new(limits).unwrap_err().to_string(), expected);
}

#[test]
fn limits_that_cannot_be_counted_are_refused_when_they_are_stated() {
    let twice = vec![targets("places", "1h"), calls("places", "1h")];
    check_fault(twice, "two limits are named `places`: rename one of them");
    let long = vec![targets("places", "32d")];
    check_fault(long, "the window of limit `places` is 32d: write more than 0s and at most 31d");
    let zero = vec![targets("places", "0s")];
    check_fault(zero, "the window of limit `places` is 0s: write more than 0s and at most 31d");
    check_fault(
        vec![limit("places", Counts::Targets, true, "1h")],
        "limit `places` counts different targets for each target, which is never more than 1: \
         count rows or calls, or leave out `each: target`",
    );
    let many = (0..65).map(|n| calls(&format!("calls-{n}"), "1h")).collect();
    check_fault(many, "65 limits for one kind of subject: write at most 64");
}
