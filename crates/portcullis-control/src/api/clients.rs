//! Clients: declared and listed.
//!
//! Must not know keys.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use portcullis_registry::{ClientCategory, Command};
use portcullis_types::{ClientId, ClientIx};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, limit, partners};
use crate::auth::Caller;
use crate::extract::{Body, Params};
use crate::names;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::{Change, ClientView, Page};

/// Which clients.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// At most this many entries, 1 to 1000; 100 when absent.
    limit: Option<usize>,
    /// The `next` of the part before.
    after: Option<String>,
    /// Only those of this partner.
    partner: Option<String>,
}

/// Clients in order of declaration
#[utoipa::path(get, path = "/v1/clients", tag = "clients", security(("admin_token" = [])),
    params(Which), responses((status = 200, body = Page<ClientView>), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<Page<ClientView>>, Problem> {
    let limit = limit(which.limit)?;
    let partner = which.partner.map(|id| partners::position(&shared, &id)).transpose()?;
    let snapshot = shared.control.office.snapshot();
    let start = match &which.after {
        None => 0,
        Some(after) => position(&shared, after)?.0.saturating_add(1),
    };
    let mut found = (start..)
        .map_while(|at| snapshot.client(ClientIx(at)))
        .filter(|client| partner.is_none_or(|partner| client.partner == partner));
    let data: Vec<_> = found.by_ref().take(limit).collect();
    let next = found.next().and(data.last()).map(|client| client.id.to_string());
    let data = data.into_iter().map(|client| ClientView::new(client, &snapshot, false)).collect();
    Ok(Json(Page { data, next }))
}

/// One client
#[utoipa::path(get, path = "/v1/clients/{id}", tag = "clients", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The client's id")),
    responses((status = 200, body = ClientView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(id): Path<String>,
) -> Result<Json<ClientView>, Problem> {
    let at = position(&shared, &id)?;
    let snapshot = shared.control.office.snapshot();
    let client = snapshot.client(at).ok_or_else(|| unknown(&shared, &id))?;
    Ok(Json(ClientView::new(client, &snapshot, true)))
}

/// A client to declare.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewClient {
    /// Its id.
    id: String,
    /// The partner whose client it is.
    partner: String,
    /// Its name; the id when absent.
    name: Option<String>,
    /// What it uses the data for, in the partner's words.
    #[serde(default)]
    purpose: String,
    /// What kind of customer it is: `brand`, `agency`, `media`, `creator`, `research`, `nonprofit`,
    /// `government` or `own`.
    #[schema(value_type = Option<String>)]
    category: Option<ClientCategory>,
    /// Scopes to narrow it to; all of its partner when absent.
    scopes: Option<Vec<String>>,
}

/// Declares a client
#[utoipa::path(post, path = "/v1/clients", tag = "clients", security(("admin_token" = [])),
    request_body = NewClient,
    responses((status = 201, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn add(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewClient>,
) -> Result<Response, Problem> {
    let command = Command::AddClient {
        id: names::id(&new.id)?,
        partner: names::id(&new.partner)?,
        name: new.name.unwrap_or(new.id),
        purpose: new.purpose,
        category: new.category,
        scopes: names::scopes(new.scopes.as_deref(), &*shared.control.checker)?,
    };
    let change = Change::from(shared.submit(&caller, command).await?);
    Ok(change.answer(StatusCode::CREATED))
}

pub(crate) fn position(shared: &Shared, text: &str) -> Result<ClientIx, Problem> {
    let id: ClientId = names::id(text)?;
    shared.control.office.snapshot().client_ix(&id).ok_or_else(|| unknown(shared, text))
}

pub(crate) fn unknown(shared: &Shared, text: &str) -> Problem {
    let snapshot = shared.control.office.snapshot();
    let known = snapshot.clients().map(|(_, client)| client.id.as_str());
    let known = known.take(names::NEAREST_AMONG_MAX);
    let list = "`portcullis client list` shows them";
    Problem::unknown(StatusCode::NOT_FOUND, "unknown_client", "client", text, known, list)
}
