//! One refusal, as an answer: one body for both worlds.
//!
//! RFC 9457 members, and for a Graph-shaped platform the `error` object beside them, since clients
//! of that family judge by the body and not by the status. The reason stands in `error.message`, the
//! one text that every client shows. Must not hold anything of the request: keys ride in queries.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use portcullis_judge::Trace;
use portcullis_types::{Challenge, Held, Notice, Refusal};
use serde::Serialize;

use crate::rates::Rates;
use crate::settings::Family;
use crate::upstreams::{digest, mixed};

/// How refusals are rendered.
#[derive(Clone, Copy)]
pub(crate) struct Style<'a> {
    pub(crate) family: Family,
    /// Begins each `type`.
    pub(crate) types: &'a str,
    pub(crate) rates: &'a Rates,
}

/// A rendered refusal.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    works: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Graph<'a>>,
}

#[derive(Serialize)]
struct Graph<'a> {
    message: String,
    r#type: &'static str,
    code: u32,
    #[serde(skip_serializing_if = "is_zero")]
    error_subcode: u32,
    is_transient: bool,
    error_user_title: &'a str,
    error_user_msg: &'a str,
    fbtrace_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Renders a refusal. `trace` adds what the caller, once known, may learn of how it was decided.
pub(crate) fn render(
    refusal: &Refusal,
    trace: Option<&Trace>,
    id: &str,
    style: Style<'_>,
) -> Rendered {
    let row = refusal.row();
    let detail = refusal.detail();
    let retry_after = retry_after(refusal, id);
    let (held, notice) = notice(refusal);
    let known = trace.filter(|trace| trace.partner.is_some());
    let error = (style.family == Family::Graph).then(|| Graph {
        message: format!("{}: {detail}", row.title),
        r#type: "OAuthException",
        code: row.graph_code,
        error_subcode: row.graph_subcode,
        is_transient: refusal.is_transient(),
        error_user_title: row.title,
        error_user_msg: &detail,
        fbtrace_id: id,
        retry_after,
    });
    let problem = Problem {
        r#type: format!("{}{}", style.types, row.code),
        title: row.title,
        status: row.status,
        detail: &detail,
        code: row.code,
        request_id: id,
        rule: known.and_then(|trace| trace.rule.as_deref()),
        retry_after,
        state: held.map(|held| held.notice.state.name()),
        reason: notice.map(|notice| notice.reason.as_str()),
        since: notice.map(|notice| notice.since.rfc3339()),
        review_by: notice.and_then(|notice| notice.review_by).map(portcullis_types::Wall::rfc3339),
        closed: held.map(|held| held.notice.closes.to_string()),
        works: held.map(Held::works),
        error,
    };
    let body = serde_json::to_vec(&problem).unwrap_or_else(|_| b"{}".to_vec());
    let status = StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = headers(row.challenge, retry_after);
    if let Some(reading) = known.and_then(|trace| trace.reading.as_ref()) {
        style.rates.write(&mut headers, reading);
    }
    if row.status == 429 {
        style.rates.used_up(&mut headers);
    }
    Rendered { status, headers, body }
}

/// When to try again. What ails everybody at once is not tried again by everybody at once: each call
/// is told another time, by its id.
fn retry_after(refusal: &Refusal, id: &str) -> Option<u64> {
    let seconds = refusal.retry_after_seconds()?.get();
    let everybodys = matches!(refusal.row().status, 502..=504);
    Some(if everybodys { seconds + mixed(digest(id.as_bytes())) % 3 } else { seconds })
}

fn headers(challenge: Challenge, retry_after: Option<u64>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    // What a key may do changes from one second to the next.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(text) = challenge_text(challenge) {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(text));
    }
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers
}

/// RFC 6750 §3: no error code when no credential was sent.
const fn challenge_text(challenge: Challenge) -> Option<&'static str> {
    match challenge {
        Challenge::None => None,
        Challenge::Bare => Some(r#"Bearer realm="portcullis""#),
        Challenge::InvalidToken => Some(r#"Bearer realm="portcullis", error="invalid_token""#),
        Challenge::InvalidRequest => Some(r#"Bearer realm="portcullis", error="invalid_request""#),
    }
}

fn notice(refusal: &Refusal) -> (Option<&Held>, Option<&Notice>) {
    match refusal {
        Refusal::Held(held) => (Some(held), Some(&held.notice)),
        Refusal::KeyRevoked(notice) => (None, Some(notice)),
        _ => (None, None),
    }
}

#[cfg(test)]
#[path = "refuse_tests.rs"]
mod tests;
