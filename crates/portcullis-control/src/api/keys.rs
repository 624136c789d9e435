//! Keys: issued, listed, shown by id.
//!
//! Must not know the pepper or keep a secret.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use portcullis_registry::{Command, Done, KeyStart, Snapshot};
use portcullis_types::{KeyId, KeyIx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::identity::ProvedBy;
use super::{Ctx, aside, limit, partners};
use crate::auth::Caller;
use crate::extract::{Body, Params};
use crate::moments;
use crate::names;
use crate::once::ShownOnce;
use crate::problem::{Document, Problem};
use crate::views::{Change, KeyView, Page};
use crate::{KeyMaker, KeyMakerError, MintedKey};

const STATES: [&str; 8] =
    ["pending", "active", "rotating", "suspended", "narrowed", "expired", "revoked", "compromised"];

/// Which keys.
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
    /// Only those in this state: `pending`, `active`, `rotating`, `suspended`, `narrowed`, `expired`,
    /// `revoked` or `compromised`.
    state: Option<String>,
}

/// Keys in order of issue
#[utoipa::path(get, path = "/v1/keys", tag = "keys", security(("admin_token" = [])),
    params(Which), responses((status = 200, body = Page<KeyView>), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<Page<KeyView>>, Problem> {
    let limit = limit(which.limit)?;
    let partner = which.partner.map(|id| partners::position(&shared, &id)).transpose()?;
    if let Some(state) = which.state.as_deref().filter(|state| !STATES.contains(state)) {
        let list = format!("the states are `{}`", STATES.join("`, `"));
        let status = StatusCode::BAD_REQUEST;
        return Err(Problem::unknown(
            status,
            "unknown_state",
            "state of keys",
            state,
            STATES,
            &list,
        ));
    }
    let snapshot = shared.control.office.snapshot();
    let start = match &which.after {
        None => 0,
        Some(after) => position(&snapshot, after)?.0.saturating_add(1),
    };
    let now = shared.now();
    // A filter may walk millions of keys.
    let page = aside(move || {
        let mut found = (start..)
            .map_while(|at| snapshot.key(KeyIx(at)).map(|key| (KeyIx(at), key)))
            .filter(|(_, key)| partner.is_none_or(|partner| key.partner == partner))
            .map(|(at, key)| KeyView::new(at, key, &snapshot, now))
            .filter(|view| which.state.as_deref().is_none_or(|state| view.state() == state));
        let data: Vec<_> = found.by_ref().take(limit).collect();
        let next = found.next().and(data.last()).map(|key| key.id.clone());
        Page { data, next }
    });
    Ok(Json(page.await?))
}

/// One key by its id
#[utoipa::path(get, path = "/v1/keys/{id}", tag = "keys", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The key's id; not the key itself")),
    responses((status = 200, body = KeyView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(id): Path<String>,
) -> Result<Json<KeyView>, Problem> {
    let snapshot = shared.control.office.snapshot();
    let at = position(&snapshot, &id)?;
    let key = snapshot.key(at).ok_or_else(|| unknown(&id))?;
    Ok(Json(KeyView::new(at, key, &snapshot, shared.now())))
}

/// A key to issue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// The partner it is for.
    partner: String,
    /// The client of that partner it is bound to.
    client: Option<String>,
    /// Scopes to narrow it to; all of partner and client when absent.
    scopes: Option<Vec<String>>,
    /// When it ends: a date, a time, or a length from now such as `90d`; never when absent.
    expires: Option<String>,
    /// When it begins to work: a date, a time, a length from now, or `activated`: once it is
    /// activated; at once when absent.
    start: Option<String>,
    /// The networks it is accepted from, such as `203.0.113.0/24`; anywhere when absent.
    #[serde(default)]
    networks: Vec<String>,
    /// The certificates of clients of which it takes one, as `sha256:` and the digest of the public
    /// key, `dns:NAME` or `uri:URI`; none is asked for when absent.
    #[serde(default)]
    certificates: Vec<String>,
    /// What proves the caller in its place: then there is no key, and none is shown.
    identity: Option<ProvedBy>,
    /// A word to tell it by.
    #[serde(default)]
    label: String,
    /// The environment in the key's text: `live` or `test`; the gate's own when absent.
    env: Option<String>,
}

/// A key that was issued.
#[derive(Serialize, ToSchema)]
pub(crate) struct Issued {
    /// Its public id.
    id: String,
    /// The whole key. It is shown in this answer only; none where an identity stands in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The change.
    change: Change,
}

/// Issues a key, which the answer shows once, or lets an identity call in a key's place
#[utoipa::path(post, path = "/v1/keys", tag = "keys", security(("admin_token" = [])),
    request_body = NewKey,
    responses((status = 201, body = Issued), (status = "4XX", body = Document)))]
