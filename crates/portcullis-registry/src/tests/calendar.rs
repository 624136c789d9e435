//! Business days, by a table and against counting hour by hour.

use proptest::prelude::*;

use crate::statement::Moment;
use crate::{Calendar, CalendarError, HOLIDAYS_MAX};

use super::Wall;

const WEEK: [bool; 7] = [true, true, true, true, true, false, false];

fn at(text: &str) -> Wall {
    Moment::read(text).unwrap().0
}

#[test]
fn a_promise_ends_with_a_business_day() {
    let cet = Calendar::new(WEEK, (540, 1020), 60, &[at("2026-12-25"), at("2027-01-01")]).unwrap();
    let utc = Calendar::default();
    let every = Calendar::new([true; 7], (0, 1440), 0, &[]).unwrap();
    #[track_caller]
    fn check(calendar: &Calendar, from: &str, days: u32, expected: &str) {
        assert_eq!(calendar.after(at(from), days).rfc3339(), at(expected).rfc3339(), "{from}");
    }
    // Monday 23 November 2026.
    check(&utc, "2026-11-23T10:00:00Z", 0, "2026-11-23T17:00:00Z");
    check(&utc, "2026-11-23T10:00:00Z", 5, "2026-11-30T17:00:00Z");
    check(&utc, "2026-11-23T17:00:00Z", 5, "2026-12-01T17:00:00Z");
    check(&utc, "2026-11-23T01:00:00Z", 1, "2026-11-24T17:00:00Z");
    // Saturday and Sunday count as Monday.
    check(&utc, "2026-11-21T10:00:00Z", 1, "2026-11-24T17:00:00Z");
    check(&utc, "2026-11-22T23:59:59Z", 1, "2026-11-24T17:00:00Z");
    // An hour ahead, over Christmas and New Year.
    check(&cet, "2026-12-24T15:59:59Z", 1, "2026-12-28T16:00:00Z");
    check(&cet, "2026-12-24T16:00:00Z", 1, "2026-12-29T16:00:00Z");
    check(&cet, "2026-12-31T10:00:00Z", 1, "2027-01-04T16:00:00Z");
    // Late on Sunday in UTC is Monday there.
    check(&cet, "2026-11-22T23:30:00Z", 1, "2026-11-24T16:00:00Z");
    check(&every, "2026-02-28T12:00:00Z", 1, "2026-03-02T00:00:00Z");
    check(&utc, "1970-01-01", 0, "1970-01-01T17:00:00Z");
}

#[test]
fn a_calendar_that_never_opens_is_none() {
    let refused = |week, hours, offset, holidays: &[Wall]| {
        Calendar::new(week, hours, offset, holidays).unwrap_err()
    };
    assert_eq!(refused([false; 7], (540, 1020), 0, &[]), CalendarError::NoDay);
    assert_eq!(refused(WEEK, (540, 540), 0, &[]), CalendarError::Hours);
    assert_eq!(refused(WEEK, (540, 1441), 0, &[]), CalendarError::Hours);
    assert_eq!(refused(WEEK, (540, 1020), 841, &[]), CalendarError::Offset);
    let many = vec![Wall(0); HOLIDAYS_MAX + 1];
    assert_eq!(refused(WEEK, (540, 1020), 0, &many), CalendarError::Holidays);
}

proptest! {
    #[test]
    fn as_many_days_close_until_then_as_were_promised(
        week in any::<[bool; 7]>(),
        offset in -840..=840i32,
        closes in 1..=1440u32,
        from in 0..4_000_000_000_000u64,
        days in 0..30u32,
        off in prop::collection::vec(0..80u64, 0..6),
    ) {
        prop_assume!(week.contains(&true));
        let holidays: Vec<Wall> =
            off.iter().map(|n| Wall((from / 86_400_000 + n) * 86_400_000)).collect();
        let calendar = Calendar::new(week, (0, closes), offset, &holidays).unwrap();
        let until = calendar.after(Wall(from), days);
        // Closing times of business days from that moment on, found one by one.
        let shift = i64::from(offset) * 60_000;
        let first = (from as i64 + shift).div_euclid(86_400_000);
        let closing = (first..).filter(|day| {
            let holiday = holidays.iter().any(|at| (at.0 / 86_400_000) as i64 == *day);
            week[(day + 3).rem_euclid(7) as usize] && !holiday
        });
        let mut closing = closing
            .map(|day| day * 86_400_000 + i64::from(closes) * 60_000 - shift)
            .filter(|at| *at > from as i64);
        let expected = closing.nth(days as usize).unwrap();
        prop_assert_eq!(until.0 as i64, expected);
        prop_assert!(calendar.after(Wall(from), days + 1) > until);
    }
}
