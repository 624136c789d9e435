//! Rates with a clock turned by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::{Meter, RateSpec};

fn spec(id: &str, max: u64, window: &str, burst: u64) -> RateSpec {
    RateSpec { id: RateId::new(id).unwrap(), max, window: window.parse().unwrap(), burst }
}

fn limiters(specs: &[RateSpec]) -> Limiters {
    Limiters::new(Arc::new(Meter::new(specs.to_vec())))
}

fn seconds(seconds: u64) -> Mono {
    Mono(1_000_000_000_000 + seconds * NANOSECONDS_PER_SECOND)
}

fn all(limiters: &Limiters) -> Vec<Claim<'_>> {
    (0..limiters.meter().specs().len()).map(|rate| Claim { limiters, rate }).collect()
}

/// Asks, and gives units left or the rate and the wait that refuse.
fn ask(claims: &[Claim<'_>], cost: u32, at: Mono) -> Result<u64, (String, Option<u64>)> {
    match take(claims, cost, at) {
        Ok(reading) => Ok(reading.map_or(u64::MAX, |reading| reading.remaining)),
        Err(Denied::Reached { hit, .. }) => {
            Err((hit.rate.to_string(), hit.retry_after_seconds.map(NonZeroU64::get)))
        }
        Err(Denied::Moved) => Err(("moved".into(), None)),
    }
}

fn no(rate: &str, wait: Option<u64>) -> Result<u64, (String, Option<u64>)> {
    Err((rate.into(), wait))
}

#[test]
fn a_burst_passes_and_then_one_by_one() {
    let rates = limiters(&[spec("calls", 60, "1m", 3)]);
    let claims = all(&rates);
    for left in [2, 1, 0] {
        assert_eq!(ask(&claims, 1, seconds(0)), Ok(left));
    }
    assert_eq!(ask(&claims, 1, seconds(0)), no("calls", Some(1)));
    assert_eq!(ask(&claims, 1, seconds(1)), Ok(0));
    assert_eq!(ask(&claims, 1, seconds(1)), no("calls", Some(1)));
    assert_eq!(ask(&claims, 1, seconds(100)), Ok(2), "no more than the burst is saved up");
}

#[test]
fn zero_means_none_and_says_that_waiting_does_not_help() {
    for zero in [spec("none", 0, "1h", 9), spec("none", 9, "1h", 0), spec("none", 9, "0s", 9)] {
        let rates = limiters(&[zero]);
        assert_eq!(ask(&all(&rates), 1, seconds(0)), no("none", None));
    }
}

#[test]
fn a_call_dearer_than_the_burst_never_passes() {
    let rates = limiters(&[spec("calls", 60, "1m", 3)]);
    assert_eq!(ask(&all(&rates), 4, seconds(0)), no("calls", None));
    assert_eq!(ask(&all(&rates), u32::MAX, seconds(0)), no("calls", None));
    assert_eq!(ask(&all(&rates), 3, seconds(0)), Ok(0));
    assert_eq!(ask(&all(&rates), 2, seconds(0)), no("calls", Some(2)));
}

#[test]
fn a_call_costs_at_least_one() {
    let rates = limiters(&[spec("calls", 60, "1m", 2)]);
    assert_eq!(ask(&all(&rates), 0, seconds(0)), Ok(1));
}

#[test]
fn no_rate_refuses_nothing() {
    assert_eq!(take(&[], 1, seconds(0)), Ok(None));
}

#[test]
fn a_refused_call_debits_nothing_anywhere() {
    let partner = limiters(&[spec("wide", 100, "1m", 100)]);
    let key = limiters(&[spec("narrow", 1, "1m", 1)]);
    let claims = [Claim { limiters: &partner, rate: 0 }, Claim { limiters: &key, rate: 0 }];
    assert_eq!(ask(&claims, 1, seconds(0)), Ok(0));
    for _ in 0..1000 {
        assert_eq!(ask(&claims, 1, seconds(0)), no("narrow", Some(60)));
    }
    assert_eq!(ask(&claims[..1], 1, seconds(0)), Ok(98), "one passed before, one now");
}

#[test]
fn what_was_debited_before_the_refusal_is_given_back() {
    // Both claims look free by themselves; together they are not.
    let rates = limiters(&[spec("calls", 60, "1m", 3)]);
    let twice = [Claim { limiters: &rates, rate: 0 }; 2];
    assert_eq!(ask(&twice, 2, seconds(0)), no("calls", Some(1)));
    assert_eq!(ask(&twice[..1], 3, seconds(0)), Ok(0));
}

#[test]
fn of_several_that_refuse_the_longest_wait_is_told_and_never_is_longest() {
    let rates = limiters(&[spec("a", 60, "1m", 1), spec("b", 1, "1m", 1), spec("c", 30, "1m", 1)]);
    let claims = all(&rates);
    assert_eq!(ask(&claims, 1, seconds(0)), Ok(0));
    assert_eq!(ask(&claims, 1, seconds(0)), no("b", Some(60)));
    let none = limiters(&[spec("d", 0, "1s", 1)]);
    let more: Vec<_> = claims.iter().copied().chain(all(&none)).collect();
    assert_eq!(ask(&more, 1, seconds(0)), no("d", None));
}

#[test]
fn the_reading_is_of_the_tightest_rate() {
    let rates = limiters(&[spec("a", 60, "1m", 9), spec("b", 30, "1m", 2)]);
    let reading = take(&all(&rates), 1, seconds(0)).unwrap().unwrap();
    assert_eq!((reading.claim, reading.rate.as_str()), (1, "b"));
    assert_eq!((reading.remaining, reading.reset_seconds, reading.burst), (1, 2, 2));
}

#[test]
fn a_claim_on_a_rate_that_is_not_there_is_refused() {
    let rates = limiters(&[spec("a", 60, "1m", 9)]);
    assert!(take(&[Claim { limiters: &rates, rate: 7 }], 1, seconds(0)).is_err());
}

#[test]
fn an_equal_quota_carries_over_and_a_changed_one_starts_with_what_is_used() {
    let old = limiters(&[
        spec("equal", 60, "1m", 5),
        spec("slower", 60, "1m", 5),
        spec("wider", 60, "1m", 5),
        spec("gone", 60, "1m", 5),
        spec("zero", 0, "1m", 5),
    ]);
    for rate in 0..4 {
        assert_eq!(ask(&[Claim { limiters: &old, rate }], 4, seconds(0)), Ok(1));
    }
    let meter = Arc::new(Meter::new(vec![
        spec("new", 60, "1m", 5),
        spec("wider", 60, "1m", 9),
        spec("slower", 6, "1m", 5),
        spec("equal", 60, "1m", 5),
        spec("zero", 60, "1m", 5),
    ]));
    let new = old.carry(meter, seconds(0));
    for (rate, left) in [(0, 4), (1, 4), (2, 0), (3, 0), (4, 4)] {
        assert_eq!(ask(&[Claim { limiters: &new, rate }], 1, seconds(0)), Ok(left), "{rate}");
    }
    assert_eq!(ask(&[Claim { limiters: &new, rate: 2 }], 1, seconds(0)), no("slower", Some(10)));
    assert_eq!(ask(&all(&old)[..1], 1, seconds(0)), no("moved", None), "no debit is lost");
    let again = old.carry(Arc::clone(new.meter()), seconds(0));
    assert_eq!(
        ask(&all(&again)[3..4], 1, seconds(0)),
        no("equal", Some(1)),
        "what ended can't become fresh"
    );
}

#[test]
fn threads_together_never_overshoot() {
    let wide = limiters(&[spec("wide", 1_000, "1h", 1_000)]);
    let narrow = limiters(&[spec("narrow", 500, "1h", 500)]);
    let passed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let claims =
                    [Claim { limiters: &wide, rate: 0 }, Claim { limiters: &narrow, rate: 0 }];
                for _ in 0..1_000 {
                    if take(&claims, 1, seconds(0)).is_ok() {
                        passed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(passed.load(Ordering::Relaxed), 500);
    assert_eq!(ask(&all(&wide), 1, seconds(0)), Ok(499), "what was refused was given back");
}

proptest! {
    #[test]
    fn in_no_window_more_than_burst_and_max_pass_and_the_wait_is_true(
        (max, window_seconds, burst) in (1u64..20, 1u64..30, 1u64..12),
        calls in proptest::collection::vec((0u64..4_000, 1u32..4), 1..120),
    ) {
        let rates = limiters(&[spec("r", max, &format!("{window_seconds}s"), burst)]);
        let claims = all(&rates);
        let mut at = seconds(0);
        let mut passed: Vec<(u64, u64)> = Vec::new();
        for (milliseconds, cost) in calls {
            at = Mono(at.0 + milliseconds * 1_000_000);
            match ask(&claims, cost, at) {
                Ok(_) => passed.push((at.0, u64::from(cost))),
                Err((_, None)) => prop_assert!(u64::from(cost) > burst),
                Err((_, Some(wait))) => {
                    // Nothing was debited, so after the wait the same call passes.
                    let later = limiters(&[spec("r", max, &format!("{window_seconds}s"), burst)]);
                    for (when, cost) in &passed {
                        prop_assert!(ask(&all(&later), *cost as u32, Mono(*when)).is_ok());
                    }
                    let then = Mono(at.0 + wait * NANOSECONDS_PER_SECOND);
                    prop_assert!(ask(&all(&later), cost, then).is_ok());
                }
            }
        }
        for (start, _) in &passed {
            let end = start + window_seconds * NANOSECONDS_PER_SECOND;
            let within = passed.iter().filter(|(when, _)| (*start..end).contains(when));
            prop_assert!(within.map(|(_, cost)| cost).sum::<u64>() <= burst + max);
        }
    }

    #[test]
    fn what_is_used_survives_any_change_of_quota(
        (max, burst, cost) in (1u64..50, 1u64..50, 1u32..50),
        (new_max, new_burst) in (1u64..50, 1u64..50),
    ) {
        prop_assume!(u64::from(cost) <= burst);
        let old = limiters(&[spec("r", max, "10s", burst)]);
        prop_assert!(ask(&all(&old), cost, seconds(0)).is_ok());
        let new = old.carry(Arc::new(Meter::new(vec![spec("r", new_max, "10s", new_burst)])), seconds(0));
        let left = new_burst.saturating_sub(u64::from(cost));
        let mut passed = 0;
        while ask(&all(&new), 1, seconds(0)).is_ok() {
            passed += 1;
        }
        prop_assert_eq!(passed, left);
    }
}
