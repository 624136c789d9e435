//! The asker's own keys, listed.
//!
//! Must not know a secret.

use axum::Json;
use axum::http::StatusCode;
use portcullis_registry::{KeyRecord, Snapshot};
use portcullis_types::{KeyIx, Wall};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asker::{Asker, Reader};
use crate::api::identity::ProvedBy;
use crate::api::{aside, limit};
use crate::extract::Params;
use crate::problem::{Document, Problem};
use crate::views::{KeyView, Page, bound};

/// A key. Nothing here proves anything: the secret is not known to the gate.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnKey {
    /// Its public id; it stands in the key's own text.
    id: String,
    /// `active`, `held`, `pending`, `expired`, `revoked` and so on.
    pub(super) state: String,
    /// The client it is bound to.
    client: Option<String>,
    /// The word it is told by.
    label: Option<String>,
    /// The scopes it is narrowed to; null: all you have.
    scopes: Option<Vec<String>>,
    /// The networks it is accepted from; null: anywhere.
    networks: Option<Vec<String>>,
    /// The certificates of clients of which it takes one; null: none is asked for.
    certificates: Option<Vec<String>>,
    /// What proves you in a key's place; null: the key itself does.
    identity: Option<ProvedBy>,
    /// When it was issued, RFC 3339.
    issued: Option<String>,
    /// When it ends by itself.
    expires: Option<String>,
    /// The event of the log that made it.
    revision: Option<u64>,
}

impl OwnKey {
    pub(super) fn new(at: KeyIx, key: &KeyRecord, snapshot: &Snapshot, now: Wall) -> Self {
        let client = key.client.and_then(|client| snapshot.client(client));
        let scopes = key.scopes.and_then(|list| snapshot.scope_list(list));
        let (networks, certificates) = bound(key);
        Self {
            id: key.id().to_string(),
            state: KeyView::new(at, key, snapshot, now).state().to_owned(),
            client: client.map(|client| client.id.to_string()),
            label: key.label.as_deref().map(str::to_owned),
            scopes: scopes.map(|list| list.iter().map(ToString::to_string).collect()),
            networks,
            certificates,
            identity: ProvedBy::of(key),
            issued: Some(key.issued.rfc3339()),
            expires: key.expires.map(Wall::rfc3339),
            revision: Some(key.revision.0),
        }
    }

    /// Id and state alone.
    pub(super) fn bare(self) -> Self {
        let Self { id, state, .. } = self;
        Self {
            id,
            state,
            client: None,
            label: None,
            scopes: None,
            networks: None,
            certificates: None,
            identity: None,
            issued: None,
            expires: None,
            revision: None,
        }
    }
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// At most this many entries, 1 to 1000; 100 when absent.
    pub(super) limit: Option<usize>,
    /// The `next` of the part before.
    pub(super) after: Option<String>,
}

/// Your keys in order of issue; with a key bound to a client, those of that client
#[utoipa::path(get, path = "/partner/v1/keys", tag = "keys", security(("key" = [])),
    params(Which), responses((status = 200, body = Page<OwnKey>), (status = "4XX", body = Document)))]
pub(super) async fn list(
    Reader(asker): Reader,
    Params(which): Params<Which>,
) -> Result<Json<Page<OwnKey>>, Problem> {
    let limit = limit(which.limit)?;
    let start = match &which.after {
        None => 0,
        Some(after) => own(&asker, after)?.0.saturating_add(1),
    };
    // There may be millions of keys of others between one's own.
    let page = aside(move || {
        let snapshot = &asker.snapshot;
        let mut found = (start..)
            .map_while(|at| snapshot.key(KeyIx(at)).map(|key| (KeyIx(at), key)))
            .filter(|(_, key)| asker.sees(key))
            .map(|(at, key)| OwnKey::new(at, key, snapshot, asker.wall()));
        let data: Vec<_> = found.by_ref().take(limit).collect();
        let next = found.next().and(data.last()).map(|key| key.id.clone());
        Page { data, next }
    });
    Ok(Json(page.await?))
}

/// One of the asker's keys by its id; one of somebody else is as unknown as none.
pub(super) fn own(asker: &Asker, id: &str) -> Result<KeyIx, Problem> {
    let found = id.parse().ok().and_then(|id| asker.snapshot.key_ix(&id));
    let is_own = |at: &KeyIx| asker.snapshot.key(*at).is_some_and(|key| asker.sees(key));
    found.filter(is_own).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "unknown_key",
            "The key is not known",
            "you have no key of this id; `keys` lists yours, and a key itself is not its id",
        )
    })
}
