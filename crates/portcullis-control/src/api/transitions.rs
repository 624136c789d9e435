//! Holds, restores and revocations: the only way to change a state.
//!
//! Must not know how a hold reaches the data plane.

pub(crate) mod bulk;
mod wish;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis_registry::{SubjectId, Terms};

use super::{Ctx, keys, statements};
use crate::auth::Caller;
use crate::extract::Body;
use crate::names;
use crate::preview;
use crate::problem::{Document, Problem};
use crate::views::Change;
use wish::{Transition, command};

/// Holds, restores, activates or revokes a key; in force with the answer
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

/// Changes how a partner stands, with all its keys; in force with the answer
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

/// Changes how a client stands, with all its keys; in force with the answer
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
    mut wish: Transition,
) -> Result<Response, Problem> {
    let (dry_run, statement) = (wish.dry_run, wish.statement.take());
    let draft = statements::draft(&shared, &subject, statement).await?;
    let command = statements::with(draft, command(&shared, subject, wish)?);
    let terms = Terms { dry_run, ..caller.terms()? };
    let done = shared.submit_on(&caller, command, terms).await?;
    Ok(preview::shown(&shared, done).await?.answer(StatusCode::OK))
}
