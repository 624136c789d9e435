//! Reads the times that platforms write.
//!
//! Must not read a clock.

/// Seconds since 1970 of an epoch number or of `2024-03-01T10:00:00`, with a zone or in UTC; none:
/// it can't be read. Parts of a second are cut off.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, zone) = rest.split_at_checked(8)?;
    let day = days(number(date, 0, 4)?, number(date, 5, 2)?, number(date, 8, 2)?)?;
    let clock = clock(time)?;
    let is_spelt = date.get(4..5)? == "-" && date.get(7..8)? == "-";
    is_spelt.then_some(())?;
    let zone = match zone.strip_prefix('.') {
        Some(parts) => parts.trim_start_matches(|letter: char| letter.is_ascii_digit()),
        None => zone,
    };
    (day * 86_400 + clock).checked_sub(offset(zone)?)
}

fn clock(text: &str) -> Option<i64> {
    let is_spelt = text.get(2..3)? == ":" && text.get(5..6)? == ":";
    let (hour, minute, second) = (number(text, 0, 2)?, number(text, 3, 2)?, number(text, 6, 2)?);
    (is_spelt && hour < 24 && minute < 60 && second <= 60)
        .then_some(hour * 3600 + minute * 60 + second)
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, zone.strip_prefix('-')?),
    };
    let minutes = match rest.len() {
        2 => 0,
        4 => number(rest, 2, 2)?,
        5 if rest.get(2..3)? == ":" => number(rest, 3, 2)?,
        _ => return None,
    };
    let hours = number(rest, 0, 2)?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn number(text: &str, at: usize, len: usize) -> Option<i64> {
    let digits = text.get(at..at + len)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Days since 1970 in the Gregorian calendar, counted from March so that leap days come last.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let longest = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_time_is_read_and_nothing_else() {
        for (text, expected) in [
            ("1709287200", Some(1_709_287_200)),
            ("2024-03-01T10:00:00+0000", Some(1_709_287_200)),
            ("2024-03-01T10:00:00Z", Some(1_709_287_200)),
            ("2024-03-01T10:00:00", Some(1_709_287_200)),
            ("2024-03-01 12:00:00.123+02:00", Some(1_709_287_200)),
            ("2024-03-01T05:30:00-0430", Some(1_709_287_200)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800)),
            ("2023-02-29T00:00:00Z", None),
            ("2024-13-01T00:00:00Z", None),
            ("2024-03-01T24:00:00Z", None),
            ("2024-03-01T10:00Z", None),
            ("2024-03-01", None),
            ("2024/03/01T10:00:00Z", None),
            ("2024-03-01T10:00:00 CET", None),
            ("tomorrow", None),
            ("-5", None),
            ("99999999999999999999", None),
            ("é024-03-01T10:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
