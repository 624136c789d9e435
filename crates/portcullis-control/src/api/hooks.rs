//! Hooks: where partners are told of changes, and what became of each message.
//!
//! Must not know how a message is sent.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use portcullis_registry::{Done, HookCommand};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, limit, partners};
use crate::auth::Caller;
use crate::extract::{Body, Params};
use crate::hooks::{DeliverySeen, HookError, HookMade, HookSeen, Hooks};
use crate::moments;
use crate::names;
use crate::once::ShownOnce;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::{Change, Page};

/// Longest time for which two secrets of a hook sign: 14 days, as with keys.
const OVERLAP_MAX: u64 = 14 * 86_400_000;

/// A hook, without its address and secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookView {
    /// Its id.
    id: String,
    /// Whose.
    partner: String,
    /// Scheme, host and port of its address.
    origin: String,
    /// When it was added.
    added: String,
}

/// A message and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// Its number.
    id: i64,
    /// To which hook.
    hook: String,
    /// `webhook-id`.
    message: String,
    /// What it is about.
    kind: String,
    /// When it was made.
    made: String,
    /// `taken`, `waiting` or `given_up`.
    state: &'static str,
    /// When it is tried next.
    next: Option<String>,
    /// How often it failed.
    failures: u32,
    /// When the hook took it.
    taken: Option<String>,
    /// The last status.
    status: Option<u16>,
    /// Why the last try failed.
    said: Option<String>,
}

impl From<HookSeen> for HookView {
    fn from(hook: HookSeen) -> Self {
        let HookSeen { id, partner, origin, added } = hook;
        Self { id, partner, origin, added: added.rfc3339() }
    }
}

impl From<DeliverySeen> for DeliveryView {
    fn from(seen: DeliverySeen) -> Self {
        let DeliverySeen { id, hook, message, kind, made, next, failures, taken, status, said } =
            seen;
        let state = match (taken, next) {
            (Some(_), None) => "taken",
            (_, Some(_)) => "waiting",
            (None, None) => "given_up",
        };
        let text = |at: Option<portcullis_types::Wall>| at.map(portcullis_types::Wall::rfc3339);
        let (made, next, taken) = (made.rfc3339(), text(next), text(taken));
        Self { id, hook, message, kind, made, state, next, failures, taken, status, said }
    }
}

/// A new hook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewHook {
    /// The partner that is told.
    partner: String,
    /// Where: an `https://` address on the open internet.
    url: String,
}

/// A hook that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct HookMadeView {
    /// Its id.
    id: String,
    /// What its messages are signed with; shown this once.
    secret: String,
    /// What was done.
    #[serde(flatten)]
    change: Change,
}

/// A message that will be sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sent {
    /// That it will be.
    what: &'static str,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// The `next` of the part before.
    after: Option<i64>,
    /// At most this many, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// Lists the hooks of all partners
#[utoipa::path(get, path = "/v1/hooks", tag = "hooks", security(("admin_token" = [])),
    responses((status = 200, body = Page<HookView>), (status = "4XX", body = Document)))]
pub(crate) async fn list(State(shared): Ctx) -> Result<Json<Page<HookView>>, Problem> {
    let hooks = keeper(&shared)?.list().await.map_err(refused)?;
    Ok(Json(Page { data: hooks.into_iter().map(HookView::from).collect(), next: None }))
}

/// Has a partner told of changes of its access
#[utoipa::path(post, path = "/v1/hooks", tag = "hooks", security(("admin_token" = [])),
    request_body = NewHook,
    responses((status = 201, body = HookMadeView), (status = "4XX", body = Document)))]
pub(crate) async fn add(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewHook>,
) -> Result<Response, Problem> {
    let (hooks, partner) = (keeper(&shared)?, names::id(&new.partner)?);
    // Before its address is looked up: of a misspelt name the address tells nothing.
    partners::position(&shared, &new.partner)?;
    let made = hooks.add(partner, new.url).await.map_err(refused)?;
    let command = HookCommand::Add {
        hook: made.id.clone(),
        partner: names::id(&new.partner)?,
        origin: made.origin.clone(),
    };
    match shared.submit(&caller, command).await {
        Ok(done) => Ok(shown_once(made, done)),
        Err(problem) => {
            // What the log does not know must not be there.
            hooks.remove(made.id).await.map_err(refused)?;
            Err(problem)
        }
    }
}

/// The answer that shows a secret for the only time.
fn shown_once(made: HookMade, done: Done) -> Response {
    let told = format!(
        "the secret of hook `{0}` was made by the first call and shown once; if that answer was lost, make another by `portcullis hook rotate {0}`",
        made.id
    );
    let (id, secret) = (made.id, made.secret.to_string());
    let view = HookMadeView { id, secret, change: Change::from(done) };
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(ShownOnce(told));
    response
}

