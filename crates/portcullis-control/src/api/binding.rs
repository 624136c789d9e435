//! Where a key is accepted from.
//!
//! Must not know how the origin of a call is found out.

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
pub(crate) struct Bound {
    /// All networks it is accepted from, such as `203.0.113.0/24` or one address; anywhere when absent.
    #[serde(default)]
    networks: Vec<String>,
    /// All certificates of clients of which it takes one, as `sha256:` and the digest of the public
    /// key, `dns:NAME` or `uri:URI`; none is asked for when absent.
    #[serde(default)]
    certificates: Vec<String>,
    /// The text for the partner, which reads the binding too.
    tell: String,
    /// Only says what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Says where a key is accepted from: all of it, or anywhere
#[utoipa::path(put, path = "/v1/keys/{id}/binding", tag = "keys", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The key's id; not the key itself")),
    request_body = Bound, responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn bind(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<Bound>,
) -> Result<Response, Problem> {
    position(&shared.control.office.snapshot(), &id)?;
    let command = Command::Credential(KeyCommand::Bind {
        key: names::id(&id)?,
        binding: names::binding(&wish.networks, &wish.certificates)?,
        tell: wish.tell,
    });
    let terms = Terms { dry_run: wish.dry_run, ..caller.terms()? };
    let done = shared.submit_on(&caller, command, terms).await?;
    if wish.dry_run {
        return Ok(preview::shown(&shared, done).await?.answer(StatusCode::OK));
    }
    Ok(Change::from(done).answer(StatusCode::OK))
}
