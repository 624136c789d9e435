//! What a partner may tell its own customers: how it stands, and what the platform published for them.
//!
//! Must not know the rest of a statement of reasons.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Ctx;
use super::asker::Reader;
use super::me::in_words;
use super::measures::Measure;
use crate::problem::{Document, Problem};

/// What a partner may tell its own customers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Status {
    /// This moment, RFC 3339.
    at: String,
    /// `good`, `warned`, `restricted`, `suspended`, `terminating`, `terminated` or `probation`.
    state: String,
    /// What the platform published for your customers, the widest measure first.
    notes: Vec<Note>,
}

/// A text for the partner's customers.
#[derive(Debug, Serialize, ToSchema)]
struct Note {
    /// Since when the measure is, RFC 3339.
    since: String,
    /// The text.
    text: String,
}

/// How you stand and what the platform published for your customers; you may show it to them
#[utoipa::path(get, path = "/partner/v1/status", tag = "me", security(("key" = [])),
    responses((status = 200, body = Status), (status = "4XX", body = Document), (status = 503, body = Document)))]
pub(super) async fn show(State(api): Ctx, Reader(asker): Reader) -> Result<Json<Status>, Problem> {
    let measures = asker.measures();
    let (state, _) = in_words(&measures, 0);
    let mut notes = Vec::new();
    for (of, notice) in &measures {
        let mut measure = Measure::new(*of, notice, &asker.snapshot);
        measure.explain(&api, asker.wall()).await;
        let note = measure.impact_note().map(str::to_owned);
        notes.extend(note.map(|text| Note { since: measure.since().to_owned(), text }));
    }
    Ok(Json(Status { at: asker.wall().rfc3339(), state, notes }))
}
