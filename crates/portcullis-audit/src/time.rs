//! From the time in a leaf back to a moment; the one spelling that `Wall::rfc3339` writes.

use portcullis_types::Wall;

/// Reads `2024-03-31T12:00:00.000Z`; any other spelling of the same moment is refused.
#[must_use]
pub fn wall_of(text: &str) -> Option<Wall> {
    let number = |from: usize, to: usize| -> Option<u64> { text.get(from..to)?.parse().ok() };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, milli) =
        (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    let ms_of_day = ((hour * 60 + minute) * 60 + second) * 1000 + milli;
    let wall = Wall(days(year, month, day)?.checked_mul(86_400_000)? + ms_of_day);
    // Writing it back settles separators, leap days and every range at once.
    (wall.rfc3339() == text).then_some(wall)
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted from 1 March of year 0.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    (era * 146_097 + of_era).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_it_prints_and_nothing_else_reads() {
        for ms in [0, 951_782_400_123, 1_711_886_400_000, 4_102_444_799_999, 68_169_599_999] {
            assert_eq!(wall_of(&Wall(ms).rfc3339()), Some(Wall(ms)));
        }
        for text in [
            "",
            "1969-12-31T23:59:59.999Z",
            "2023-02-29T00:00:00.000Z",
            "2024-13-01T00:00:00.000Z",
            "2024-01-01T24:00:00.000Z",
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00.000z",
            "2024-01-01 00:00:00.000Z",
            "2024-01-01T00:00:00.000+00:00",
            "2024-00-01T00:00:00.000Z",
            "+024-01-01T00:00:00.000Z",
        ] {
            assert_eq!(wall_of(text), None, "{text}");
        }
    }
}