/// A new secret for a hook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HookRotation {
    /// Until when messages are signed with the old secret too: a date, a time, or a length from now
    /// such as `24h`; at most 14 days, 24 hours when absent.
    until: Option<String>,
}

/// Gives a hook a new secret, which the answer shows once; both sign for a while
#[utoipa::path(post, path = "/v1/hooks/{id}/rotate", tag = "hooks", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The hook's id")),
    request_body = HookRotation,
    responses((status = 201, body = HookMadeView), (status = "4XX", body = Document)))]
pub(crate) async fn rotate(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(HookRotation { until }): Body<HookRotation>,
) -> Result<Response, Problem> {
    let (hooks, now) = (keeper(&shared)?, shared.now());
    let until = moments::future("until", until.as_deref().unwrap_or("24h"), now)?;
    if until.0.saturating_sub(now.0) > OVERLAP_MAX {
        return Err(Problem::unreadable("`until` is more than 14 days away: send a nearer moment"));
    }
    let hook = hooks.list().await.map_err(refused)?.into_iter().find(|hook| hook.id == id);
    let hook = hook.ok_or_else(|| refused(HookError::Unknown))?;
    // First the log: a secret that it does not know of must not sign.
    let command = HookCommand::Rotate { hook: hook.id, until };
    let done = shared.submit(&caller, command).await?;
    let made = hooks.rotate(id, until).await.map_err(refused)?;
    Ok(shown_once(made, done))
}

/// Removes a hook with its secret
#[utoipa::path(delete, path = "/v1/hooks/{id}", tag = "hooks", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The hook's id")),
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn remove(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    keeper(&shared)?.remove(id.clone()).await.map_err(refused)?;
    let done = shared.submit(&caller, HookCommand::Remove { hook: id }).await?;
    Ok(Change::from(done).answer(StatusCode::OK))
}

/// Sends a hook a message that says nothing
#[utoipa::path(post, path = "/v1/hooks/{id}/test", tag = "hooks", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The hook's id")),
    responses((status = 202, body = Sent), (status = "4XX", body = Document)))]
pub(crate) async fn test(
    State(shared): Ctx,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    keeper(&shared)?.test(id).await.map_err(refused)?;
    Ok((StatusCode::ACCEPTED, Json(Sent { what: "on its way" })))
}

/// Lists the messages of a hook and what became of each, newest first
#[utoipa::path(get, path = "/v1/hooks/{id}/deliveries", tag = "hooks", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The hook's id"), Which),
    responses((status = 200, body = Page<DeliveryView>), (status = "4XX", body = Document)))]
pub(crate) async fn deliveries(
    State(shared): Ctx,
    Path(id): Path<String>,
    Params(which): Params<Which>,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let count = limit(which.limit)?;
    let found = keeper(&shared)?.deliveries(id, which.after, count).await.map_err(refused)?;
    let last = found.last().filter(|_| found.len() == count).map(|last| last.id.to_string());
    Ok(Json(Page { data: found.into_iter().map(DeliveryView::from).collect(), next: last }))
}

/// Sends a message once more, whatever became of it
#[utoipa::path(post, path = "/v1/hooks/{id}/deliveries/{delivery}/replay", tag = "hooks",
    security(("admin_token" = [])),
    params(("id" = String, Path, description = "The hook's id"),
        ("delivery" = i64, Path, description = "The message's number")),
    responses((status = 202, body = Sent), (status = "4XX", body = Document)))]
pub(crate) async fn replay(
    State(shared): Ctx,
    Path((id, delivery)): Path<(String, i64)>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    keeper(&shared)?.replay(id, delivery).await.map_err(refused)?;
    Ok((StatusCode::ACCEPTED, Json(Sent { what: "on its way" })))
}

fn keeper(shared: &Shared) -> Result<&dyn Hooks, Problem> {
    shared.control.settings.hooks.as_deref().ok_or_else(|| {
        let detail = "this gate keeps no hooks".to_owned();
        Problem::new(StatusCode::NOT_FOUND, "no_hooks", "There is no such thing", detail)
    })
}

pub(super) fn refused(error: HookError) -> Problem {
    let detail = error.to_string();
    let (status, code, title) = match error {
        HookError::Unfit(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "hook_address", "This can't be done")
        }
        HookError::Unknown => (StatusCode::NOT_FOUND, "unknown_hook", "There is no such thing"),
        HookError::Full(_) => (StatusCode::CONFLICT, "hooks_full", "This can't be done"),
        HookError::Store(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "hooks_not_written",
            "The hooks can't be read or written",
        ),
    };
    Problem::new(status, code, title, detail)
}