pub(crate) async fn issue(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewKey>,
) -> Result<Response, Problem> {
    let now = shared.now();
    let expires = new.expires.map(|text| moments::future("expires", &text, now)).transpose()?;
    let start = match new.start.as_deref() {
        None => KeyStart::AtOnce,
        Some("activated") => KeyStart::WhenActivated,
        Some(text) => KeyStart::At(moments::future("start", text, now)?),
    };
    let partner = names::id(&new.partner)?;
    let client = new.client.map(|id| names::id(&id)).transpose()?;
    let scopes = names::scopes(new.scopes.as_deref(), &*shared.control.checker)?;
    let identity = new.identity.map(ProvedBy::identity).transpose()?;
    let minted = mint(&*shared.control.keys, new.env.as_deref())?;
    // What is proved otherwise has an id like every key, and nobody keeps the secret that came with it.
    let (digest, pepper) = match identity {
        Some(_) => (String::new(), String::new()),
        None => (minted.digest.clone(), shared.control.keys.pepper()),
    };
    let is_key = identity.is_none();
    let command = Command::IssueKey {
        id: minted.id.clone(),
        partner,
        client,
        scopes,
        start,
        expires,
        digest,
        pepper,
        label: new.label,
        binding: names::binding(&new.networks, &new.certificates)?,
        identity,
    };
    let done = shared.submit(&caller, command).await?;
    if is_key {
        return shown_once(done, &minted);
    }
    let change = Change::from(done);
    let status = change.status(StatusCode::CREATED);
    Ok((status, Json(Issued { id: minted.id.to_string(), key: None, change })).into_response())
}

/// The answer that shows a key for the only time.
pub(super) fn shown_once(done: Done, minted: &MintedKey) -> Result<Response, Problem> {
    let change = Change::from(done);
    let status = change.status(StatusCode::CREATED);
    let id = minted.id.to_string();
    let key = Some(minted.secret.as_str().to_owned());
    let issued = Issued { id: id.clone(), key, change };
    let mut response = (status, Json(issued)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(ShownOnce(format!(
        "key `{id}` was issued by the first call and shown once; if that answer was lost, revoke the key with `portcullis key revoke {id}` and issue another under a new `Idempotency-Key`"
    )));
    Ok(response)
}

pub(crate) fn mint(keys: &dyn KeyMaker, env: Option<&str>) -> Result<MintedKey, Problem> {
    keys.mint(env).map_err(|error| match error {
        KeyMakerError::Environment(_) => Problem::unreadable(error.to_string()),
        KeyMakerError::Randomness(_) => Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "no_randomness",
            "No key could be made",
            error.to_string(),
        ),
    })
}

pub(crate) fn position(snapshot: &Snapshot, text: &str) -> Result<KeyIx, Problem> {
    // A person may paste the key itself: nothing of it may come back or be recorded.
    let id: KeyId = text.parse().map_err(|_| unknown("…"))?;
    snapshot.key_ix(&id).ok_or_else(|| unknown(text))
}

/// Ids are random, so the nearest known one would mislead.
fn unknown(text: &str) -> Problem {
    // What has not the form of an id of ours may be the key itself.
    let imported = text.len() == 24 && text.starts_with("imp_");
    let shown = if text.len() <= 16 || imported { text } else { "…" };
    let list = "`portcullis key list` shows the ids; a key itself is not its id";
    Problem::unknown(StatusCode::NOT_FOUND, "unknown_key", "key", shown, [], list)
}
