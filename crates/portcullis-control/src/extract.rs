//! Reads bodies and queries strictly: JSON only, no unknown member, every fault a problem document.
//!
//! Must not know what the members mean.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// Most characters told of a name that is not known.
const NAME_CHARS_MAX: usize = 100;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let essence = kind.and_then(|k| k.split(';').next()).map(str::trim);
        if !essence.is_some_and(|e| e.eq_ignore_ascii_case("application/json")) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media_type_unknown",
                "The body's media type is not accepted",
                "send JSON with `Content-Type: application/json`",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| too_large())?;
        let read = serde_json::from_slice(&bytes).map_err(|e| unreadable(&e))?;
        // A list would be taken for members in their order, which nobody promised.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::unreadable(
                "the body can't be taken: it is no object with named members; see `openapi.json`",
            ));
        }
        Ok(Self(read))
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "The body is too large",
        "send less at once; an import of keys can be split into several files",
    )
}

/// serde's own text would quote values, among them keys of an import; only member names are safe.
fn unreadable(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // What stands in a member that is read twice has no place any more.
    let place = match error.line() {
        0 => String::new(),
        line => format!(" (line {line}, column {})", error.column()),
    };
    let safe = ["unknown field", "missing field", "duplicate field"];
    let what = if safe.iter().any(|start| text.starts_with(start)) {
        short(text.rsplit_once(" at line ").map_or(&text, |(what, _)| what))
    } else if error.is_data() {
        "a member has a value of the wrong kind".to_owned()
    } else {
        "it is not well-formed JSON".to_owned()
    };
    Problem::unreadable(format!("the body can't be taken{place}: {what}; see `openapi.json`"))
}

/// Cuts off the name that was sent, which comes first and in backticks.
fn short(text: &str) -> String {
    let Some((before, rest)) = text.split_once('`') else { return text.to_owned() };
    let end = rest.find("`, expected").unwrap_or(rest.len());
    let (name, after) = (rest.get(..end).unwrap_or_default(), rest.get(end..).unwrap_or_default());
    if name.chars().count() <= NAME_CHARS_MAX {
        return text.to_owned();
    }
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    format!("{before}`{name}…{after}")
}

/// The query parameters.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::<T>::try_from_uri(&parts.uri).map(|Query(value)| Self(value)).map_err(|error| {
            let text = error.body_text();
            let what = text.split_once("query string: ").map_or(&*text, |(_, what)| what);
            // The name stands before it once more.
            let again = what.find(": unknown field `").filter(|at| *at > NAME_CHARS_MAX);
            let what = short(again.and_then(|at| what.get(at + 2..)).unwrap_or(what));
            Problem::unreadable(format!("the query can't be taken: {what}; see `openapi.json`"))
        })
    }
}

/// A query without parameters: one that is not taken is not passed over either, or it would seem to
/// have been heeded.
pub(crate) struct NoParams;

impl<S: Send + Sync> FromRequestParts<S> for NoParams {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(query) = parts.uri.query().filter(|query| !query.is_empty()) else {
            return Ok(Self);
        };
        let end = query.find(['=', '&']).unwrap_or(query.len());
        let name: String = query.chars().take(end.min(NAME_CHARS_MAX)).collect();
        Err(Problem::unreadable(format!(
            "the query can't be taken: this path takes no parameter, and `{name}` was sent; leave it out"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_told_by_its_beginning() {
        let told =
            |name: &str| short(&format!("unknown field `{name}`, expected one of `id`, `name`"));
        assert_eq!(told("teir"), "unknown field `teir`, expected one of `id`, `name`");
        let cut = format!("unknown field `{}…`, expected one of `id`, `name`", "é".repeat(100));
        assert_eq!(told(&"é".repeat(5000)), cut);
    }
}
