//! Where a key's rates stand, as header fields.
//!
//! `RateLimit` and `RateLimit-Policy` by draft-ietf-httpapi-ratelimit-headers-10 (lists of strings
//! with parameters); `X-App-Usage` with the members that clients know and no others, since one
//! official client fails on any other. Must not know how rates are kept.

use std::cell::RefCell;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use portcullis_judge::RateReading;
use portcullis_types::{RateId, Span};
use sfv::{KeyRef, ListSerializer, StringRef};
use smallvec::SmallVec;

use crate::settings::Family;

pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(crate) const APP_USAGE: HeaderName = HeaderName::from_static("x-app-usage");

/// Most rates whose unchanging parts are kept; a policy has fewer.
const KEPT_MAX: usize = 64;

/// The fields of one thread, as far as they stay the same from call to call.
pub(crate) struct Rates {
    family: Family,
    usage: Vec<HeaderValue>,
    kept: RefCell<Vec<Kept>>,
}

/// What stays the same about a rate.
struct Kept {
    rate: RateId,
    max: u64,
    window: Span,
    policy: HeaderValue,
    /// The rate's name, serialised.
    name: String,
}

impl Rates {
    pub(crate) fn new(family: Family) -> Self {
        let usage = (0..=100).map_while(app_usage).collect();
        Self { family, usage, kept: RefCell::default() }
    }

    /// Adds the fields.
    pub(crate) fn write(&self, headers: &mut HeaderMap, reading: &RateReading) {
        let mut kept = self.kept.borrow_mut();
        let same = |kept: &Kept| {
            kept.max == reading.max && kept.window == reading.window && kept.rate == reading.rate
        };
        let at = kept.iter().position(same).or_else(|| {
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            kept.push(Kept::new(reading)?);
            kept.len().checked_sub(1)
        });
        if let Some(kept) = at.and_then(|at| kept.get(at)) {
            headers.insert(RATE_LIMIT_POLICY, kept.policy.clone());
            if let Ok(state) = HeaderValue::from_bytes(&kept.state(reading)) {
                headers.insert(RATE_LIMIT, state);
            }
        }
        self.used(headers, percent_used(reading));
    }

    /// The usage that says: stop.
    pub(crate) fn used_up(&self, headers: &mut HeaderMap) {
        self.used(headers, 100);
    }

    fn used(&self, headers: &mut HeaderMap, percent: usize) {
        if self.family == Family::Graph
            && let Some(usage) = self.usage.get(percent)
        {
            headers.insert(APP_USAGE, usage.clone());
        }
    }
}

impl Kept {
    fn new(reading: &RateReading) -> Option<Self> {
        let RateReading { rate, max, window, .. } = reading;
        let mut name = String::new();
        let mut out = ListSerializer::with_buffer(&mut name);
        let _ = out.bare_item(StringRef::from_str(rate.as_str()).ok()?).finish();
        out.finish()?;
        let mut policy = String::new();
        let mut out = ListSerializer::with_buffer(&mut policy);
        let item = out.bare_item(StringRef::from_str(rate.as_str()).ok()?);
        let item = item.parameter(KeyRef::from_str("q").ok()?, integer(*max));
        let _ = item.parameter(KeyRef::from_str("w").ok()?, integer(window.seconds())).finish();
        out.finish()?;
        let policy = HeaderValue::try_from(policy).ok()?;
        Some(Self { rate: rate.clone(), max: *max, window: *window, policy, name })
    }

    /// The name with what changes at each call. Integers of structured fields are plain digits
    /// (RFC 9651 §4.1.4); a test holds this against the serialiser.
    fn state(&self, reading: &RateReading) -> SmallVec<[u8; 96]> {
        let mut text = SmallVec::from_slice(self.name.as_bytes());
        text.extend_from_slice(b";r=");
        digits(&mut text, reading.remaining);
        if let Some(seconds) = reading.reset_seconds {
            text.extend_from_slice(b";t=");
            digits(&mut text, seconds);
        }
        text
    }
}

fn integer(number: u64) -> sfv::Integer {
    sfv::Integer::try_from(number).unwrap_or(sfv::Integer::MAX)
}

fn digits(text: &mut SmallVec<[u8; 96]>, number: u64) {
    // The most a structured field's integer may be: 15 digits.
    let mut rest = number.min(999_999_999_999_999);
    let start = text.len();
    loop {
        text.push(b'0' + u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if let Some(number) = text.get_mut(start..) {
        number.reverse();
    }
}

/// Of what passes at once: that is what a client has to slow down for.
fn percent_used(reading: &RateReading) -> usize {
    let used = reading.burst.saturating_sub(reading.remaining);
    let percent = used.saturating_mul(100).checked_div(reading.burst).unwrap_or(100);
    usize::try_from(percent).unwrap_or(100).min(100)
}

fn app_usage(percent: u8) -> Option<HeaderValue> {
    let text = format!(r#"{{"call_count":{percent},"total_time":0,"total_cputime":0}}"#);
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_tells_policy_state_and_usage() {
        let reading = RateReading {
            rate: RateId::new("calls-per-hour").unwrap(),
            per: portcullis_policy::Per::Key,
            max: 200,
            window: Span::from_seconds(3600),
            burst: 50,
            remaining: 5,
            reset_seconds: Some(60),
        };
        let mut headers = HeaderMap::new();
        Rates::new(Family::Graph).write(&mut headers, &reading);
        assert_eq!(headers["ratelimit-policy"], r#""calls-per-hour";q=200;w=3600"#);
        assert_eq!(headers["ratelimit"], r#""calls-per-hour";r=5;t=60"#);
        assert_eq!(headers["x-app-usage"], r#"{"call_count":90,"total_time":0,"total_cputime":0}"#);
        headers.clear();
        let rates = Rates::new(Family::Problem);
        rates.write(&mut headers, &reading);
        rates.write(&mut headers, &RateReading { reset_seconds: None, ..reading });
        assert_eq!(headers["ratelimit"], r#""calls-per-hour";r=5"#);
        assert!(!headers.contains_key("x-app-usage"));
    }

    #[test]
    fn the_digits_are_those_of_the_serialiser() {
        for number in [0, 7, 10, 999, 1_000_000_000, 999_999_999_999_999, u64::MAX] {
            let mut text = SmallVec::new();
            digits(&mut text, number);
            let mut out = ListSerializer::new();
            let _ = out.bare_item(integer(number)).finish();
            assert_eq!(String::from_utf8(text.to_vec()).unwrap(), out.finish().unwrap());
        }
    }
}
