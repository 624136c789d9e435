//! How the room follows the times of answers.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const ADAPTIVE: Adaptive =
    Adaptive { least: 4, slower_percent: 50, every: Duration::from_millis(1000) };

/// One upstream, and the time.
struct Bed {
    pace: Pace,
    now_ms: u64,
}

impl Bed {
    fn new(most: u32) -> Self {
        Self { pace: Pace::new(&ADAPTIVE, most, 1), now_ms: 0 }
    }

    /// A window of answers that all took so long, with so many under way.
    fn window(&mut self, us: u32, under_way: u32) -> u32 {
        (0..ENOUGH).for_each(|_| self.pace.took(us, under_way));
        self.now_ms += 1000;
        self.pace.tick(self.now_ms).unwrap()
    }
}

#[test]
fn the_room_falls_as_answers_slow_down_and_rises_as_they_don_t() {
    let mut bed = Bed::new(100);
    // How long answers take, how many calls are under way, and the room after that.
    let table = [
        (10_240, 100, 100),
        (14_336, 100, 100),
        // Twice as long, where half as long again would do.
        (20_480, 100, 75),
        // Ten times: never below half at once.
        (102_400, 75, 37),
        (102_400, 37, 18),
        (102_400, 18, 9),
        (102_400, 9, 4),
        (102_400, 4, 4),
        (10_240, 4, 5),
        (10_240, 5, 6),
        // Not used: left alone, whatever it takes.
        (10_240, 2, 6),
        (102_400, 2, 6),
        (10_240, 3, 7),
    ];
    for (at, (us, under_way, room)) in table.into_iter().enumerate() {
        assert_eq!(bed.window(us, under_way), room, "window {at}");
    }
    for _ in 0..40 {
        bed.window(10_240, 100);
    }
    assert_eq!(bed.pace.room, 100, "never more than it may have at all");
}

#[test]
fn a_window_needs_its_time_and_enough_answers() {
    let mut bed = Bed::new(100);
    assert_eq!(bed.pace.tick(60_000), None, "no answer");
    (1..ENOUGH).for_each(|_| bed.pace.took(1000, 1));
    assert_eq!(bed.pace.tick(120_000), None, "too few");
    bed.pace.took(1000, 1);
    assert_eq!(bed.pace.tick(120_000), Some(100), "the time had come");
    (0..ENOUGH).for_each(|_| bed.pace.took(1000, 1));
    assert_eq!(bed.pace.tick(120_999), None, "too early");
    assert_eq!(bed.pace.tick(5), None, "a moment before takes no time");
    assert_eq!(bed.pace.tick(6), Some(100), "and no window waits for the time to be made up");
}

#[test]
fn a_millisecond_more_is_never_much() {
    let mut bed = Bed::new(100);
    assert_eq!([100, 1_000, 3_000].map(|us| bed.window(us, 100)), [100, 100, 50]);
}

#[test]
fn a_few_slow_answers_mean_nothing() {
    let mut bed = Bed::new(100);
    bed.window(10_000, 100);
    (0..ENOUGH - 1).for_each(|_| bed.pace.took(30_000_000, 100));
    assert_eq!(bed.window(10_000, 100), 100);
}

#[test]
fn what_was_slow_from_the_beginning_is_found_out_with_half_of_the_room() {
    let mut bed = Bed::new(64);
    // Each call waits for those before it: the time goes by how many there are.
    let mut room = 64;
    for _ in 0..WINDOWS - 1 {
        room = bed.window(room * 1000, room);
        assert_eq!(room, 64, "nothing better is known");
    }
    assert_eq!(bed.window(64_000, 64), 32, "a trial");
    assert_eq!(bed.window(64_000, 64), 32, "answers of calls from before it");
    assert_eq!(bed.window(32_000, 32), 64, "the trial is over");
    assert_eq!(bed.window(64_000, 64), 48, "by now a better one is known");
}

#[test]
fn a_platform_that_has_become_slower_for_good_gets_its_room_back() {
    let mut bed = Bed::new(64);
    let mut room = bed.window(10_000, 64);
    for _ in 0..WINDOWS {
        room = bed.window(50_000, room);
    }
    assert_eq!(room, 4);
    // Two rounds, and what it takes to grow.
    for _ in 0..3 * WINDOWS {
        room = bed.window(50_000, room);
    }
    assert_eq!(room, 64);
}

#[test]
fn threads_share_the_least_and_none_is_left_with_nothing() {
    for (least, most, threads, expected) in
        [(16, 100, 1, 16), (16, 100, 5, 4), (1, 100, 8, 1), (0, 100, 1, 1), (50, 10, 1, 10)]
    {
        let adaptive = Adaptive { least, ..ADAPTIVE };
        assert_eq!(Pace::new(&adaptive, most, threads).least, expected, "{least} of {most}");
    }
}

/// The median as a list has it.
fn median(times: &[u32]) -> u32 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[(times.len() - 1) / 2]
}

proptest! {
    #[test]
    fn a_median_is_right_to_an_eighth(times in prop::collection::vec(any::<u32>(), 1..100)) {
        let mut seen = Seen::default();
        times.iter().for_each(|us| seen.add(*us));
        let (found, real) = (seen.take_median(), median(&times));
        prop_assert!(found <= real && real - found <= real / 8, "{found} for {real}");
        prop_assert_eq!(seen.count, 0);
    }

    /// Whatever comes and however the time jumps, a window ends exactly when it has its time and its
    /// answers, and the room stays within its bounds and goes in bounded steps.
    #[test]
    fn the_room_goes_in_bounded_steps(
        most in 1_u32..200,
        steps in prop::collection::vec(
            (any::<u64>(), prop::collection::vec((any::<u32>(), any::<u32>()), 0..40)),
            1..200,
        ),
        small in any::<bool>(),
    ) {
        let mut pace = Pace::new(&ADAPTIVE, most, 1);
        let (least, mut shown) = (4.min(most), most);
        let (mut at, mut passed, mut answers) = (0_u64, 0_u64, 0);
        for (now_ms, times) in steps {
            let now_ms = if small { at + now_ms % 700 } else { now_ms };
            for (us, under_way) in &times {
                pace.took(*us, *under_way);
            }
            answers += times.len();
            passed = passed.saturating_add(now_ms.saturating_sub(at));
            at = now_ms;
            let before = pace.room;
            let ended = pace.tick(now_ms);
            prop_assert_eq!(ended.is_some(), passed >= 1000 && answers >= ENOUGH as usize);
            if let Some(room) = ended {
                (passed, answers, shown) = (0, 0, room);
            }
            let after = pace.room;
            prop_assert!((least..=most).contains(&after) && (least..=most).contains(&shown));
            prop_assert!(after >= before / 2 && after <= before + (before / 8).max(1));
            prop_assert!(shown == after || shown == (after / 2).max(least));
        }
    }
}
