//! Counts in a window, and keys that share out a list.

use super::*;

#[test]
fn the_twentieth_refusal_within_a_day_is_a_hit() {
    let watches = watch(Signal::Refused, None, None);
    for refusal in 0..19 {
        assert_eq!(watches.observe(0, 1, Event::Refused, at(refusal * HOUR)), None);
    }
    let hit = watches.observe(0, 1, Event::Refused, at(19 * HOUR)).unwrap();
    assert_eq!((hit.signal, hit.figures.as_slice()), (Signal::Refused, &[("refusals", 20)][..]));
}

#[test]
fn refusals_of_yesterday_do_not_count() {
    let watches = watch(Signal::Refused, None, None);
    let hits = (0..200).filter_map(|n| watches.observe(0, 1, Event::Refused, at(n * 76 * MINUTE)));
    assert_eq!(hits.count(), 0, "nineteen in any day");
}

#[test]
fn more_than_a_fifth_of_200_calls_not_found_is_a_hit() {
    #[track_caller]
    fn check(missing_of_ten: &[usize], calls: usize, expected: Option<usize>) {
        let watches = watch(Signal::NotFound, None, None);
        let events =
            (0..calls).map(|n| Event::Answered { found: !missing_of_ten.contains(&(n % 10)) });
        assert_eq!(first_hit(&watches, events), expected, "{missing_of_ten:?}");
    }
    check(&[], 5000, None);
    check(&[3, 8], 5000, None);
    check(&[3, 8, 9], 199, None);
    check(&[3, 8, 9], 5000, Some(200));
    check(&[0, 1, 2], 5000, Some(201));
}

#[test]
fn guessing_after_a_good_year_shows_within_its_first_hundred() {
    let watches = watch(Signal::NotFound, None, None);
    let events = (0..5000).map(|n| Event::Answered { found: n < 4000 || n % 2 == 0 });
    let hit = first_hit(&watches, events).unwrap();
    assert!((4001..=4100).contains(&hit), "{hit}");
}

#[test]
fn different_targets_are_counted_and_repeats_are_not() {
    let watches = watch(Signal::Distinct, 50, None);
    assert_eq!(first_hit(&watches, (0..5000).map(|n| asked(n % 50))), None);
    assert_eq!(first_hit(&watches, (50..60).map(asked)), Some(1));
}

#[test]
fn novelty_is_told_of_who_never_comes_back() {
    let harvester = watch(Signal::Novelty, 90, 100);
    assert_eq!(first_hit(&harvester, (0..500).map(asked)), Some(100));
    let marketer = watch(Signal::Novelty, 90, 100);
    assert_eq!(first_hit(&marketer, (0..5000).map(|n| asked(n / 2))), None);
}

#[test]
fn pages_and_polling_count_for_each_target_alone() {
    for signal in [Signal::PageDepth, Signal::StoryPolling] {
        let watches = watch_per(signal, 5, None, Some("1h"));
        assert_eq!(first_hit(&watches, (0..500).map(|n| asked(n % 100))), None, "five each");
        let hit = watches.observe(0, 1, asked(7), at(500_000)).unwrap();
        assert_eq!(hit.figures[0].1, 6);
        assert_eq!(watches.observe(0, 1, asked(8), at(HOUR + 500_000)), None);
    }
}

#[test]
fn a_signal_passes_over_what_it_does_not_measure() {
    for signal in Signal::ALL {
        let watches = watch(signal, 0, None);
        let point = Event::Point { latitude: f64::NAN, longitude: 0.0 };
        assert_eq!(watches.observe(0, 1, point, at(0)), None, "{signal}");
        assert_eq!(watches.observe(0, 1, Event::Answered { found: true }, at(0)), None, "{signal}");
        if signal != Signal::Refused {
            assert_eq!(watches.observe(0, 1, Event::Refused, at(0)), None, "{signal}");
        }
    }
}

/// Asks by `key_of` over `targets` targets, ten times each in turn.
fn union_hit(targets: u64, mut key_of: impl FnMut(u64, u64) -> u64) -> Option<u64> {
    let watches = watch(Signal::KeyUnion, None, None);
    (0..targets * 10).find(|ask| {
        let (target, round) = (ask % targets, ask / targets);
        let key = key_of(target, round);
        watches.observe(0, key, asked(target), at(*ask * 1000)).is_some()
    })
}

#[test]
fn keys_that_share_out_a_list_are_a_hit() {
    assert!(union_hit(1800, |target, _| target % 20).is_some_and(|ask| ask < 1800 + 320));
    assert!(union_hit(400, |target, _| target / 100).is_some());
}

#[test]
fn keys_of_a_balancer_of_one_desk_and_of_uneven_projects_are_none() {
    let mut chance = Chance(5);
    assert_eq!(union_hit(1800, |_, _| chance.below(20)), None, "a balancer");
    assert_eq!(union_hit(1800, |_, _| 1), None, "one key");
    assert_eq!(union_hit(1800, |target, _| target % 2), None, "two desks");
    assert_eq!(
        union_hit(1800, |target, _| (target + 1).ilog2().into()),
        None,
        "projects, large and small"
    );
    assert_eq!(union_hit(150, |target, _| target % 20), None, "a list as small as agreed ones");
    assert_eq!(union_hit(1800, |target, round| target + round), None, "keys that change");
}

#[test]
fn targets_asked_once_say_nothing_about_keys() {
    let watches = watch(Signal::KeyUnion, None, None);
    let hit = (0..9000).find(|n| watches.observe(0, n % 3, asked(*n), at(n * 1000)).is_some());
    assert_eq!(hit, None);
}
