//! Changes of agreements that wait for their day: looked at, called off.
//!
//! Must not know who may call one off: the registry's rules do.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use portcullis_registry::{ChangeCommand, ChangeRejected, Rejected, ScheduledChange, Terms};
use portcullis_types::Revision;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Ctx, refused};
use crate::auth::Caller;
use crate::extract::Body;
use crate::preview;
use crate::problem::{Document, Problem};
use crate::views::Change;

/// A change that waits for its day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduledView {
    /// Its number: the event that scheduled it.
    id: u64,
    /// What it does, in one line.
    what: String,
    /// Its day.
    effective: String,
    /// Who scheduled it.
    by: String,
    /// Who let that happen, where it was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    approver: Option<String>,
    /// When.
    made: String,
    /// To whom it was announced, and by which event.
    announced: Vec<AnnouncedView>,
    /// SHA-256 of the command as it is kept.
    digest: String,
    /// The very command, where one change is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    command: Option<Value>,
}

/// Whom a change was announced to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnnouncedView {
    /// Its id.
    partner: String,
    /// The event.
    revision: u64,
    /// Digest of the statement of reasons.
    statement: String,
}

/// All that wait for their day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Scheduled {
    /// In the order in which they were scheduled.
    data: Vec<ScheduledView>,
}

fn view(change: &ScheduledChange) -> ScheduledView {
    let announced = change.announced.iter().map(|told| AnnouncedView {
        partner: told.partner.to_string(),
        revision: told.revision.0,
        statement: told.statement.clone(),
    });
    ScheduledView {
        id: change.id.0,
        what: change.what.clone(),
        effective: change.effective.rfc3339(),
        by: change.by.id.clone(),
        approver: change.approver.as_ref().map(|second| second.id.clone()),
        made: change.made.rfc3339(),
        announced: announced.collect(),
        digest: change.digest.clone(),
        command: None,
    }
}

/// Lists changes that wait for their day
#[utoipa::path(get, path = "/v1/changes", tag = "changes", security(("admin_token" = [])),
    responses((status = 200, body = Scheduled), (status = "4XX", body = Document)))]
pub(crate) async fn list(State(shared): Ctx) -> Json<Scheduled> {
    let snapshot = shared.control.office.snapshot();
    Json(Scheduled { data: snapshot.changes().iter().map(view).collect() })
}

/// Shows a change that waits, with the very command
#[utoipa::path(get, path = "/v1/changes/{id}", tag = "changes", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The change's number")),
    responses((status = 200, body = ScheduledView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(id): Path<String>,
) -> Result<Json<ScheduledView>, Problem> {
    let (snapshot, id) = (shared.control.office.snapshot(), number(&id)?);
    let unknown = || refused(Rejected::from(ChangeRejected::UnknownChange(id)).into());
    let change = snapshot.changes().find(id).ok_or_else(unknown)?;
    let command = serde_json::to_value(&change.command).ok();
    Ok(Json(ScheduledView { command, ..view(change) }))
}

/// Why a change is called off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallOff {
    /// For who reads the log later; the partners are not told.
    why: String,
    /// What those read to whom it was announced; that it does not come, when absent.
    #[serde(default)]
    tell: String,
    /// Only says what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Calls a change off that waits for its day; those to whom it was announced are told
#[utoipa::path(post, path = "/v1/changes/{id}/cancel", tag = "changes", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The change's number")),
    request_body = CallOff,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn cancel(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(CallOff { why, tell, dry_run }): Body<CallOff>,
) -> Result<Response, Problem> {
    let command = ChangeCommand::Cancel { change: number(&id)?, why, tell };
    let terms = Terms { dry_run, ..caller.terms()? };
    let done = shared.submit_on(&caller, command.into(), terms).await?;
    Ok(preview::shown(&shared, done).await?.answer(StatusCode::OK))
}

fn number(text: &str) -> Result<Revision, Problem> {
    text.parse().map(Revision).map_err(|_| {
        Problem::unreadable(
            "a change is named by a whole number; `portcullis change list` shows them",
        )
    })
}
