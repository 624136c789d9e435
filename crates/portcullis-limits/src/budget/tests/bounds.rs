//! What happens when there is more than memory is given for.

use super::*;

fn bounded(limits: Vec<Limit>, exact: usize, apart: usize, each: usize) -> Budgets {
    Budgets::new(Arc::new(BudgetSpecs::bounded(limits, Bounds { exact, apart, each }).unwrap()))
}

#[test]
fn up_to_the_exact_bound_every_target_counts_as_one() {
    let places = budgets(&[targets("places", "30d")]);
    for target in 0..16_384 {
        assert_eq!(read(&places, want(0, target, 1, 16_384), at(target)), Ok(()));
    }
    assert_eq!(places.used(0, None, at(20_000)), Some(16_384));
    assert!(read(&places, want(0, 99_999, 1, 16_384), at(20_000)).is_err());
    assert_eq!(read(&places, want(0, 5, 1, 16_384), at(20_000)), Ok(()));
}

#[test]
fn above_it_a_sample_is_off_by_five_percent_at_most_and_never_admits_more() {
    for max in [20_000_u64, 60_000, 200_000] {
        let places = budgets(&[targets("places", "30d")]);
        let mut admitted = 0_u64;
        for target in 0..max + max / 5 {
            admitted += u64::from(read(&places, want(0, target, 1, max), at(target)).is_ok());
            let (used, target) = (places.used(0, None, at(target)).unwrap(), target + 1);
            if admitted == target {
                assert!(used * 100 >= target * 95 && used * 100 <= target * 105, "{used} {target}");
            }
        }
        assert!(admitted <= max && admitted * 100 >= max * 90, "{admitted} of {max}");
        let left = places.left(0, None, 2 * max, at(max + max / 5)).unwrap();
        assert_eq!(left.left, 2 * max * 95 / 100 - left.used, "what an estimate may be off by");
    }
}

#[test]
fn a_sample_rolls_with_the_window_and_becomes_exact_again() {
    let places = bounded(vec![targets("places", "1h")], 512, 512, 512);
    for target in 0..10_000 {
        assert_eq!(read(&places, want(0, target, 1, 1_000_000), at(0)), Ok(()));
    }
    let used = places.used(0, None, at(HOUR - 1)).unwrap();
    assert!((8_000..12_000).contains(&used), "{used}");
    assert_eq!(places.used(0, None, at(HOUR)), Some(0));
    for target in 0..20 {
        assert_eq!(read(&places, want(0, target, 1, 1_000_000), at(HOUR)), Ok(()));
    }
    for target in 100..200 {
        assert_eq!(read(&places, want(0, target, 1, 1_000_000), at(2 * HOUR)), Ok(()));
    }
    assert_eq!(places.used(0, None, at(2 * HOUR)), Some(100));
}

#[test]
fn calls_beyond_the_bound_are_merged_and_count_longer_never_shorter() {
    let small = bounded(vec![calls("calls", "1024s")], 9, 2_048, 9);
    let exact = budgets(&[calls("calls", "1024s")]);
    for call in 0..8_000 {
        let now = at(call * 100);
        let wants = [want(0, 0, 1, 1_000_000)];
        assert_eq!(reads(&small, &wants, now), Ok(()));
        assert_eq!(reads(&exact, &wants, now), Ok(()));
    }
    for second in 800..2_000 {
        let now = at(second * 1000);
        let (more, less) = (small.used(0, None, now).unwrap(), exact.used(0, None, now).unwrap());
        assert!(more >= less, "never shorter");
        let before = exact_at(&exact, second - 1);
        assert!(more <= before.max(less) + 10, "at most a second longer: {more} {less}");
    }
    /// Calls at 10 a second from 0 s to 800 s, 1,024 s long, without touching the clock of the account.
    fn exact_at(_: &Budgets, second: u64) -> u64 {
        8_000 - 10 * second.saturating_sub(1023).min(800)
    }
}

#[test]
fn a_bound_of_one_entry_still_counts_everything() {
    let calls = bounded(vec![calls("calls", "1h")], 1, 1, 1);
    for call in 0..100 {
        assert_eq!(read(&calls, want(0, 0, 1, 100), at(call)), Ok(()));
    }
    assert_eq!(calls.used(0, None, at(100)), Some(100));
    assert_eq!(read(&calls, want(0, 0, 1, 100), at(100)), no("calls", 3600));
}

#[test]
fn full_memory_refuses_and_says_so() {
    let rows = bounded(vec![rows_each("rows", "1h")], 9, 9, 50);
    for target in 0..50 {
        assert_eq!(read(&rows, want(0, target, 1, 100), at(target)), Ok(()));
    }
    assert_eq!(read(&rows, want(0, 50, 1, 100), at(100)), no("rows (full)", 3600));
    assert_eq!(rows.used(0, Some(key(50)), at(100)), Some(0));
    assert_eq!(read(&rows, want(0, 50, 1, 100), at(HOUR)), Ok(()));
}

#[test]
fn full_memory_merges_what_lies_close_together_before_it_refuses() {
    let rows = bounded(vec![rows_each("rows", "1024s")], 9, 9, 50);
    for call in 0..500 {
        assert_eq!(read(&rows, want(0, call % 5, 1, 100), at(call * 20)), Ok(()), "{call}");
    }
    for target in 0..5 {
        assert_eq!(rows.used(0, Some(key(target)), at(10_000)), Some(100));
    }
    assert_eq!(rows.used(0, Some(key(0)), at(1_034_000)), Some(0));
}

#[test]
fn what_an_answer_held_is_counted_for_all_when_memory_is_full() {
    let rows = bounded(vec![rows_each("rows", "1h")], 9, 9, 2);
    let receipt = rows.reserve(&[want(0, 1, 1, 100), want(0, 2, 1, 100)], at(0)).unwrap();
    rows.settle(receipt, &[Found { limit: 0, target: Some(key(3)), rows: 60 }]);
    assert_eq!(rows.used(0, Some(key(1)), at(0)), Some(61), "in the strict direction");
    assert_eq!(rows.used(0, Some(key(3)), at(0)), Some(60));
}

#[test]
fn a_saved_sample_stays_one() {
    let limits = vec![targets("places", "30d")];
    let places = bounded(limits.clone(), 512, 512, 512);
    for target in 0..10_000 {
        assert_eq!(read(&places, want(0, target, 1, 1_000_000), at(0)), Ok(()));
    }
    let mut bytes = Vec::new();
    places.save(&mut bytes);
    let loaded = bounded(limits, 512, 512, 512);
    loaded.load(&bytes, at(1)).unwrap();
    assert_eq!(loaded.used(0, None, at(1)), places.used(0, None, at(1)));
}
