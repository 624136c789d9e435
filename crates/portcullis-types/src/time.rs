//! Time as a value. No pure crate reads a clock: the moment of a call comes in with the call.
//!
//! Must not know the system clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize,
)]
pub struct Wall(pub u64);

/// Nanoseconds on a clock that never goes back, from an arbitrary start.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Mono(pub u64);

/// The moment of a call.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct Now {
    /// For expiry, records and everything a person reads.
    pub wall: Wall,
    /// For rates and durations.
    pub mono: Mono,
}

/// Where the moment comes from: the binary's real clock or a test's stopped one.
pub trait Clock: Send + Sync + 'static {
    /// The moment.
    fn now(&self) -> Now;

    /// What the wall clock shows, for whoever needs no more.
    fn wall(&self) -> Wall {
        self.now().wall
    }
}

/// How far the wall clock may part from the one that only counts, in milliseconds: an hour.
const PARTED_MAX: u64 = 3_600_000;

impl Now {
    /// What the wall clock would show, had it only counted since then.
    #[must_use]
    pub const fn counted(self, since: Self) -> Wall {
        Wall(since.wall.0 + self.mono.0.saturating_sub(since.mono.0) / 1_000_000)
    }

    /// Whether the wall clock shows a time that is more than an hour off that: it jumped, and what never comes
    /// back must not go by it.
    #[must_use]
    pub const fn has_parted(self, since: Self) -> bool {
        self.wall.0.abs_diff(self.counted(since).0) > PARTED_MAX
    }
}

impl Wall {
    /// As RFC 3339 in UTC with milliseconds, such as `2024-03-31T12:00:00.000Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let (days, ms) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (year, month, day) = civil(days);
        let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
        let (second, milli) = (ms / 1000 % 60, ms % 1000);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

/// Year, month and day of a count of days since 1970-01-01 in the proleptic Gregorian calendar.
///
/// Counted from 1 March of year 0, so that the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// A length of time as people write it in policies: `30s`, `15m`, `1h`, `7d`, `250ms`.
#[derive(Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Span {
    milliseconds: u64,
}

/// Why a text is not a span.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{0}` is not a length of time: write a whole number and a unit, such as `30s`, `15m`, `1h` or `7d`"
)]
pub struct SpanError(pub String);

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl Span {
    /// From milliseconds.
    #[must_use]
    pub const fn from_milliseconds(milliseconds: u64) -> Self {
        Self { milliseconds }
    }

    /// From seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self { milliseconds: seconds.saturating_mul(1000) }
    }

    /// In milliseconds.
    #[must_use]
    pub const fn milliseconds(self) -> u64 {
        self.milliseconds
    }

    /// In whole seconds, rounded down.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.milliseconds / 1000
    }

    /// For timers.
    #[must_use]
    pub const fn duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.milliseconds)
    }
}

impl FromStr for Span {
    type Err = SpanError;
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        let span = number.parse::<u64>().ok().zip(factor).and_then(|(n, f)| n.checked_mul(f));
        let milliseconds = span.ok_or_else(|| SpanError(text.chars().take(80).collect()))?;
        Ok(Self { milliseconds })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.milliseconds == 0 {
            return f.write_str("0s");
        }
        let whole = |(_, factor): &&(&str, u64)| self.milliseconds.is_multiple_of(*factor);
        let (unit, factor) = UNITS.iter().rev().find(whole).copied().unwrap_or(("ms", 1));
        write!(f, "{}{unit}", self.milliseconds / factor)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Span({self})")
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_as_it_prints() {
        for text in ["250ms", "30s", "15m", "1h", "7d"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("24h".parse::<Span>().unwrap().to_string(), "1d");
        assert_eq!("0h".parse::<Span>().unwrap().to_string(), "0s");
        for text in
            ["", "5", "h", "-1h", "1.5h", "1 h", "99999999999999999999d", "18446744073709551615d"]
        {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn wall_time_prints_as_rfc_3339() {
        assert_eq!(Wall(0).rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Wall(951_782_400_123).rfc3339(), "2000-02-29T00:00:00.123Z");
        assert_eq!(Wall(1_711_886_400_000).rfc3339(), "2024-03-31T12:00:00.000Z");
    }
}
