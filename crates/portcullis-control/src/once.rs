//! `Idempotency-Key`: a repeated POST gives the first answer instead of a second change.
//!
//! Remembered in memory for a day, at most a thousand answers. Must not know what was changed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use portcullis_types::Wall;
use sha2::{Digest as _, Sha256};

use crate::auth::Caller;
use crate::problem::Problem;
use crate::router::Shared;

const REMEMBERED_MAX: usize = 1000;
const REMEMBERED_MILLISECONDS: u64 = 24 * 3_600_000;
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Put on an answer that holds a secret: a repetition gets this text instead of the secret.
#[derive(Debug, Clone)]
pub(crate) struct ShownOnce(pub(crate) String);

/// The answers remembered, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<VecDeque<Entry>>);

#[derive(Debug)]
struct Entry {
    /// Token, path and the caller's key.
    name: [u8; 32],
    body: [u8; 32],
    at: Wall,
    outcome: Outcome,
}

#[derive(Debug, Clone)]
enum Outcome {
    Running,
    Answered(StatusCode, Bytes),
    Shown(String),
}

enum Seat {
    First,
    Again(Outcome),
    OtherBody,
}

impl Remembered {
    fn take(&self, name: [u8; 32], body: [u8; 32], now: Wall) -> Seat {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| now.0.saturating_sub(entry.at.0) < REMEMBERED_MILLISECONDS);
        if let Some(entry) = entries.iter().find(|entry| entry.name == name) {
            return if entry.body == body {
                Seat::Again(entry.outcome.clone())
            } else {
                Seat::OtherBody
            };
        }
        if entries.len() >= REMEMBERED_MAX {
            entries.pop_front();
        }
        entries.push_back(Entry { name, body, at: now, outcome: Outcome::Running });
        Seat::First
    }

    /// `None` forgets: the call changed nothing, so it may be sent again.
    fn settle(&self, name: [u8; 32], outcome: Option<Outcome>) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Some(outcome) => {
                if let Some(entry) = entries.iter_mut().find(|entry| entry.name == name) {
                    entry.outcome = outcome;
                }
            }
            None => entries.retain(|entry| entry.name != name),
        }
    }
}

/// Forgets a call whose connection went away before it was answered.
struct Running<'a> {
    remembered: &'a Remembered,
    name: [u8; 32],
    settled: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.remembered.settle(self.name, None);
        }
    }
}

/// The layer.
pub(crate) async fn once(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let key = match wish(request.method(), request.headers()) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(request).await,
        Err(problem) => return problem.into_response(),
    };
    let caller = request.extensions().get::<Caller>();
    let actor = caller.map(|c| format!("{:?} {}", c.kind, c.name)).unwrap_or_default();
    let name = name(&actor, request.uri().path(), &key);
    let (parts, body) = request.into_parts();
    // Bounded a second time, since a feed that is not to be remembered may be longer.
    let Ok(body) = to_bytes(body, shared.control.settings.import_body_max).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let digest: [u8; 32] = Sha256::digest(&body).into();
    match shared.remembered.take(name, digest, shared.control.clock.now().wall) {
        Seat::Again(outcome) => return again(outcome),
        Seat::OtherBody => return other_body().into_response(),
        Seat::First => {}
    }
    let mut running = Running { remembered: &shared.remembered, name, settled: false };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (response, outcome) = keep(response).await;
    shared.remembered.settle(name, outcome);
    running.settled = true;
    response
}

fn wish(method: &Method, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    if method != Method::POST {
        return Ok(None);
    }
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(text) if !text.is_empty() && text.len() <= 255 => Ok(Some(text.to_owned())),
        _ => {
            Err(Problem::unreadable("`Idempotency-Key` must be 1 to 255 visible ASCII characters"))
        }
    }
}

fn name(actor: &str, path: &str, key: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [actor, path, key] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What is remembered of an answer: successes and refusals, not faults of the gate.
async fn keep(response: Response) -> (Response, Option<Outcome>) {
    if response.status().is_server_error() {
        return (response, None);
    }
    if let Some(shown) = response.extensions().get::<ShownOnce>() {
        let outcome = Outcome::Shown(shown.0.clone());
        return (response, Some(outcome));
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES_MAX).await else {
        let told = "the answer was too long to be remembered: look at `portcullis audit list`";
        return (
            StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Some(Outcome::Shown(told.to_owned())),
        );
    };
    let outcome = Outcome::Answered(parts.status, bytes.clone());
    (Response::from_parts(parts, Body::from(bytes)), Some(outcome))
}

fn again(outcome: Outcome) -> Response {
    match outcome {
        Outcome::Running => Problem::new(
            StatusCode::CONFLICT,
            "already_running",
            "The first call with this key is still running",
            "wait for its answer, then send the call again",
        )
        .into_response(),
        Outcome::Shown(told) => Problem::new(
            StatusCode::CONFLICT,
            "already_done",
            "This was done before and its answer is shown once",
            told,
        )
        .into_response(),
        Outcome::Answered(status, body) => {
            let kind =
                if status.is_success() { "application/json" } else { "application/problem+json" };
            let mut response = (status, body).into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            let repeated = HeaderValue::from_static("true");
            response.headers_mut().insert("idempotency-replayed", repeated);
            if !status.is_success() {
                response.extensions_mut().insert(crate::problem::ProblemCode("replayed"));
            }
            response
        }
    }
}

fn other_body() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        "This Idempotency-Key was used with another body",
        "send a new `Idempotency-Key` for a new wish",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_a_thousand_answers_are_remembered_for_a_day() {
        let remembered = Remembered::default();
        let id = |n: u64| name("ops", "/v1/keys", &n.to_string());
        for n in 0..1001 {
            assert!(matches!(remembered.take(id(n), [0; 32], Wall(n)), Seat::First));
        }
        assert!(matches!(remembered.take(id(1000), [1; 32], Wall(2000)), Seat::OtherBody));
        assert!(matches!(remembered.take(id(1000), [0; 32], Wall(2000)), Seat::Again(_)));
        assert!(
            matches!(remembered.take(id(0), [0; 32], Wall(2000)), Seat::First),
            "the oldest went"
        );
        let later = Wall(REMEMBERED_MILLISECONDS + 3000);
        assert!(matches!(remembered.take(id(1000), [1; 32], later), Seat::First), "a day passed");
    }
}
