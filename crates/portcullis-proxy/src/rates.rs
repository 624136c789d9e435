//! Where a key's rates stand, as header fields.
//!
//! `RateLimit` and `RateLimit-Policy` by draft-ietf-httpapi-ratelimit-headers-10 (lists of strings
//! with parameters); `X-App-Usage` with the members that clients know and no others, since one
//! official client fails on any other. Must not know how rates are kept.

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use portcullis_judge::RateReading;
use sfv::{KeyRef, ListSerializer, StringRef};

use crate::settings::Family;

pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(crate) const APP_USAGE: HeaderName = HeaderName::from_static("x-app-usage");

/// Adds the fields.
pub(crate) fn write(headers: &mut HeaderMap, reading: &RateReading, family: Family) {
    let policy = [("q", Some(reading.max)), ("w", Some(reading.window.seconds()))];
    let state = [("r", Some(reading.remaining)), ("t", reading.reset_seconds)];
    put(headers, RATE_LIMIT_POLICY, item(reading, policy));
    put(headers, RATE_LIMIT, item(reading, state));
    if family == Family::Graph {
        put(headers, APP_USAGE, Some(app_usage(percent_used(reading))));
    }
}

/// The usage that says: stop.
pub(crate) fn used_up(headers: &mut HeaderMap) {
    put(headers, APP_USAGE, Some(app_usage(100)));
}

fn put(headers: &mut HeaderMap, name: HeaderName, text: Option<String>) {
    if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(name, value);
    }
}

/// Of what passes at once: that is what a client has to slow down for.
fn percent_used(reading: &RateReading) -> u64 {
    let used = reading.burst.saturating_sub(reading.remaining);
    used.saturating_mul(100).checked_div(reading.burst).unwrap_or(100)
}

fn app_usage(percent: u64) -> String {
    format!(r#"{{"call_count":{percent},"total_time":0,"total_cputime":0}}"#)
}

fn item(reading: &RateReading, parameters: [(&'static str, Option<u64>); 2]) -> Option<String> {
    let mut text = String::with_capacity(48);
    let mut out = ListSerializer::with_buffer(&mut text);
    let mut item = out.bare_item(StringRef::from_str(reading.rate.as_str()).ok()?);
    for (name, value) in parameters {
        if let Some(value) = value {
            let value = sfv::Integer::try_from(value).unwrap_or(sfv::Integer::MAX);
            item = item.parameter(KeyRef::from_str(name).ok()?, value);
        }
    }
    let _ = item.finish();
    out.finish()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use portcullis_types::{RateId, Span};

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
        write(&mut headers, &reading, Family::Graph);
        assert_eq!(headers["ratelimit-policy"], r#""calls-per-hour";q=200;w=3600"#);
        assert_eq!(headers["ratelimit"], r#""calls-per-hour";r=5;t=60"#);
        assert_eq!(headers["x-app-usage"], r#"{"call_count":90,"total_time":0,"total_cputime":0}"#);
        headers.clear();
        write(&mut headers, &RateReading { reset_seconds: None, ..reading }, Family::Problem);
        assert_eq!(headers["ratelimit"], r#""calls-per-hour";r=5"#);
        assert!(!headers.contains_key("x-app-usage"));
    }
}
