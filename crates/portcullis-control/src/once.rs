//! `Idempotency-Key`: a repeated POST gives the first answer instead of a second change.
//!
//! Remembered for a day, so many answers, in memory and beside the log, so that a restart forgets
//! none. Must not know what was changed.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use portcullis_registry::BoxFuture;
use portcullis_types::{Clock, Wall};
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

const REMEMBERED_MILLISECONDS: u64 = 24 * 3_600_000;
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// What a repetition is told whose first call ran when the gate stopped.
const BROKEN_OFF: &str = "the gate stopped while the first call with this key ran, and it may have been done: look at what it was to change, then send it under a new `Idempotency-Key` where it was not";

/// Put on an answer that holds a secret: a repetition gets this text instead of the secret.
#[derive(Debug, Clone)]
pub(crate) struct ShownOnce(pub(crate) String);

/// An answer that is remembered.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct RememberedAnswer {
    /// Digest of who asked, where, and the caller's key.
    pub name: [u8; 32],
    /// Digest of who asked.
    pub owner: [u8; 32],
    /// Digest of the body.
    pub body: [u8; 32],
    /// When it was asked.
    pub at: Wall,
    /// What was answered.
    pub outcome: Outcome,
}

/// What a call came to.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Outcome {
    /// Nothing yet.
    Running,
    /// An answer: status and body.
    Answered(u16, Vec<u8>),
    /// An answer that is shown once; this is told instead.
    Shown(String),
}

/// Keeps answers over a restart; the binary fills it.
pub trait Remembers: fmt::Debug + Send + Sync {
    /// What was kept when the gate started, oldest first.
    fn all(&self) -> Vec<RememberedAnswer>;
    /// Keeps one in the place of that with its name; `max` of them at most.
    fn keep(&self, one: RememberedAnswer, max: usize) -> BoxFuture<'_, Result<(), String>>;
    /// Forgets one.
    fn forget(&self, name: [u8; 32]) -> BoxFuture<'_, Result<(), String>>;
}

/// Of how many calls the answer is remembered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) all: usize,
    /// Of one caller, so that none pushes out what others asked.
    pub(crate) each: usize,
}

/// The answers remembered, and by whom to know a caller.
pub(crate) struct Once {
    entries: Mutex<VecDeque<RememberedAnswer>>,
    room: Room,
    beside: Option<Arc<dyn Remembers>>,
    clock: Arc<dyn Clock>,
    body_max: usize,
    who: fn(&Request) -> String,
}

enum Seat {
    First,
    Again(Outcome),
    OtherBody,
}

impl Once {
    pub(crate) fn new(
        room: Room,
        beside: Option<Arc<dyn Remembers>>,
        clock: Arc<dyn Clock>,
        body_max: usize,
        who: fn(&Request) -> String,
    ) -> Self {
        let mut entries: VecDeque<_> =
            beside.iter().flat_map(|beside| beside.all()).take(room.all).collect();
        for entry in entries.iter_mut().filter(|entry| entry.outcome == Outcome::Running) {
            entry.outcome = Outcome::Shown(BROKEN_OFF.to_owned());
        }
        Self { entries: Mutex::new(entries), room, beside, clock, body_max, who }
    }

    fn take(&self, new: &RememberedAnswer) -> Seat {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| new.at.0.saturating_sub(entry.at.0) < REMEMBERED_MILLISECONDS);
        if let Some(entry) = entries.iter().find(|entry| entry.name == new.name) {
            return if entry.body == new.body {
                Seat::Again(entry.outcome.clone())
            } else {
                Seat::OtherBody
            };
        }
        if entries.iter().filter(|entry| entry.owner == new.owner).count() >= self.room.each {
            let first = entries.iter().position(|entry| entry.owner == new.owner);
            if let Some(first) = first {
                entries.remove(first);
            }
        }
        if entries.len() >= self.room.all {
            entries.pop_front();
        }
        entries.push_back(new.clone());
        Seat::First
    }

    /// `None` forgets: the call changed nothing, so it may be sent again.
    fn settle(&self, name: [u8; 32], outcome: Option<Outcome>) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Some(outcome) => {
                if let Some(entry) = entries.iter_mut().find(|entry| entry.name == name) {
                    entry.outcome = outcome;
                }
            }
            None => entries.retain(|entry| entry.name != name),
        }
    }

    /// What can't be kept is still remembered until a restart: a hold does not wait for a full disk.
    async fn keep(&self, one: RememberedAnswer) {
        if let Some(beside) = &self.beside {
            let _ = beside.keep(one, self.room.all).await;
        }
    }
}

/// Forgets a call whose connection went away before it was answered.
struct Running<'a> {
    once: &'a Once,
    name: [u8; 32],
    settled: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.once.settle(self.name, None);
        }
    }
}

/// The layer.
pub(crate) async fn once(State(once): State<Arc<Once>>, request: Request, next: Next) -> Response {
    let key = match wish(request.method(), request.headers()) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(request).await,
        Err(problem) => return problem.into_response(),
    };
    let actor = (once.who)(&request);
    let name = name(&[&actor, request.uri().path(), &key]);
    let (parts, body) = request.into_parts();
    // Bounded a second time, since a feed that is not to be remembered may be longer.
    let Ok(body) = to_bytes(body, once.body_max).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut one = RememberedAnswer {
        name,
        owner: self::name(&[&actor]),
        body: Sha256::digest(&body).into(),
        at: once.clock.now().wall,
        outcome: Outcome::Running,
    };
    match once.take(&one) {
        Seat::Again(outcome) => return again(outcome),
        Seat::OtherBody => return other_body().into_response(),
        Seat::First => {}
    }
    once.keep(one.clone()).await;
    let mut running = Running { once: &once, name, settled: false };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (response, outcome) = keep(response).await;
    once.settle(name, outcome.clone());
    running.settled = true;
    match (outcome, &once.beside) {
        (Some(outcome), _) => {
            one.outcome = outcome;
            once.keep(one).await;
        }
        (None, Some(beside)) => drop(beside.forget(name).await),
        (None, None) => {}
    }
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

fn name(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What is remembered of an answer: successes and refusals, not faults of the gate, not that somebody
/// asked too often, and not that a call was none: it may be sent again as it was meant.
async fn keep(response: Response) -> (Response, Option<Outcome>) {
    let status = response.status();
    if status.is_server_error() || matches!(status.as_u16(), 400 | 404 | 405 | 415 | 429) {
        return (response, None);
    }
    if let Some(shown) = response.extensions().get::<ShownOnce>() {
        let outcome = Outcome::Shown(shown.0.clone());
        return (response, Some(outcome));
    }
    let told = "the answer was too long to be remembered: look at what it was to change";
    let too_long = || Some(Outcome::Shown(told.to_owned()));
    if response.body().size_hint().lower() > ANSWER_BYTES_MAX as u64 {
        return (response, too_long());
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES_MAX).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR.into_response(), too_long());
    };
    let outcome = Outcome::Answered(parts.status.as_u16(), bytes.to_vec());
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
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT);
            let kind =
                if status.is_success() { "application/json" } else { "application/problem+json" };
            let mut response = (status, Bytes::from(body)).into_response();
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
mod tests;
