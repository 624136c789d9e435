//! Which header fields go on, in either direction.
//!
//! Each field is asked about once, as it is written or read. Fields named in `Connection` go
//! before the call is judged, so that judge and platform see the same ones, and before ours are put
//! in, so that nobody can nominate those away. Must not know calls or policies.

use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH,
    CONTENT_TYPE, COOKIE, HOST, IF_NONE_MATCH, LOCATION, ORIGIN, REFERER, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use smallvec::SmallVec;

use crate::leak::Leak;
use portcullis_types::Refusal;

pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(crate) const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names in `Connection` that are about the connection itself.
const OPTIONS: [&str; 8] = [
    "close",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "http2-settings",
    "proxy-connection",
    "transfer-encoding",
];

/// Takes out what `Connection` names.
///
/// # Errors
/// When it names a field that the judge reads or that frames the message: to send it on without
/// would be to send on another call than the one that arrived.
pub(crate) fn drop_nominated(
    headers: &mut HeaderMap,
    key_header: &HeaderName,
) -> Result<(), Refusal> {
    let mut named: Vec<HeaderName> = Vec::new();
    for value in headers.get_all(CONNECTION) {
        for option in value.as_bytes().split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            if option.is_empty()
                || OPTIONS.iter().any(|o| option.eq_ignore_ascii_case(o.as_bytes()))
            {
                continue;
            }
            let name = HeaderName::from_bytes(option).map_err(|_| Refusal::Unreadable {
                why: "the Connection header names what is no header",
            })?;
            let core = [HOST, CONTENT_LENGTH, CONTENT_TYPE, AUTHORIZATION, COOKIE].contains(&name);
            if core || name == *key_header || named.len() >= 32 {
                return Err(Refusal::Unreadable {
                    why: "the Connection header names a field the gate relies on",
                });
            }
            named.push(name);
        }
    }
    for name in named {
        headers.remove(name);
    }
    Ok(())
}

/// What decides over the fields of a call before it goes on.
pub(crate) struct Outward<'a> {
    /// The header that may carry the key.
    pub(crate) key_header: &'a HeaderName,
    /// Whether the peer's word on who calls is believed.
    pub(crate) trusted: bool,
    /// Whether the answer will be read, hence must come whole and unpacked.
    pub(crate) plain_answer: bool,
    /// Whether the gate itself names the call's place in a trace, and whether the state that came with
    /// the call is then that of its trace.
    pub(crate) traced: Option<bool>,
    /// The key in the head, where there is one that could stand nowhere by chance.
    pub(crate) key: Option<&'a [u8]>,
}

/// Whether a field of a call reaches the platform as it is. Those that the gate puts in do not: it
/// puts in its own.
///
/// Nor does any other field that holds a copy of the key in the head: the platform must not see it in
/// a cookie or a referer either. A key that came in query or body is not looked for here.
pub(crate) fn goes_on(name: &HeaderName, value: &HeaderValue, rules: &Outward<'_>) -> bool {
    !drops_outward(name, rules) && !rules.key.is_some_and(|key| holds(value, key))
}

/// The key in the head; none: there is none, or one so short that it might stand anywhere.
pub(crate) fn long_key<'h>(headers: &'h HeaderMap, key_header: &HeaderName) -> Option<&'h [u8]> {
    header_keys(headers, key_header).first().copied().filter(|key| key.len() >= 16)
}

fn holds(value: &HeaderValue, text: &[u8]) -> bool {
    value.len() >= text.len() && memchr::memmem::find(value.as_bytes(), text).is_some()
}

/// Whether a field of an answer may reach the partner. `Connection` may, as far as here: what it
/// names is still to be taken out.
pub(crate) fn comes_back(name: &HeaderName, value: &[u8], secret: &Leak) -> bool {
    // A `Location` that tells the credential is rewritten instead, or dropped where that does not help.
    !drops_inward(name) && (!secret.stands_in(value) || *name == LOCATION)
}

/// Takes out what `Connection` names, and itself.
pub(crate) fn drop_named(headers: &mut HeaderMap) {
    let named: SmallVec<[HeaderName; 4]> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b','))
        .filter_map(|option| HeaderName::from_bytes(option.trim_ascii()).ok())
        .filter(|name| *name != CONTENT_TYPE)
        .take(32)
        .collect();
    for name in named {
        headers.remove(name);
    }
    headers.remove(CONNECTION);
}

/// Keeps those fields that are to be kept.
pub(crate) fn keep(headers: &mut HeaderMap, keep: impl Fn(&HeaderName, &HeaderValue) -> bool) {
    if headers.iter().all(|(name, value)| keep(name, value)) {
        return;
    }
    let all = std::mem::take(headers);
    for (name, value) in &all {
        if keep(name, value) {
            // No more than there were.
            let _ = headers.try_append(name, value.clone());
        }
    }
}

