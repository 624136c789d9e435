//! How long things are kept, what would go now, and what keeps the rest.
//!
//! Must not erase anything.

use axum::Json;
use axum::extract::State;
use portcullis_registry::RetentionReport;
use serde_json::Value;

use super::Ctx;
use crate::problem::{Document, Problem};

/// How long what lies beside the log is kept: `kinds`, each with `kind`, `keep` (null: for ever),
/// `bodies` that are there, `due` that would go now, what keeps others although their time is over
/// (`preserved` by cases, `in_force`, `unanswered`) and how many were `erased`; `preserved`: which case
/// keeps how many, and until when
#[utoipa::path(get, path = "/v1/retention", tag = "audit", security(("admin_token" = [])),
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn show(State(shared): Ctx) -> Result<Json<Value>, Problem> {
    let snapshot = shared.control.office.snapshot();
    let report = RetentionReport::of(&snapshot, &shared.control.settings.retention, shared.now());
    Ok(Json(serde_json::to_value(report).unwrap_or_default()))
}
