//! The asker's own customers: listed and declared.
//!
//! Must not know their keys.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portcullis_registry::{ClientCategory, ClientRecord, Command};
use portcullis_types::{ClientId, ClientIx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Ctx;
use super::asker::{Asker, Reader, Writer};
use super::changes::OwnChange;
use super::keys::Which;
use crate::api::{aside, limit};
use crate::extract::{Body, Params};
use crate::names;
use crate::problem::{Document, Problem};
use crate::views::Page;

/// A client of yours.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnClient {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// What it uses the data for; empty where nobody asked.
    purpose: String,
    /// What kind of customer it is.
    #[schema(value_type = Option<String>)]
    category: Option<ClientCategory>,
    /// How it stands.
    state: String,
    /// When it was declared, RFC 3339.
    declared: String,
    /// The event of the log that declared it or last changed it.
    revision: u64,
}

impl OwnClient {
    fn new(client: &ClientRecord) -> Self {
        let state = client.narrowed.as_ref().map(|notice| notice.state).unwrap_or_default();
        Self {
            id: client.id.to_string(),
            name: client.name.to_string(),
            purpose: client.purpose.to_string(),
            category: client.category,
            state: state.to_string(),
            declared: client.added.rfc3339(),
            revision: client.revision.0,
        }
    }
}

/// Your clients in order of declaration; with a key bound to one, that one
#[utoipa::path(get, path = "/partner/v1/clients", tag = "clients", security(("key" = [])),
    params(Which), responses((status = 200, body = Page<OwnClient>), (status = "4XX", body = Document)))]
pub(super) async fn list(
    Reader(asker): Reader,
    Params(which): Params<Which>,
) -> Result<Json<Page<OwnClient>>, Problem> {
    let limit = limit(which.limit)?;
    let start = match &which.after {
        None => 0,
        Some(after) => own(&asker, after)?.0.saturating_add(1),
    };
    let page = aside(move || {
        let snapshot = &asker.snapshot;
        let mut found = (start..)
            .map_while(|at| snapshot.client(ClientIx(at)).map(|client| (ClientIx(at), client)))
            .filter(|(at, client)| is_own(&asker, *at, client));
        let data: Vec<_> =
            found.by_ref().take(limit).map(|(_, client)| OwnClient::new(client)).collect();
        let next = found.next().and(data.last()).map(|client| client.id.clone());
        Page { data, next }
    });
    Ok(Json(page.await?))
}

/// One of the asker's clients by its id; one of somebody else is as unknown as none.
fn own(asker: &Asker, id: &str) -> Result<ClientIx, Problem> {
    let found = id.parse().ok().and_then(|id| asker.snapshot.client_ix(&id));
    let known = |at: &ClientIx| asker.snapshot.client(*at).is_some_and(|of| is_own(asker, *at, of));
    found.filter(known).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "unknown_client",
            "The client is not known",
            "you have no client of this id; `clients` lists yours",
        )
    })
}

fn is_own(asker: &Asker, at: ClientIx, client: &ClientRecord) -> bool {
    client.partner == asker.key.partner && asker.key.client.is_none_or(|own| own == at)
}

/// A client to declare.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOwnClient {
    /// Its id: your own id, a `-`, and a word of yours.
    id: String,
    /// Its name; the id when absent.
    name: Option<String>,
    /// What it uses the data for.
    purpose: String,
    /// `brand`, `agency`, `media`, `creator`, `research`, `nonprofit`, `government` or `own`.
    #[schema(value_type = String)]
    category: ClientCategory,
}

/// Declares a customer of yours; it has no key before the platform issues one
#[utoipa::path(post, path = "/partner/v1/clients", tag = "clients", security(("key" = [])),
    request_body = NewOwnClient,
    responses((status = 201, body = OwnChange), (status = "4XX", body = Document)))]
pub(super) async fn add(
    State(api): Ctx,
    Writer(asker): Writer,
    Body(new): Body<NewOwnClient>,
) -> Result<(StatusCode, Json<OwnChange>), Problem> {
    asker.speaks_for_all()?;
    let id: ClientId = names::id(&new.id)?;
    // Or it would tell which ids others have taken.
    let start = format!("{}-", asker.partner.id);
    if !new.id.starts_with(&start) {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "client_id_not_yours",
            "The id is not one of yours",
            format!("begin the id with `{start}`, so that it can be nobody else's"),
        ));
    }
    if let Some(longer) = of_another(&asker, &new.id) {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "client_id_not_yours",
            "The id is not one of yours",
            format!(
                "ids that begin with `{longer}-` are kept for another; write another word after `{start}`"
            ),
        ));
    }
    if new.purpose.trim().is_empty() {
        return Err(Problem::unreadable(
            "`purpose` is empty: say what this client uses the data for",
        ));
    }
    let command = Command::AddClient {
        id,
        partner: asker.partner.id.clone(),
        name: new.name.unwrap_or(new.id),
        purpose: new.purpose,
        category: Some(new.category),
        scopes: asker.partner.scopes.as_deref().map(<[_]>::to_vec),
    };
    Ok((StatusCode::CREATED, Json(api.change(&asker, command).await?)))
}

/// The partner with a longer id whose clients' ids begin so.
fn of_another<'id>(asker: &Asker, id: &'id str) -> Option<&'id str> {
    let own = asker.partner.id.as_str().len();
    let starts = id.match_indices('-').filter(|(at, _)| *at > own);
    let mut starts = starts.filter_map(|(at, _)| id.get(..at));
    starts.find(|start| start.parse().is_ok_and(|of| asker.snapshot.partner_ix(&of).is_some()))
}
