//! The platform's clock: the real one, or one that stands still; and how times are written.
//!
//! The one place that reads the real clock. Must not know what is done with the time.

use jiff::Timestamp;
use jiff::fmt::strtime;

const FORMAT: &str = "%Y-%m-%dT%H:%M:%S+0000";

/// Tells the time, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    /// Stands still.
    Fixed(i64),
    /// The real clock.
    Real,
}

impl Clock {
    pub(crate) fn of(now: Option<Timestamp>) -> Self {
        now.map_or(Self::Real, |at| Self::Fixed(at.as_second()))
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "the sample platform is a program of its own and has no replay"
    )]
    pub(crate) fn now(self) -> i64 {
        match self {
            Self::Fixed(at) => at,
            Self::Real => Timestamp::now().as_second(),
        }
    }
}

/// As the Graph API writes a time.
pub(crate) fn text(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime(FORMAT).to_string()
}

/// Reads `2024-03-31T12:00:00+0000`, with `Z` or any offset.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_second());
    }
    let parts = strtime::parse("%Y-%m-%dT%H:%M:%S%z", text).ok()?;
    Some(parts.to_timestamp().ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_fixtures_write_them_and_read_in_both_forms() {
        let at = parse("2024-03-26T02:13:57+0000");
        assert_eq!(at, Some(1_711_419_237));
        assert_eq!(parse("2024-03-26T02:13:57Z"), at);
        assert_eq!(text(1_711_419_237), "2024-03-26T02:13:57+0000");
        assert_eq!(parse("yesterday"), None);
    }
}
