//! Answers and appeals of partners: listed, read, replied to.
//!
//! Must not know who may decide which: the registry does.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use portcullis_registry::{AnswerCommand, Outcome};
use portcullis_types::Revision;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, before, limit, partners};
use crate::auth::Caller;
use crate::extract::{Body, Params};
use crate::problem::{Document, Problem};
use crate::views::{AnswerView, AnswerWholeView, Change, Page};

/// Which answers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only of this partner.
    partner: Option<String>,
    /// Only those that something is left to do about.
    #[serde(default)]
    open: bool,
    /// The `next` of the part before.
    after: Option<String>,
    /// At most this many, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// A reply to an answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReply {
    /// `upheld` or `denied` decides an appeal; `noted` decides nothing.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// What the partner is told.
    tell: String,
    /// The case this belongs to.
    case: Option<String>,
}

/// Answers of partners, newest first
#[utoipa::path(get, path = "/v1/answers", tag = "answers", security(("admin_token" = [])),
    params(Which),
    responses((status = 200, body = Page<AnswerView>), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<Page<AnswerView>>, Problem> {
    let count = limit(which.limit)?;
    let partner = which.partner.map(|id| partners::position(&shared, &id)).transpose()?;
    let before = before(which.after.as_deref())?;
    let snapshot = shared.control.office.snapshot();
    let mut found = snapshot.answers().newest(before).filter(|one| {
        partner.is_none_or(|partner| one.partner == partner) && (one.is_open() || !which.open)
    });
    let data: Vec<AnswerView> =
        found.by_ref().take(count).map(|record| AnswerView::inside(record, &snapshot)).collect();
    let next = found.next().and(data.last()).map(|last| last.id.to_string());
    Ok(Json(Page { data, next }))
}

/// One answer, with what the partner wrote
#[utoipa::path(get, path = "/v1/answers/{id}", tag = "answers", security(("admin_token" = [])),
    params(("id" = u64, Path, description = "The answer's number")),
    responses((status = 200, body = AnswerWholeView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(id): Path<String>,
) -> Result<Json<AnswerWholeView>, Problem> {
    let office = &shared.control.office;
    let (id, snapshot) = (number(&id)?, office.snapshot());
    let record = snapshot.answers().find(id).ok_or_else(|| unknown(id.0))?;
    Ok(Json(AnswerView::inside(record, &snapshot).whole(&**office).await))
}

/// Replies to an answer, or decides an appeal; the partner reads it
#[utoipa::path(post, path = "/v1/answers/{id}/reply", tag = "answers", security(("admin_token" = [])),
    params(("id" = u64, Path, description = "The answer's number")),
    request_body = NewReply,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn reply(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(NewReply { outcome, tell, case }): Body<NewReply>,
) -> Result<Response, Problem> {
    let command = AnswerCommand::Reply { answer: number(&id)?, outcome, tell, case };
    let done = shared.submit(&caller, command).await?;
    Ok(Change::from(done).answer(StatusCode::OK))
}

fn number(text: &str) -> Result<Revision, Problem> {
    text.parse().map(Revision).map_err(|_| unknown(text))
}

fn unknown(id: impl std::fmt::Display) -> Problem {
    let id: String = id.to_string().chars().take(20).collect();
    let detail = format!("there is no answer {id}; `portcullis answer list` shows those there are");
    Problem::new(StatusCode::NOT_FOUND, "unknown_answer", "There is no such thing", detail)
}
