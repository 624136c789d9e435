//! The head of the platform's answer: checked, cleaned, and true of what follows it.
//!
//! Must not know how the call was judged, beyond its permit.

use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, EXPIRES, LOCATION, PRAGMA,
    TRANSFER_ENCODING,
};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use portcullis_sieve::Gate;

use crate::hygiene;
use crate::thread::Thread;
use crate::upstream::Failure;
use crate::{Placement, Settings};

/// Refuses a head that frames its body in two ways, or that answers no request of ours.
///
/// For hyper's codec, which has read the body's length already: here it is asked whether others would
/// read it so. Our own asks while it reads.
pub(crate) fn check(parts: &Parts) -> Result<(), Failure> {
    let (mut framings, mut odd) = (0, false);
    for (name, value) in &parts.headers {
        if *name == CONTENT_LENGTH {
            framings += 1;
            odd |= !is_plain_number(value);
        } else if *name == TRANSFER_ENCODING {
            framings += 1;
            odd |= !value.as_bytes().eq_ignore_ascii_case(b"chunked");
            odd |= parts.version != Version::HTTP_11;
        }
    }
    // An informational answer here is a switch of protocols, which nobody asked for.
    let final_one = (200..600).contains(&parts.status.as_u16());
    if final_one && framings <= 1 && !odd { Ok(()) } else { Err(Failure::Malformed) }
}

fn is_plain_number(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    !bytes.is_empty() && bytes.len() <= 18 && bytes.iter().all(u8::is_ascii_digit)
}

/// Cleans the head for the partner. What may not come back at all was left out as it was read.
pub(crate) fn clean(parts: &mut Parts, thread: &Thread, host: Option<&HeaderValue>) {
    if parts.headers.contains_key(CONNECTION) {
        hygiene::drop_named(&mut parts.headers);
    }
    if parts.status == StatusCode::NO_CONTENT {
        parts.headers.remove(CONTENT_LENGTH);
    }
    if parts.headers.contains_key(LOCATION) {
        relocate(&mut parts.headers, thread, host);
    }
}

/// A redirect to the platform becomes one to the gate; one to elsewhere stays, if it is free of the
/// platform's credential.
fn relocate(headers: &mut HeaderMap, thread: &Thread, host: Option<&HeaderValue>) {
    let new = headers.get(LOCATION).and_then(|value| value.to_str().ok()).and_then(|location| {
        let uri: http::Uri = location.parse().ok()?;
        let platform = thread.settings.upstream.authority().as_bytes();
        let ours =
            uri.authority().is_none_or(|to| platform.eq_ignore_ascii_case(to.as_str().as_bytes()));
        let new =
            if ours { thread.sieve_gate(host).rewrite(location)? } else { location.to_owned() };
        (!thread.leak.stands_in(new.as_bytes())).then_some(new)
    });
    match new.and_then(|text| HeaderValue::try_from(text).ok()) {
        Some(value) => headers.insert(LOCATION, value),
        None => headers.remove(LOCATION),
    };
}

/// What partners reach the gate by: as configured, or as this call did.
fn base(settings: &Settings, host: Option<&str>) -> String {
    match &settings.public_url {
        Some(url) => url.base().to_owned(),
        None => format!("http://{}", host.unwrap_or("localhost")),
    }
}

/// How the gate is seen by who sent its call to that host, for the links in answers.
pub(crate) fn gate(settings: &Settings, host: Option<&HeaderValue>) -> Gate {
    let base = base(settings, host.and_then(|host| host.to_str().ok()));
    let gate = Gate::new(&base).secret(settings.credential.expose().as_bytes());
    match settings.credential.placement() {
        Placement::Bearer | Placement::Nowhere => gate,
        Placement::Query(name) => gate.credential(name),
    }
}

/// What a head says about its body.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Says {
    /// JSON, or nothing about it.
    Json,
    /// A picture, a film or sound.
    Media,
    /// Something else.
    Other,
}

/// What a head says about its body. An operation with duties answers with JSON.
pub(crate) fn says(headers: &HeaderMap) -> Says {
    const MEDIA: [&str; 3] = ["image/", "video/", "audio/"];
    const JSON: [&str; 5] = [
        "application/json",
        "text/json",
        "text/javascript",
        "application/javascript",
        "text/plain",
    ];
    let Some(value) = headers.get(CONTENT_TYPE) else { return Says::Json };
    let Ok(value) = value.to_str() else { return Says::Other };
    let value = value.to_ascii_lowercase();
    let (kind, params) = value.split_once(';').unwrap_or((&value, ""));
    let kind = kind.trim();
    if MEDIA.iter().any(|start| kind.starts_with(start)) {
        return Says::Media;
    }
    // In another charset the same bytes are other names.
    let charset = params.split(';').find_map(|param| param.trim().strip_prefix("charset="));
    let known = charset.is_none_or(|set| {
        matches!(set.trim().trim_matches('"'), "utf-8" | "utf8" | "us-ascii" | "ascii")
    });
    let is_json = JSON.contains(&kind) || kind.ends_with("+json");
    if is_json && known { Says::Json } else { Says::Other }
}

/// Takes out what no longer holds of a body that was changed.
pub(crate) fn forget_validators(headers: &mut HeaderMap) {
    const DIGESTS: [HeaderName; 5] = [
        ETAG,
        HeaderName::from_static("digest"),
        HeaderName::from_static("content-digest"),
        HeaderName::from_static("repr-digest"),
        HeaderName::from_static("content-md5"),
    ];
    for name in DIGESTS {
        headers.remove(name);
    }
}

/// Says that nobody may keep the answer.
pub(crate) fn no_store(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(EXPIRES);
    headers.remove(PRAGMA);
}

/// Says that nobody may keep the answer, unless it says already that only its caller may.
pub(crate) fn not_shared(headers: &mut HeaderMap) {
    let said = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut said = said.flat_map(|value| value.split(',')).map(str::trim);
    let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
    if !said.any(|word| is(word, "private") || is(word, "no-store")) {
        no_store(headers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_a_key_is_kept_by_no_one_else() {
        for (said, expected) in [
            (&[][..], &["no-store"][..]),
            (&["public, max-age=60"], &["no-store"]),
            (&["private=\"x\""], &["no-store"]),
            (&["max-age=60", "Private"], &["max-age=60", "Private"]),
            (&["max-age=0, no-store"], &["max-age=0, no-store"]),
        ] {
            let mut headers = HeaderMap::new();
            for value in said {
                headers.append(CACHE_CONTROL, HeaderValue::from_static(value));
            }
            not_shared(&mut headers);
            let found: Vec<&str> = headers
                .get_all(CACHE_CONTROL)
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect();
            assert_eq!(found, expected, "{said:?}");
        }
    }

    #[test]
    fn a_type_is_json_by_its_name_and_only_in_one_charset() {
        for (value, expected) in [
            ("application/json", Says::Json),
            ("Application/JSON; charset=\"UTF-8\"", Says::Json),
            ("text/javascript; charset=UTF-8", Says::Json),
            ("application/problem+json", Says::Json),
            ("application/json; charset=utf-7", Says::Other),
            ("text/html", Says::Other),
            ("application/jsonp", Says::Other),
            ("multipart/mixed; boundary=json", Says::Other),
            ("image/png", Says::Media),
            ("VIDEO/mp4", Says::Media),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(says(&headers), expected, "{value}");
        }
        assert_eq!(says(&HeaderMap::new()), Says::Json);
    }
}
