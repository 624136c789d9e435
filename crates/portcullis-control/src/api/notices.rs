//! What a partner was told of the log: each notice as the partner reads it, and where it was sent.
//!
//! Must not know how a notice is sent.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portcullis_registry::{PartnerNotice, Snapshot};
use portcullis_types::Revision;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::hooks::DeliveryView;
use super::{Ctx, limit, partners, refused};
use crate::extract::Params;
use crate::partner::readable;
use crate::problem::{Document, Problem};
use crate::views::Page;

/// Events that are looked through for one answer: most of the log is about others.
const LOOKED_MAX: u64 = 10_000;
/// Read at once.
const PART: u64 = 500;

/// Whose notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Whose.
    partner: String,
    /// The `next` of the part before.
    after: Option<u64>,
    /// At most this many, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// Something that a partner was told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Told)]
pub(crate) struct ToldView {
    /// What hooks know it by.
    id: String,
    /// The event's number in the log.
    revision: u64,
    /// When, RFC 3339.
    at: String,
    /// Whose.
    partner: String,
    /// What: the event's name.
    r#type: String,
    /// What changed, as the partner reads it.
    #[schema(value_type = Object)]
    change: Value,
    /// The statement of reasons, without what is withheld for a time; null where there is none, and in
    /// lists.
    #[schema(value_type = Option<Object>)]
    statement: Option<Value>,
    /// What became of it at the partner's hooks; empty in lists. It can be polled all the same.
    deliveries: Vec<DeliveryView>,
}

impl From<PartnerNotice> for ToldView {
    fn from(notice: PartnerNotice) -> Self {
        Self {
            id: notice.id,
            revision: notice.revision.0,
            at: notice.at.rfc3339(),
            partner: notice.partner.to_string(),
            r#type: notice.kind,
            change: notice.body.pointer("/data/change").cloned().unwrap_or_default(),
            statement: None,
            deliveries: Vec::new(),
        }
    }
}

/// What a partner was told, newest first; a part may be empty although there is a next
#[utoipa::path(get, path = "/v1/notices", tag = "notices", security(("admin_token" = [])),
    params(Which),
    responses((status = 200, body = Page<ToldView>), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<Page<ToldView>>, Problem> {
    let count = limit(which.limit)?;
    partners::position(&shared, &which.partner)?;
    let office = &shared.control.office;
    let snapshot = office.snapshot();
    let end = snapshot.revision().map_or(0, |newest| newest.0 + 1);
    let mut end = which.after.map_or(end, |after| after.min(end));
    let (mut data, mut looked) = (Vec::new(), 0);
    while end > 0 && looked < LOOKED_MAX {
        let part = PART.min(end);
        let from = Revision(end - part);
        let events = office.events(from, usize::try_from(part).unwrap_or(0)).await;
        let mut events = events.map_err(refused)?;
        // The log may have grown meanwhile.
        events.retain(|event| event.revision.0 < end);
        for logged in events.iter().rev() {
            end = logged.revision.0;
            data.extend(own(&snapshot, logged, &which.partner));
            if data.len() == count {
                return Ok(Json(Page { data, next: (end > 0).then(|| end.to_string()) }));
            }
        }
        (end, looked) = (from.0, looked + part);
    }
    Ok(Json(Page { data, next: (end > 0).then(|| end.to_string()) }))
}

fn own(
    snapshot: &Snapshot,
    logged: &portcullis_registry::LoggedEvent,
    partner: &str,
) -> Option<ToldView> {
    let notice = PartnerNotice::of(logged, snapshot)?;
    (notice.partner.as_str() == partner).then(|| notice.into())
}

/// One notice as the partner reads it, with what became of it at hooks
#[utoipa::path(get, path = "/v1/notices/{revision}", tag = "notices", security(("admin_token" = [])),
    params(("revision" = u64, Path, description = "The event's number")),
    responses((status = 200, body = ToldView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(revision): Path<String>,
) -> Result<Json<ToldView>, Problem> {
    let none = || {
        let detail = "no partner was told of this event; `portcullis notice list PARTNER` shows of which it was";
        Problem::new(StatusCode::NOT_FOUND, "no_notice", "There is no such notice", detail)
    };
    let office = &shared.control.office;
    let revision = revision.parse().map(Revision).map_err(|_| none())?;
    let logged = office.event(revision).await.map_err(refused)?;
    let notice = PartnerNotice::of(&logged, &office.snapshot()).ok_or_else(none)?;
    let mut told = ToldView::from(notice);
    if let Some(digest) = logged.event.statement() {
        told.statement = readable(&**office, digest, shared.now()).await?;
    }
    if let Some(hooks) = &shared.control.settings.hooks {
        let sent = hooks.sent(told.id.clone()).await.map_err(super::hooks::refused)?;
        told.deliveries = sent.into_iter().map(DeliveryView::from).collect();
    }
    Ok(Json(told))
}
