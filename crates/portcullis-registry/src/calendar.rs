//! Business days: until when somebody is answered, by the week, the hours and the holidays of the
//! platform's agreements.
//!
//! Pure: a moment comes in and one goes out. Must not know what is promised, or read a clock.

use std::collections::BTreeSet;

use portcullis_types::Wall;

const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;
/// Most holidays of one calendar.
pub const HOLIDAYS_MAX: usize = 1000;
/// Furthest from UTC, in minutes.
pub const OFFSET_MINUTES_MAX: i32 = 14 * 60;
/// 1970-01-01 was a Thursday; weeks begin on Monday here.
const FIRST_WEEKDAY: i64 = 3;

/// Business days and hours.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Calendar {
    /// From Monday on.
    week: [bool; 7],
    /// Minutes of the day.
    closes: i64,
    offset_minutes: i64,
    /// Days since 1970-01-01.
    holidays: BTreeSet<i64>,
}

/// Why there is no such calendar.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
pub enum CalendarError {
    /// No day is one.
    #[error("no day of the week is a business day; name at least one, such as `mon`")]
    NoDay,
    /// It closes before it opens.
    #[error("business hours begin and end on one day, the end later; write such as `09:00-17:00`")]
    Hours,
    /// Not a time zone.
    #[error("the offset from UTC is at most 14 hours; write such as `+01:00`")]
    Offset,
    /// Too many holidays.
    #[error("there are more than {HOLIDAYS_MAX} holidays; leave out those that passed")]
    Holidays,
}

/// Monday to Friday, until 17:00, in UTC.
impl Default for Calendar {
    fn default() -> Self {
        let week = [true, true, true, true, true, false, false];
        Self { week, closes: 17 * 60, offset_minutes: 0, holidays: BTreeSet::new() }
    }
}

impl Calendar {
    /// A week from Monday on, hours in minutes of the day, minutes ahead of UTC, and holidays by any
    /// moment of their date in UTC.
    ///
    /// # Errors
    /// [`CalendarError`] where no business day would ever come, or the figures are none.
    pub fn new(
        week: [bool; 7],
        hours: (u32, u32),
        offset_minutes: i32,
        holidays: &[Wall],
    ) -> Result<Self, CalendarError> {
        if !week.contains(&true) {
            return Err(CalendarError::NoDay);
        }
        if hours.0 >= hours.1 || hours.1 > 1440 {
            return Err(CalendarError::Hours);
        }
        if offset_minutes.abs() > OFFSET_MINUTES_MAX {
            return Err(CalendarError::Offset);
        }
        if holidays.len() > HOLIDAYS_MAX {
            return Err(CalendarError::Holidays);
        }
        let holidays = holidays.iter().map(|at| milliseconds(*at).div_euclid(DAY)).collect();
        let (closes, offset_minutes) = (i64::from(hours.1), i64::from(offset_minutes));
        Ok(Self { week, closes, offset_minutes, holidays })
    }

    /// The end of the so-manieth business day after a moment. What comes after hours or on a day off
    /// counts as if it had come on the next business day.
    #[must_use]
    pub fn after(&self, from: Wall, days: u32) -> Wall {
        let offset = self.offset_minutes * MINUTE;
        let local = milliseconds(from).saturating_add(offset);
        let (mut day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        if time >= self.closes * MINUTE {
            day += 1;
        }
        let mut left = days;
        // Ends: a week has a business day, and holidays are bounded.
        loop {
            if self.is_open(day) {
                if left == 0 {
                    break;
                }
                left -= 1;
            }
            day += 1;
        }
        let at = day.saturating_mul(DAY).saturating_add(self.closes * MINUTE - offset);
        Wall(u64::try_from(at).unwrap_or(0)).max(from)
    }

    fn is_open(&self, day: i64) -> bool {
        let weekday = usize::try_from((day + FIRST_WEEKDAY).rem_euclid(7)).unwrap_or(0);
        self.week.get(weekday).copied().unwrap_or(true) && !self.holidays.contains(&day)
    }
}

/// What partners are promised.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Promise {
    /// By which days it counts.
    pub calendar: Calendar,
    /// Business days until an answer or an appeal is replied to.
    pub reply_days: u32,
}

impl Default for Promise {
    fn default() -> Self {
        Self { calendar: Calendar::default(), reply_days: 5 }
    }
}

impl Promise {
    /// By when what comes in now is replied to.
    #[must_use]
    pub fn reply_by(&self, now: Wall) -> Wall {
        self.calendar.after(now, self.reply_days)
    }
}

/// Far from any date that is written; adding a day does not overflow.
fn milliseconds(at: Wall) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX).min(i64::MAX / 4)
}
