//! Moments as people write them: `2026-12-01`, `2026-12-01T09:00:00Z`, or `7d` from now.
//!
//! Must not know the clock: now comes in.

use portcullis_types::{Span, Wall};

use crate::problem::Problem;

/// Reads a moment that must lie in the future.
pub(crate) fn future(member: &str, text: &str, now: Wall) -> Result<Wall, Problem> {
    let moment = moment(member, text, now)?;
    if moment <= now {
        return Err(Problem::unreadable(format!(
            "`{member}` is {}, which has passed: write a moment in the future",
            moment.rfc3339()
        )));
    }
    Ok(moment)
}

/// Reads a moment, wherever it lies.
pub(crate) fn moment(member: &str, text: &str, now: Wall) -> Result<Wall, Problem> {
    read(text, now).ok_or_else(|| {
        let shown: String = text.chars().take(80).collect();
        Problem::unreadable(format!(
            "`{member}` is `{shown}`, which is no moment: write a date such as `2026-12-01`, a time such as `2026-12-01T09:00:00Z`, or a length from now such as `7d`"
        ))
    })
}

/// Reads a moment of what was: a length is how long ago.
pub(crate) fn past(member: &str, text: &str, now: Wall) -> Result<Wall, Problem> {
    if let Ok(ago) = text.parse::<Span>() {
        return Ok(Wall(now.0.saturating_sub(ago.milliseconds())));
    }
    read(text, now).ok_or_else(|| {
        let shown: String = text.chars().take(80).collect();
        Problem::unreadable(format!(
            "`{member}` is `{shown}`, which is no moment: write a date such as `2026-12-01`, a time such as `2026-12-01T09:00:00Z`, or how long ago, such as `7d`"
        ))
    })
}

fn read(text: &str, now: Wall) -> Option<Wall> {
    if let Ok(span) = text.parse::<Span>() {
        return now.0.checked_add(span.milliseconds()).filter(|ms| *ms < LAST).map(Wall);
    }
    let milliseconds = if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() == 10
    {
        date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond()
    } else {
        text.parse::<jiff::Timestamp>().ok()?.as_millisecond()
    };
    u64::try_from(milliseconds).ok().map(Wall)
}

/// The end of the year 9999: later moments have no spelling in RFC 3339.
const LAST: u64 = 253_402_300_800_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_a_time_or_a_length_from_now() {
        let now = Wall(1_711_886_400_000); // 2024-03-31T12:00:00Z
        let read = |text: &str| {
            future("review_by", text, now).map(|m| m.rfc3339()).map_err(|p| p.detail.clone())
        };
        assert_eq!(read("7d").unwrap(), "2024-04-07T12:00:00.000Z");
        assert_eq!(read("2024-04-01").unwrap(), "2024-04-01T00:00:00.000Z");
        assert_eq!(read("2024-04-01T09:00:00+02:00").unwrap(), "2024-04-01T07:00:00.000Z");
        insta::assert_snapshot!(read("2024-03-31").unwrap_err(), @"`review_by` is 2024-03-31T00:00:00.000Z, which has passed: write a moment in the future");
        for text in ["", "soon", "2024-13-01", "99999999999d", "2024-04-01T09:00:00"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
