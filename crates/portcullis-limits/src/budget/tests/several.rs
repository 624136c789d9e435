//! Several limits, several subjects, several threads at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[test]
fn several_limits_count_one_target_once_each() {
    let limits =
        budgets(&[targets("day", "24h"), targets("month", "30d"), rows_each("rows", "1h")]);
    let call = [want(0, 1, 1, 5), want(1, 1, 1, 5), want(2, 1, 25, 500), want(0, 1, 1, 5)];
    assert_eq!(reads(&limits, &call, at(0)), Ok(()));
    assert_eq!(limits.used(0, None, at(0)), Some(1), "named twice, counted once");
    assert_eq!(limits.used(1, None, at(0)), Some(1));
    assert_eq!(limits.used(2, Some(key(1)), at(0)), Some(25));
}

#[test]
fn ids_of_one_call_pass_together_or_not_at_all() {
    let places = budgets(&[targets("places", "24h")]);
    let fifty: Vec<Want> = (0..50).map(|target| want(0, target, 1, 60)).collect();
    assert_eq!(reads(&places, &fifty, at(0)), Ok(()));
    let more: Vec<Want> = (45..61).map(|target| want(0, target, 1, 60)).collect();
    assert_eq!(reads(&places, &more, at(1000)), no("places", 86_399));
    assert_eq!(places.used(0, None, at(1000)), Some(50));
    assert_eq!(reads(&places, &more[..15], at(1000)), Ok(()), "five known, ten new");
    assert_eq!(places.used(0, None, at(1000)), Some(60));
}

#[test]
fn of_several_that_refuse_the_longest_wait_is_told_and_never_is_longest() {
    let limits = budgets(&[calls("hour", "1h"), calls("day", "24h"), calls("none", "1h")]);
    let wants = [want(0, 0, 1, 1), want(1, 0, 1, 1)];
    assert_eq!(reads(&limits, &wants, at(0)), Ok(()));
    assert_eq!(reads(&limits, &wants, at(0)), no("day", 86_400));
    let wants = [want(2, 0, 1, 0), want(0, 0, 1, 1), want(1, 0, 1, 1)];
    assert_eq!(reads(&limits, &wants, at(0)), no("none", None));
}

#[test]
fn several_subjects_are_debited_all_or_none() {
    let partner = budgets(&[targets("places", "24h")]);
    let client = budgets(&[targets("places", "24h"), calls("calls", "1h")]);
    let call = |target, now| {
        let (p, c) = ([want(0, target, 1, 9)], [want(0, target, 1, 9), want(1, 0, 1, 2)]);
        reserve_all(&[(&partner, &p), (&client, &c)], now).map(drop)
    };
    assert!(call(1, at(0)).is_ok() && call(2, at(0)).is_ok());
    let Err(Denied::Reached(reached)) = call(3, at(0)) else {
        panic!("the client's calls are used")
    };
    assert_eq!((reached.subject, reached.want, reached.full), (1, 1, false));
    assert_eq!(reached.hit.limit.as_str(), "calls");
    assert_eq!(partner.used(0, None, at(0)), Some(2));
    assert_eq!(client.used(0, None, at(0)), Some(2));
}

#[test]
fn one_subject_may_stand_there_twice() {
    let group = budgets(&[calls("calls", "1h")]);
    let wants = [want(0, 0, 1, 3)];
    assert!(reserve_all(&[(&group, &wants), (&group, &wants)], at(0)).is_ok());
    assert!(reserve_all(&[(&group, &wants), (&group, &wants)], at(0)).is_err());
    assert_eq!(group.used(0, None, at(0)), Some(2));
}

#[test]
fn a_want_of_a_limit_that_is_not_there_debits_nothing() {
    let limits = budgets(&[calls("calls", "1h")]);
    assert_eq!(reads(&limits, &[want(0, 0, 1, 3), want(1, 0, 1, 3)], at(0)), no("moved", None));
    assert_eq!(limits.used(0, None, at(0)), Some(0));
}

#[test]
fn parallel_reservations_never_overshoot() {
    let wide = budgets(&[targets("places", "24h"), calls("calls", "24h")]);
    let narrow = budgets(&[calls("calls", "24h")]);
    let passed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (wide, narrow, passed) = (&wide, &narrow, &passed);
            scope.spawn(move || {
                for call in 0..500 {
                    let w = [want(0, thread * 1000 + call, 1, 300), want(1, 0, 1, 400)];
                    let n = [want(0, 0, 1, 250)];
                    // In both orders, so that a wrong order of locks would stand still here.
                    let all: [(&Budgets, &[Want]); 2] = if call % 2 == 0 {
                        [(wide, &w), (narrow, &n)]
                    } else {
                        [(narrow, &n), (wide, &w)]
                    };
                    let Ok(receipts) = reserve_all(&all, at(0)) else { continue };
                    if call % 7 == 0 {
                        for (receipt, (budgets, _)) in receipts.into_iter().zip(all) {
                            budgets.release(receipt);
                        }
                    } else {
                        passed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(passed.into_inner(), 250);
    assert_eq!(narrow.used(0, None, at(0)), Some(250));
    assert_eq!(wide.used(0, None, at(0)), Some(250));
    assert_eq!(wide.used(1, None, at(0)), Some(250));
}
