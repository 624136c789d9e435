//! The networks a key is accepted from.
//!
//! Must not know how the address of a caller is found out.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis_registry::{Command, KeyCommand, Terms};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Ctx;
use super::keys::position;
use crate::auth::Caller;
use crate::extract::Body;
use crate::names;
use crate::preview;
use crate::problem::{Document, Problem};
use crate::views::Change;

/// Where a key is accepted from.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Binding {
    /// All networks it is accepted from, such as `203.0.113.0/24` or one address; empty: anywhere.
    networks: Vec<String>,
    /// The text for the partner, which reads the networks too.
    tell: String,
    /// Only says what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Has a key accepted from some networks only, or from anywhere again
#[utoipa::path(put, path = "/v1/keys/{id}/networks", tag = "keys", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The key's id; not the key itself")),
    request_body = Binding, responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn set(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<Binding>,
) -> Result<Response, Problem> {
    position(&shared.control.office.snapshot(), &id)?;
    let command = Command::Credential(KeyCommand::SetNetworks {
        key: names::id(&id)?,
        networks: names::networks(&wish.networks)?,
        tell: wish.tell,
    });
    let terms = Terms { dry_run: wish.dry_run, ..caller.terms()? };
    let done = shared.submit_on(&caller, command, terms).await?;
    if wish.dry_run {
        return Ok(preview::shown(&shared, done).await?.answer(StatusCode::OK));
    }
    Ok(Change::from(done).answer(StatusCode::OK))
}
