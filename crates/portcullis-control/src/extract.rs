//! Reads bodies and queries strictly: JSON only, no unknown member, every fault a problem document.
//!
//! Must not know what the members mean.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

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
                "the body can't be taken: it is no object with named members; see `/openapi.json`",
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
    let place = format!("line {}, column {}", error.line(), error.column());
    let safe = ["unknown field", "missing field", "duplicate field"];
    let what = if safe.iter().any(|start| text.starts_with(start)) {
        text.split(" at line ").next().unwrap_or_default().to_owned()
    } else if error.is_data() {
        "a member has a value of the wrong kind".to_owned()
    } else {
        "it is not well-formed JSON".to_owned()
    };
    Problem::unreadable(format!("the body can't be taken ({place}): {what}; see `/openapi.json`"))
}

/// The query parameters.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::<T>::try_from_uri(&parts.uri).map(|Query(value)| Self(value)).map_err(|error| {
            let text = error.body_text();
            let what = text.rsplit("query string: ").next().unwrap_or_default();
            Problem::unreadable(format!("the query can't be taken: {what}; see `/openapi.json`"))
        })
    }
}
