//! Every error of the admin API is one problem document (RFC 9457).
//!
//! The detail says what to do next. Must not know which route answered.

use std::ops::{Deref, DerefMut};

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::CheckFault;

/// An error as the caller reads it. Boxed: most calls have none.
#[derive(Debug, Clone)]
pub struct Problem(Box<Document>);

/// The members of a problem document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// `urn:portcullis:problem:` and the code.
    pub r#type: String,
    /// What kind of error it is, the same each time.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do next.
    pub detail: String,
    /// Stable code.
    pub code: &'static str,
    /// The known name nearest to the one that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
    /// All faults of the files that were sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<CheckFault>,
    /// All entries of an import that can't be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<EntryFault>,
    /// The seconds of `Retry-After`.
    #[serde(skip)]
    retry_after: Option<u64>,
}

/// An entry of an import that can't be taken. It never holds the key.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, ToSchema)]
pub struct EntryFault {
    /// The line that the caller gave the entry, or its place in the list, from 1.
    pub line: u64,
    /// What is wrong and what to write.
    pub message: String,
}

/// The code of a problem, kept beside the answer for the record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProblemCode(pub(crate) &'static str);

impl Problem {
    /// A problem without further members.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &str,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Document {
            r#type: format!("urn:portcullis:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            nearest: None,
            faults: Vec::new(),
            entries: Vec::new(),
            retry_after: None,
        }))
    }

    /// 400 for a member, parameter or name that can't be read.
    pub(crate) fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "request_unreadable",
            "The request cannot be read",
            detail,
        )
    }

    /// 404 for a name that stands in the path or the body, with the nearest known one.
    pub(crate) fn unknown<'a>(
        status: StatusCode,
        code: &'static str,
        kind: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
        list: &str,
    ) -> Self {
        let near = portcullis_types::nearest(name, known).map(str::to_owned);
        let name: String = name.chars().take(80).collect();
        let detail = match &near {
            Some(near) => format!("there is no {kind} `{name}`; did you mean `{near}`? {list}"),
            None => format!("there is no {kind} `{name}`; {list}"),
        };
        let mut problem = Self::new(status, code, &format!("The {kind} is not known"), detail);
        problem.nearest = near;
        problem
    }

    /// The same with `Retry-After`.
    pub(crate) fn again_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same with faults of files.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<CheckFault>) -> Self {
        self.faults = faults;
        self
    }
}

impl Deref for Problem {
    type Target = Document;
    fn deref(&self) -> &Document {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Document {
        &mut self.0
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = ProblemCode(self.code);
        let again = self.retry_after.map(HeaderValue::from);
        let mut response = (status, Json(self.0)).into_response();
        if let Some(again) = again {
            response.headers_mut().insert(header::RETRY_AFTER, again);
        }
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"portcullis-admin\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(code);
        response
    }
}

/// Gives an error that a layer or the framework answered without a document one of its own.
pub(crate) async fn document(response: Response) -> Response {
    let status = response.status();
    let known = response.extensions().get::<ProblemCode>().is_some();
    let health =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v == "application/json");
    if known || health || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut answer = plain(status).into_response();
    if let Some(allow) = allow {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

fn plain(status: StatusCode) -> Problem {
    let (code, title, detail) = match status {
        StatusCode::NOT_FOUND => (
            "path_unknown",
            "There is nothing at this path",
            "all paths are listed in `/openapi.json` of this listener; calls of partners go to the gate's public listener",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "method_unknown",
            "The path has no such method",
            "the header `Allow` and `/openapi.json` list the methods of this path",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "body_too_large",
            "The body is too large",
            "send less at once; an import of keys can be split into several files",
        ),
        StatusCode::GATEWAY_TIMEOUT => (
            "too_slow",
            "The answer took too long",
            "a change may have been made all the same: look at `portcullis audit list` before you repeat it",
        ),
        status if status.is_client_error() => {
            ("request_unreadable", "The request cannot be read", "compare it with `/openapi.json`")
        }
        _ => (
            "internal",
            "A fault of the gate",
            "look at the gate's log; a change may have been made: see `portcullis audit list`",
        ),
    };
    Problem::new(status, code, title, detail)
}
