//! Evidence of a case: added by its digest, read with a purpose that is taken down first.
//!
//! Must not know what it says.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use portcullis_audit::{from_base64, to_base64};
use portcullis_registry::CaseCommand;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{known, submit};
use crate::api::{Ctx, refused};
use crate::auth::Caller;
use crate::extract::Body;
use crate::problem::{Document, Problem};
use crate::views::Change;

/// Evidence to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEvidence {
    /// What people call it.
    name: String,
    /// Lower-case hex SHA-256 of its body.
    sha256: String,
    /// How long it is.
    bytes: u64,
    /// The body in base64, at most 1 MiB of it; without it only the digest is kept.
    body: Option<String>,
}

/// Adds evidence to a case
#[utoipa::path(post, path = "/v1/cases/{id}/evidence", tag = "cases", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The case's id")),
    request_body = NewEvidence,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn add(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(new): Body<NewEvidence>,
) -> Result<Response, Problem> {
    let case = known(&shared, &id)?.id;
    let bare = || Problem::unreadable("`body` is not base64");
    let body = new.body.map(|text| from_base64(&text).ok_or_else(bare)).transpose()?;
    let NewEvidence { name, sha256, bytes, .. } = new;
    let command = CaseCommand::AddEvidence { case, name, sha256, bytes, body };
    submit(&shared, &caller, command, false).await
}

/// What it is read for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reading {
    /// In words; it stands in the log.
    purpose: String,
}

/// Evidence that was read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceRead {
    /// The event that says who read it, and what for.
    revision: Option<u64>,
    /// Lower-case hex SHA-256 of the body.
    sha256: String,
    /// The body in base64.
    body: String,
}

/// Reads a piece of evidence; an event says who did, and what for
#[utoipa::path(post, path = "/v1/cases/{id}/evidence/{sha256}/read", tag = "cases", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The case's id"),
        ("sha256" = String, Path, description = "The digest of the evidence")),
    request_body = Reading,
    responses((status = 200, body = EvidenceRead), (status = "4XX", body = Document)))]
pub(crate) async fn read(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path((id, sha256)): Path<(String, String)>,
    Body(reading): Body<Reading>,
) -> Result<Json<EvidenceRead>, Problem> {
    let case = known(&shared, &id)?.id;
    let purpose = reading.purpose;
    let command = CaseCommand::ReadEvidence { case, sha256: sha256.clone(), purpose };
    let done = shared.submit(&caller, command).await?;
    let body = shared.control.office.blob(sha256.clone()).await.map_err(refused)?;
    let body = to_base64(&body);
    Ok(Json(EvidenceRead { revision: done.revision.map(|at| at.0), sha256, body }))
}
