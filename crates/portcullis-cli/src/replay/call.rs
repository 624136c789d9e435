//! One recorded call, borrowed from its line.
//!
//! Takes the platform's own recording (`ts,key,partner,method,path,status,bytes`) and the gate's
//! access records, whose members of the same meaning are `key_id` and `bytes_out`; `ts`, `partner`
//! and `status` are named alike. Access records carry no path unless they are told to; those are
//! named as not enough. Must not judge.

use std::borrow::Cow;

use portcullis_types::Wall;
use serde::Deserialize;

use super::lines::Line;
use super::plain;

/// A line that can be judged.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) at: Wall,
    pub(crate) key: Cow<'a, str>,
    /// Empty where the record names none.
    pub(crate) partner: Cow<'a, str>,
    pub(crate) method: Cow<'a, str>,
    path: Cow<'a, str>,
    /// What the platform answered; none where it was not recorded.
    pub(crate) status: Option<u16>,
    /// Bytes of the answer.
    pub(crate) bytes: u64,
}

/// What a line holds, as it is written.
#[derive(Debug, Default, Deserialize, Eq, PartialEq)]
pub(super) struct Written<'a> {
    #[serde(borrow, default)]
    pub(super) ts: Cow<'a, str>,
    #[serde(borrow, default, alias = "key_id")]
    pub(super) key: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) partner: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) method: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) path: Cow<'a, str>,
    #[serde(default)]
    pub(super) status: Option<u16>,
    #[serde(default, alias = "bytes_out")]
    pub(super) bytes: Option<u64>,
    /// Only the gate's own access records have one.
    #[serde(default)]
    verdict: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// Reads a line; the error says what is wrong with it and what to do.
    pub(crate) fn read(line: &Line<'a>) -> Result<Self, String> {
        let Line::Bytes(bytes) = line else {
            return Err("it is longer than 4 MiB; no call is: look for a missing line end".into());
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err("it is not UTF-8 text; mend it or take it out".into());
        };
        let written = match plain::read(text) {
            Some(written) => written,
            None => serde_json::from_str(text).map_err(|error| wrong(&error))?,
        };
        let Written { ts, key, partner, method, path, status, bytes, verdict } = written;
        if path.is_empty() && verdict.is_some() {
            return Err("it is an access record without `method` and `path`: what was asked can't be told; let the gate write them into its records".into());
        }
        for (member, text) in [("ts", &ts), ("key", &key), ("method", &method), ("path", &path)] {
            if text.is_empty() {
                return Err(format!(
                    "`{member}` is missing; each line needs `ts`, `key`, `method` and `path`"
                ));
            }
        }
        let at = wall(&ts).ok_or_else(|| {
            let ts: String = ts.chars().take(40).collect();
            format!("`ts` is not a moment: `{ts}`; write it as `2024-03-01T12:00:00.000Z`")
        })?;
        if !path.starts_with('/') {
            return Err(
                "`path` does not begin with `/`; write path and query, without the host".into()
            );
        }
        let bytes = bytes.unwrap_or_default();
        Ok(Self { at, key, partner, method, path, status, bytes })
    }

    /// Path and query as they were sent.
    pub(crate) fn path_and_query(&self) -> &str {
        &self.path
    }
}

/// Where the reader stopped, in its own words but without its line number: that is always 1.
fn wrong(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line 1 column").next().unwrap_or_default();
    match error.column() {
        0 => format!("it is not a JSON object ({what}); mend it or take it out"),
        column => {
            format!("it is not a recorded call ({what}, column {column}); mend it or take it out")
        }
    }
}

/// Reads RFC 3339: any number of decimals, `Z` or an offset.
pub(crate) fn wall(text: &str) -> Option<Wall> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| {
        bytes.get(from..to)?.iter().try_fold(0_i64, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
        })
    };
    let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|byte| any.contains(byte));
    let marks = is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":");
    if !marks {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range {
        return None;
    }
    let (mut at, mut milliseconds) = (19, 0);
    if is(at, b".") {
        let decimals = bytes.get(at + 1..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        milliseconds = number(at + 1, at + 1 + decimals.min(3))?;
        milliseconds *= [0, 100, 10, 1].get(decimals.min(3)).copied().filter(|by| *by > 0)?;
        at += 1 + decimals;
    }
    let offset = match bytes.get(at)? {
        b'Z' | b'z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 && is(at + 3, b":") => {
            let minutes = number(at + 1, at + 3)? * 60 + number(at + 4, at + 6)?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    u64::try_from((seconds - offset * 60) * 1000 + milliseconds).ok().map(Wall)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted from 1 March of year 0, so that
/// the leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let said = match Call::read(&Line::Bytes(line.as_bytes())) {
            Ok(call) => format!("{} {} {} {}", call.at.rfc3339(), call.key, call.method, call.path),
            Err(why) => why,
        };
        assert_eq!(said, expected, "{line}");
    }

    #[test]
    fn the_platforms_recording_and_our_own_are_read() {
        check(
            r#"{"ts":"2024-03-01T00:00:17.566Z","key":"k","partner":"p","method":"GET","path":"/a?b=c","status":200,"bytes":459}"#,
            "2024-03-01T00:00:17.566Z k GET /a?b=c",
        );
        check(
            r#"{"path":"/a","bytes_out":1,"key_id":"k","ts":"2024-03-01T02:00:17+02:00","method":"GET","verdict":"permit","more":[{}]}"#,
            "2024-03-01T00:00:17.000Z k GET /a",
        );
    }

    #[test]
    fn a_line_that_is_no_call_says_what_to_do() {
        check(
            r#"{"ts":"2024-03-01T00:00:17.566Z","key":"k","#,
            "it is not a recorded call (EOF while parsing a value, column 43); mend it or take it out",
        );
        check("", "it is not a JSON object (EOF while parsing a value); mend it or take it out");
        check(
            r#"{"ts":"2024-03-01T00:00:17.566Z","key":"k","method":"GET"}"#,
            "`path` is missing; each line needs `ts`, `key`, `method` and `path`",
        );
        check(
            r#"{"ts":"yesterday","key":"k","method":"GET","path":"/"}"#,
            "`ts` is not a moment: `yesterday`; write it as `2024-03-01T12:00:00.000Z`",
        );
        check(
            r#"{"ts":"2024-03-01T00:00:17.566Z","key_id":"k","verdict":"permit","status":200}"#,
            "it is an access record without `method` and `path`: what was asked can't be told; let the gate write them into its records",
        );
    }

    #[test]
    fn moments_are_read_as_they_print() {
        for at in [0, 951_782_400_123, 1_711_886_400_000, 4_102_444_799_999] {
            assert_eq!(wall(&Wall(at).rfc3339()), Some(Wall(at)));
        }
        assert_eq!(wall("2024-03-01T00:00:00.5Z"), wall("2024-03-01T00:00:00.500000Z"));
        for text in [
            "",
            "2024-03-01",
            "2024-13-01T00:00:00Z",
            "2024-03-01T00:00:00",
            "2024-03-01T00:00:00.Z",
            "2024-03-01T00:00:00+0200",
        ] {
            assert_eq!(wall(text), None, "{text}");
        }
    }
}