fn drops_outward(name: &HeaderName, rules: &Outward<'_>) -> bool {
    // What nearly every call has: told by one byte each, where the rest is told by reading the name.
    const COMMON: [HeaderName; 9] = [
        ACCEPT,
        ACCEPT_LANGUAGE,
        USER_AGENT,
        CONTENT_TYPE,
        COOKIE,
        REFERER,
        ORIGIN,
        CACHE_CONTROL,
        IF_NONE_MATCH,
    ];
    if COMMON.iter().any(|common| common == name) {
        return name == rules.key_header;
    }
    let text = name.as_str();
    if text.contains('_') {
        // Many platforms read `_` as `-`: such a name is a second spelling of another field.
        return true;
    }
    match text {
        // Hop by hop (RFC 9110 §7.6.1), and what frames the message: the codec writes it anew.
        "connection"
        | "keep-alive"
        | "proxy-connection"
        | "proxy-authenticate"
        | "proxy-authorization"
        | "te"
        | "trailer"
        | "transfer-encoding"
        | "upgrade"
        | "http2-settings"
        | "sec-websocket-extensions"
        | "content-length"
        | "expect" => true,
        // Put in anew for each call, where the platform is to see one.
        "host" | "x-request-id" | "authorization" | "x-api-key" => true,
        // Fields by which a platform may take another method, path or host than the one judged.
        "x-http-method"
        | "x-http-method-override"
        | "x-method-override"
        | "x-original-method"
        | "x-original-url"
        | "x-original-uri"
        | "x-rewrite-url"
        | "x-original-host"
        | "x-forwarded-uri"
        | "x-forwarded-path"
        | "x-forwarded-prefix"
        | "x-forwarded-method"
        | "x-host"
        | "x-forwarded-server" => true,
        "x-forwarded-for" | "x-forwarded-proto" | "x-forwarded-host" | "forwarded" => {
            !rules.trusted
        }
        "x-forwarded-port"
        | "x-forwarded-scheme"
        | "x-forwarded-ssl"
        | "x-forwarded"
        | "forwarded-for"
        | "x-real-ip"
        | "x-client-ip"
        | "true-client-ip"
        | "cf-connecting-ip"
        | "x-cluster-client-ip"
        | "x-originating-ip"
        | "x-remote-ip"
        | "x-remote-addr"
        | "via" => true,
        "accept-encoding" | "range" | "if-range" => rules.plain_answer,
        "traceparent" => rules.traced.is_some(),
        "tracestate" => rules.traced == Some(false),
        _ => name == rules.key_header || names_another_call(text),
    }
}

/// Whether some server or framework takes another method, path, host or peer from such a field than
/// those that were judged. There is no list of them all, so whole families go.
fn names_another_call(name: &str) -> bool {
    const WORDS: [&str; 2] = ["override", "rewrite"];
    const STARTS: [&str; 10] = [
        "x-original-",
        "x-forwarded-",
        "x-envoy-",
        "x-accel-",
        "x-http-",
        "x-proxy",
        "x-azure-",
        "x-arr-",
        "x-waws-",
        "x-client-",
    ];
    const ENDS: [&str; 7] = ["-uri", "-url", "-path", "-path-info", "-method", "-host", "-ip"];
    const NAMES: [&str; 9] = [
        "x-method",
        "x-script-name",
        "destination",
        "redirect",
        "front-end-https",
        "x-url-scheme",
        "x-custom-ip-authorization",
        "x-path-info",
        "content-location",
    ];
    WORDS.iter().any(|word| name.contains(word))
        || name.starts_with("x-") && STARTS.iter().any(|start| name.starts_with(start))
        || name.starts_with("wl-proxy-")
        || ENDS.iter().any(|end| name.ends_with(end))
        || NAMES.contains(&name)
}

fn drops_inward(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "keep-alive" | "proxy-connection" | "proxy-authenticate"
            | "proxy-authorization" | "te" | "trailer" | "transfer-encoding" | "upgrade"
            // The platform's own rates are those of its credential, not of the partner's key.
            | "x-app-usage" | "x-business-use-case-usage" | "x-ad-account-usage"
            | "ratelimit" | "ratelimit-policy" | "x-request-id"
            // Would send clients round the gate.
            | "alt-svc"
            // Only the gate knows.
            | "x-portcullis-thinned"
    )
}

/// The values by which a call may prove whose it is: what follows `Bearer`, or the key header.
///
/// Anything else in `Authorization` stands for a key nobody has: two readings of it are one too many.
pub(crate) fn header_keys<'h>(
    headers: &'h HeaderMap,
    key_header: &HeaderName,
) -> SmallVec<[&'h [u8]; 4]> {
    let mut keys = SmallVec::new();
    for (name, value) in headers {
        if *name == AUTHORIZATION {
            keys.push(bearer(value.as_bytes()));
        } else if name == key_header {
            keys.push(value.as_bytes());
        }
    }
    keys
}

fn bearer(value: &[u8]) -> &[u8] {
    match value.split_at_checked(7) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(b"bearer ") => {
            let spaces = key.iter().take_while(|b| **b == b' ').count();
            key.get(spaces..).unwrap_or_default()
        }
        _ => value,
    }
}

#[cfg(test)]
#[path = "hygiene_tests.rs"]
mod tests;
