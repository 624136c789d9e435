//! Signals with a clock turned by hand: what raises them, and what never may.

mod between;
mod counts;
mod points;
mod walks;

use std::sync::Arc;

use portcullis_types::{RateId, Span, Wall};

use super::*;
use crate::budget::{Hasher128, TargetKey};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn at(milliseconds: u64) -> Wall {
    Wall(1_700_000_000_000 + milliseconds)
}

fn target(number: u64) -> TargetKey {
    Hasher128::new(b"a secret of test").key(7, &number.to_string())
}

fn asked(number: u64) -> Event {
    Event::Asked { target: target(number), kind: 7, number: Some(number) }
}

fn watch(signal: Signal, over: impl Into<Option<u64>>, min: impl Into<Option<u64>>) -> Watches {
    watch_per(signal, over, min, None)
}

fn watch_per(
    signal: Signal,
    over: impl Into<Option<u64>>,
    min: impl Into<Option<u64>>,
    per: Option<&str>,
) -> Watches {
    let per = per.map(|per| per.parse().unwrap());
    let measure = Measure::of(signal, over.into(), per, min.into()).unwrap();
    let id = RateId::new("watch").unwrap();
    let cool_down: Span = "24h".parse().unwrap();
    Watches::new(Arc::from(vec![WatchSpec { id, measure, cool_down }]))
}

/// Shows events a second apart by one key; the place of the first hit.
fn first_hit(watches: &Watches, events: impl IntoIterator<Item = Event>) -> Option<usize> {
    let mut hits = events.into_iter().enumerate().filter_map(|(place, event)| {
        watches.observe(0, 1, event, at(place as u64 * 1000)).map(|_| place + 1)
    });
    hits.next()
}

/// Numbers that look like chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        // Marsaglia's xorshift with a multiplier.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % bound
    }

    /// From 0 to 1.
    fn part(&mut self) -> f64 {
        self.below(1 << 40) as f64 / (1_u64 << 40) as f64
    }

    /// Around 0, most within 1.
    fn around(&mut self) -> f64 {
        (0..12).map(|_| self.part()).sum::<f64>() - 6.0
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for place in (1..all.len()).rev() {
            all.swap(place, self.below(place as u64 + 1) as usize);
        }
    }
}

#[test]
fn a_signal_is_known_by_the_name_it_prints() {
    for signal in Signal::ALL {
        assert_eq!(Signal::named(signal.name()), Some(signal));
        assert_eq!(signal.to_string(), signal.name());
    }
    assert_eq!(Signal::named("id-walk"), None);
}

#[track_caller]
fn check_fault(
    signal: Signal,
    over: Option<u64>,
    per: Option<&str>,
    min: Option<u64>,
    expected: &str,
) {
    let per = per.map(|per| per.parse().unwrap());
    assert_eq!(Measure::of(signal, over, per, min).unwrap_err().to_string(), expected);
}

#[test]
fn figures_that_cannot_be_measured_are_refused_when_they_are_stated() {
    let figure =
        "signal `distinct` needs a figure: write `over:` with the number that is still fine";
    check_fault(Signal::Distinct, None, None, None, figure);
    let percent =
        "signal `grid` is measured in percent, and 100 can't be exceeded: write less than 100";
    check_fault(Signal::Grid, Some(100), None, None, percent);
    let window = "the window of signal `refused` is 0s: write more than 0s and at most 31d";
    check_fault(Signal::Refused, None, Some("0s"), None, window);
    let min = "signal `grid` looks back at 2048 at most, and 2049 are asked for: write less";
    check_fault(Signal::Grid, None, None, Some(2049), min);
}

#[test]
fn after_a_hit_nothing_is_told_until_the_cool_down_is_over() {
    let watches = watch(Signal::Refused, 0, None);
    assert!(watches.observe(0, 1, Event::Refused, at(0)).is_some());
    assert!(watches.observe(0, 1, Event::Refused, at(DAY - 1)).is_none());
    assert!(watches.observe(0, 1, Event::Refused, at(DAY)).is_some());
}

#[test]
fn a_watch_that_is_not_there_sees_nothing() {
    assert_eq!(watch(Signal::Refused, 0, None).observe(1, 1, Event::Refused, at(0)), None);
}

#[test]
fn an_equal_watch_goes_on_after_a_change_of_policy_and_a_changed_one_starts_anew() {
    for (over, expected) in [(19, true), (18, false)] {
        let old = watch(Signal::Refused, 19, None);
        assert_eq!(first_hit(&old, [Event::Refused; 19]), None);
        let new = old.carry(Arc::clone(watch(Signal::Refused, over, None).specs()));
        let hit = new.observe(0, 1, Event::Refused, at(DAY / 2));
        assert_eq!(hit.is_some(), expected, "{over}");
    }
}
