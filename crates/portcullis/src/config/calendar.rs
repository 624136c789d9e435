//! Business days as they are written, into a calendar.
//!
//! Must not count any.

use portcullis_registry::{Calendar, CalendarError, Moment, OFFSET_MINUTES_MAX, Promise};
use portcullis_types::Wall;
use portcullis_yaml::At;

use super::settle::Settling;
use super::shape;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const USUAL: [bool; 7] = [true, true, true, true, true, false, false];
const HOURS: (u32, u32) = (9 * 60, 17 * 60);

impl Settling<'_> {
    pub(super) fn promise(&mut self, written: &shape::Calendar) -> Promise {
        let week = self.week(&written.week);
        let hours = written.hours.as_ref().map_or(HOURS, |at| self.hours(at));
        let offset = written.utc_offset.as_ref().map_or(0, |at| self.utc_offset(at));
        let holidays: Vec<Wall> =
            written.holidays.iter().filter_map(|at| self.holiday(at)).collect();
        let usual = Promise::default();
        let reply_days = self.reply_days(written, usual.reply_days);
        let calendar = Calendar::new(week, hours, offset, &holidays).unwrap_or_else(|error| {
            let at = match error {
                CalendarError::NoDay => written.week.first(),
                CalendarError::Hours => written.hours.as_ref(),
                CalendarError::Offset => written.utc_offset.as_ref(),
                CalendarError::Holidays => written.holidays.first(),
            };
            if let Some(at) = at {
                self.fault("PC0040", at, error.to_string(), "see `calendar` in docs/operating.md");
            }
            usual.calendar
        });
        Promise { calendar, reply_days }
    }

    fn week(&mut self, names: &[At<String>]) -> [bool; 7] {
        if names.is_empty() {
            return USUAL;
        }
        let mut week = [false; 7];
        for at in names {
            let day = DAYS.iter().position(|day| at.value.eq_ignore_ascii_case(day));
            match day.and_then(|day| week.get_mut(day)) {
                Some(day) => *day = true,
                None => {
                    let message = format!("`{}` is no day of the week", at.value);
                    self.fault("PC0041", at, message, "write mon, tue, wed, thu, fri, sat or sun");
                }
            }
        }
        week
    }

    fn hours(&mut self, at: &At<String>) -> (u32, u32) {
        let read = at.value.split_once('-');
        let read = read.and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
        let read = read.filter(|(from, to)| from < to);
        read.unwrap_or_else(|| {
            let message = format!("`{}` are no hours of a day", at.value);
            self.fault(
                "PC0042",
                at,
                message,
                "write when a business day begins and ends, such as 09:00-17:00",
            );
            HOURS
        })
    }

    fn utc_offset(&mut self, at: &At<String>) -> i32 {
        let sign = match at.value.get(..1) {
            Some("+") => Some(1),
            Some("-") => Some(-1),
            _ => None,
        };
        let read = at.value.get(1..).and_then(minutes).and_then(|n| i32::try_from(n).ok());
        let read = read.filter(|minutes| *minutes <= OFFSET_MINUTES_MAX);
        sign.zip(read).map_or_else(
            || {
                let message = format!("`{}` is no offset from UTC", at.value);
                self.fault(
                    "PC0043",
                    at,
                    message,
                    "write hours and minutes with a sign, such as +01:00",
                );
                0
            },
            |(sign, minutes)| sign * minutes,
        )
    }

    fn holiday(&mut self, at: &At<String>) -> Option<Wall> {
        let date = (at.value.len() == 10).then(|| Moment::read(&at.value)).flatten();
        if date.is_none() {
            let message = format!("`{}` is no date", at.value);
            self.fault("PC0044", at, message, "write year, month and day, such as 2026-12-25");
        }
        date.map(|date| date.0)
    }

    fn reply_days(&mut self, written: &shape::Calendar, usual: u32) -> u32 {
        let default = usize::try_from(usual).unwrap_or_default();
        let days = self.bound(written.reply_days.as_ref(), default, (1, 90));
        u32::try_from(days).unwrap_or(usual)
    }
}

/// `09:30` as minutes of the day; `24:00` is its end.
fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':').filter(|_| text.len() == 5)?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let read = |text: &str| text.parse::<u32>().ok().filter(|_| digits(text));
    let (hours, minutes) = (read(hours)?, read(minutes).filter(|minutes| *minutes < 60)?);
    Some(hours * 60 + minutes).filter(|minutes| *minutes <= 1440)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use portcullis_yaml::{Faults, Source};

    use super::*;

    fn settled(text: &str) -> (Promise, String) {
        let source = Source::new("portcullis.yaml", text);
        let read = portcullis_yaml::read_partly::<shape::Calendar>(&source);
        let mut settling = Settling { source: &source, faults: read.faults, base: PathBuf::new() };
        let promise = settling.promise(&read.value.unwrap());
        (promise, Faults(settling.faults).to_string())
    }

    #[test]
    fn business_days_are_read_as_agreements_write_them() {
        let text = "week: [Mon, sat]\nhours: 08:00-12:00\nutc_offset: -08:00\nholidays: [2026-11-28]\nreply_days: 1\n";
        let (promise, faults) = settled(text);
        assert_eq!(faults, Faults(Vec::new()).to_string());
        // Monday; the Saturday after is off, so it is the Monday after that, at noon there.
        let monday = Moment::read("2026-11-23T17:00:00Z").unwrap();
        assert_eq!(promise.reply_by(monday.0).rfc3339(), "2026-11-30T20:00:00.000Z");
        assert_eq!(settled("{}").0, Promise::default());
    }

    #[test]
    fn every_fault_of_a_calendar_is_told_with_what_to_write() {
        let text = "week: [mon, noday]\nhours: 9-5\nutc_offset: CET\nholidays: [2026-13-01, 2026-12-25]\nreply_days: 0\n";
        insta::assert_snapshot!(settled(text).1);
        insta::assert_snapshot!(settled("hours: 17:00-09:00\nutc_offset: +15:00\n").1);
    }

    #[test]
    fn minutes_read_as_people_write_them() {
        #[track_caller]
        fn check(text: &str, expected: Option<u32>) {
            assert_eq!(minutes(text), expected, "{text}");
        }
        check("00:00", Some(0));
        check("09:30", Some(570));
        check("24:00", Some(1440));
        for bad in ["24:01", "9:30", "09:60", "0930", "+9:30", "-1:00", "", ":", "09:3x", "1 :30"] {
            check(bad, None);
        }
    }
}
