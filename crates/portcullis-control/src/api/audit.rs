//! The log: read, verified, exported.
//!
//! Must not know how it is stored.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use portcullis_audit::Kept;
use portcullis_registry::{LoggedEvent, Verification};
use portcullis_types::Revision;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, limit, refused};
use crate::extract::{Body, NoParams, Params};
use crate::problem::{Document, Problem};
use crate::stream;

/// Most checkpoints and receipts that one verification compares with.
const AGAINST_MAX: usize = 16;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// The first revision; the newest events when absent.
    from: Option<u64>,
    /// At most this many events, 1 to 1000; 100 when absent.
    count: Option<usize>,
}

/// An event of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// Its number.
    revision: u64,
    /// When it happened, RFC 3339.
    ts: String,
    /// Who acted: `kind` and `id`.
    #[schema(value_type = Object)]
    actor: serde_json::Value,
    /// Who let it happen, where it was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    approver: Option<serde_json::Value>,
    /// The event in which it was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<u64>,
    /// What happened; `type` names the kind of event.
    #[schema(value_type = Object)]
    event: serde_json::Value,
    /// The leaf's hash (RFC 6962), lower-case hex.
    hash: String,
}

impl From<LoggedEvent> for EventView {
    fn from(logged: LoggedEvent) -> Self {
        Self {
            revision: logged.revision.0,
            ts: logged.ts,
            actor: serde_json::to_value(&logged.actor).unwrap_or_default(),
            approver: logged.approver.as_ref().and_then(|who| serde_json::to_value(who).ok()),
            proposal: logged.proposal.map(|revision| revision.0),
            event: serde_json::to_value(&logged.event).unwrap_or_default(),
            hash: logged.hash,
        }
    }
}

/// A part of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The events, oldest first.
    data: Vec<EventView>,
    /// Send it as `from` for the next part; null at the end.
    next: Option<u64>,
    /// The newest event's number.
    newest: Option<u64>,
}

/// Events of the log, oldest first
#[utoipa::path(get, path = "/v1/audit", tag = "audit", security(("admin_token" = [])),
    params(Which), responses((status = 200, body = EventPage), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<EventPage>, Problem> {
    let count = limit(which.count)?;
    let newest = shared.control.office.snapshot().revision().map(|revision| revision.0);
    let size = newest.map_or(0, |newest| newest + 1);
    let from = which.from.unwrap_or_else(|| size.saturating_sub(count as u64));
    let events = shared.control.office.events(Revision(from), count).await.map_err(refused)?;
    let data: Vec<_> = events.into_iter().map(EventView::from).collect();
    let next = data.last().map(|last| last.revision + 1).filter(|next| *next < size);
    Ok(Json(EventPage { data, next, newest }))
}

/// One event
#[utoipa::path(get, path = "/v1/audit/{revision}", tag = "audit", security(("admin_token" = [])),
    params(("revision" = u64, Path, description = "The event's number")),
    responses((status = 200, body = EventView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(revision): Path<String>,
) -> Result<Json<EventView>, Problem> {
    let event = shared.control.office.event(number(&revision)?).await.map_err(refused)?;
    Ok(Json(EventView::from(event)))
}

pub(crate) fn number(revision: &str) -> Result<Revision, Problem> {
    revision.parse().map(Revision).map_err(|_| {
        Problem::unreadable("a revision is a whole number; `portcullis audit list` shows them")
    })
}

/// The signed root of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckpointView {
    /// A signed note (C2SP): name, size and root hash, then the signature.
    note: String,
}

/// The newest signed root; keep copies elsewhere to prove later that nothing was cut off
#[utoipa::path(get, path = "/v1/audit/checkpoint", tag = "audit", security(("admin_token" = [])),
    responses((status = 200, body = CheckpointView), (status = "4XX", body = Document)))]
pub(crate) async fn checkpoint(State(shared): Ctx) -> Result<Json<CheckpointView>, Problem> {
    let note = shared.control.office.checkpoint().await.map_err(refused)?;
    Ok(Json(CheckpointView { note }))
}

/// What a verification found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerdictView {
    /// Whether everything is as it was written.
    clean: bool,
    /// The finding in one line.
    what: String,
    /// Whole events, up to the fault where there is one.
    events: u64,
    /// Signed roots that hold.
    checkpoints: u64,
    /// Checkpoints and receipts kept elsewhere that it agrees with.
    kept: u64,
    /// The name of the log.
    origin: Option<String>,
    /// Root hash over those events, base64.
    root: Option<String>,
    /// The public key that signed last.
    signed_by: Option<String>,
    /// Whether that key is the one the gate is configured with.
    trusted_key: bool,
    /// Whether the log was folded anew and led to the state in force.
    replayed: bool,
    /// The first bad revision, where one can be named.
    revision: Option<u64>,
}

impl From<Verification> for VerdictView {
    fn from(verdict: Verification) -> Self {
        Self {
            clean: verdict.is_clean(),
            what: verdict.to_string(),
            events: verdict.events,
            checkpoints: verdict.checkpoints,
            kept: verdict.kept,
            origin: verdict.origin,
            root: verdict.root,
            signed_by: verdict.signed_by,
            trusted_key: verdict.trusted_key,
            replayed: verdict.replayed,
            revision: verdict.fault.and_then(|fault| fault.revision),
        }
    }
}

/// What a verification compares the log with.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyWish {
    /// Checkpoints and receipts as they were kept elsewhere, at most 16.
    #[serde(default)]
    against: Vec<String>,
}

/// Recomputes every event's hash and every signed root from the store, and compares them with what was kept elsewhere
#[utoipa::path(post, path = "/v1/audit/verify", tag = "audit", security(("admin_token" = [])),
    request_body = VerifyWish,
    responses((status = 200, body = VerdictView), (status = "4XX", body = Document)))]
pub(crate) async fn verify(
    State(shared): Ctx,
    Body(VerifyWish { against }): Body<VerifyWish>,
) -> Result<Json<VerdictView>, Problem> {
    if against.len() > AGAINST_MAX {
        return Err(Problem::unreadable(format!(
            "`against` names {}: send at most {AGAINST_MAX} at once",
            against.len()
        )));
    }
    let kept = (1..).zip(&against).map(|(at, text)| {
        Kept::read(text)
            .map_err(|error| Problem::unreadable(format!("number {at} of `against`: {error}")))
    });
    let kept = kept.collect::<Result<_, _>>()?;
    let verdict = shared.control.office.verify(kept).await.map_err(refused)?;
    Ok(Json(VerdictView::from(verdict)))
}

/// The whole log as JSON lines: `{"kind":"event","rev":…,"leaf":…,"hash":…}` for each event, `{"kind":"checkpoint","size":…,"note":…}` for each signed root
#[utoipa::path(get, path = "/v1/audit/export", tag = "audit", security(("admin_token" = [])),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = "4XX", body = Document)))]
pub(crate) async fn export(State(shared): Ctx, _: NoParams) -> Response {
    let size = shared.control.office.snapshot().revision().map_or(0, |newest| newest.0 + 1);
    let body = stream::export(shared, size);
    ([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}
