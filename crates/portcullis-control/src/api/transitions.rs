//! Holds, restores and revocations: the only way to change a state.
//!
//! Must not know how a hold reaches the data plane.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis_registry::{Command, SubjectId, Wish};
use portcullis_types::Closes;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Ctx, keys};
use crate::auth::Caller;
use crate::extract::Body;
use crate::moments;
use crate::names;
use crate::problem::{Document, Problem};
use crate::views::Change;

/// The states that can be wished for.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum To {
    /// On hold: refused until restored.
    Held,
    /// The hold is lifted.
    Restored,
    /// Ended for ever; keys only.
    Revoked,
}

/// A change of state, with what the partner is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transition {
    /// The state wished for.
    to: To,
    /// The reason code; the partner reads it.
    reason: String,
    /// The text for the partner: what happened, what it can do.
    tell: String,
    /// When a hold is looked at again: a date, a time, or a length from now such as `7d`.
    review_by: Option<String>,
    /// The case this belongs to.
    case: Option<String>,
}

/// Holds, restores or revokes a key; in force with the answer
#[utoipa::path(post, path = "/v1/keys/{id}/transitions", tag = "keys", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The key's id; not the key itself")),
    request_body = Transition,
    responses((status = 200, body = Change), (status = 202, body = Change, description = "In force, not yet durable"),
        (status = "4XX", body = Document)))]
pub(crate) async fn key(
    ctx: Ctx,
    caller: Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<Transition>,
) -> Result<Response, Problem> {
    // Looked up here first, so that a key pasted instead of its id never comes back in a message.
    keys::position(&ctx.0.control.office.snapshot(), &id)?;
    transition(ctx, caller, SubjectId::Key(names::id(&id)?), wish).await
}

/// Holds or restores a partner with all its keys; in force with the answer
#[utoipa::path(post, path = "/v1/partners/{id}/transitions", tag = "partners", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The partner's id")),
    request_body = Transition,
    responses((status = 200, body = Change), (status = 202, body = Change, description = "In force, not yet durable"),
        (status = "4XX", body = Document)))]
pub(crate) async fn partner(
    ctx: Ctx,
    caller: Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<Transition>,
) -> Result<Response, Problem> {
    transition(ctx, caller, SubjectId::Partner(names::id(&id)?), wish).await
}

/// Holds or restores a client with all its keys; in force with the answer
#[utoipa::path(post, path = "/v1/clients/{id}/transitions", tag = "clients", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The client's id")),
    request_body = Transition,
    responses((status = 200, body = Change), (status = 202, body = Change, description = "In force, not yet durable"),
        (status = "4XX", body = Document)))]
pub(crate) async fn client(
    ctx: Ctx,
    caller: Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<Transition>,
) -> Result<Response, Problem> {
    transition(ctx, caller, SubjectId::Client(names::id(&id)?), wish).await
}

async fn transition(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    subject: SubjectId,
    wish: Transition,
) -> Result<Response, Problem> {
    let Transition { to, reason, tell, review_by, case } = wish;
    let reason = names::id(&reason)?;
    let now = shared.now();
    let review_by = review_by.map(|text| moments::future("review_by", &text, now)).transpose()?;
    if review_by.is_some() && to != To::Held {
        return Err(Problem::unreadable("`review_by` goes with a hold only: leave it out"));
    }
    let command = match (to, subject) {
        (To::Held, subject) => {
            let to = Wish::Suspended { closes: Closes::All, even: Vec::new(), review_by };
            Command::Stand { subject, to, reason, tell, case }
        }
        (To::Restored, subject) => Command::Stand { subject, to: Wish::Good, reason, tell, case },
        (To::Revoked, SubjectId::Key(key)) => Command::RevokeKey { key, reason, tell, case },
        (To::Revoked, subject @ (SubjectId::Partner(_) | SubjectId::Client(_))) => {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "only_keys_are_revoked",
                "Only keys are revoked",
                format!(
                    "put {subject} on hold instead, which refuses all its keys at once; each key can be revoked by its id"
                ),
            ));
        }
    };
    let change = Change::from(shared.submit(&caller, command).await?);
    Ok(change.answer(StatusCode::OK))
}
