//! What happened to the asker's access, event by event, with the statement of reasons where there is one.
//!
//! For who has no hook, or missed a call of it. Must not know how notices are sent.

use axum::Json;
use axum::extract::{Path, State};
use portcullis_registry::{LoggedEvent, Office, PartnerNotice, Statement};
use portcullis_types::{Revision, Wall};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Ctx;
use super::asker::{Asker, Reader};
use super::receipts::{is_about, missing, none};
use crate::extract::Params;
use crate::problem::{Document, Problem};

/// Events that are looked through for one answer: most of the log is about others.
const LOOKED_MAX: usize = 5000;
/// Read at once.
const PART: usize = 500;
/// Most notices of one answer.
const NOTICES_MAX: usize = 100;

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct From {
    /// The `next` of the answer before; from the beginning of the log when absent.
    after: Option<u64>,
}

/// Notices, oldest first.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Notices {
    /// At most 100.
    data: Vec<OwnNotice>,
    /// Send it as `after` for what comes later, now or some day.
    next: u64,
    /// Whether there may be more already.
    more: bool,
}

/// Something that happened to your access.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnNotice {
    /// The same as in a message to a hook, however often it is sent.
    id: String,
    /// The event's number in the log.
    revision: u64,
    /// When, RFC 3339.
    at: String,
    /// What: the event's name.
    r#type: String,
    /// What changed, and what the platform wrote to you.
    #[schema(value_type = Object)]
    change: Value,
    /// The statement of reasons, without what is withheld for a time; null where there is none, and in
    /// lists.
    #[schema(value_type = Option<Object>)]
    statement: Option<Value>,
}

impl OwnNotice {
    fn of(asker: &Asker, logged: &LoggedEvent) -> Option<Self> {
        let notice = PartnerNotice::of(logged, &asker.snapshot)?;
        is_about(asker, &logged.event).then(|| Self {
            id: notice.id,
            revision: notice.revision.0,
            at: notice.at.rfc3339(),
            r#type: notice.kind,
            change: notice.body.pointer("/data/change").cloned().unwrap_or_default(),
            statement: None,
        })
    }
}

/// What happened to your access since an event; ask again with `next` to hear of what comes
#[utoipa::path(get, path = "/partner/v1/notices", tag = "notices", security(("key" = [])),
    params(From),
    responses((status = 200, body = Notices), (status = "4XX", body = Document), (status = 503, body = Document)))]
pub(super) async fn list(
    State(api): Ctx,
    Reader(asker): Reader,
    Params(from): Params<From>,
) -> Result<Json<Notices>, Problem> {
    let mut told = Notices { next: from.after.unwrap_or(0), ..Notices::default() };
    // The beginning of the log is nobody's.
    for _ in 0..LOOKED_MAX / PART {
        let start = Revision(told.next.saturating_add(1));
        let events = match api.parts.office.events(start, PART).await {
            Ok(events) => events,
            Err(error) if missing(&error).status == 404 => Vec::new(),
            Err(error) => return Err(missing(&error)),
        };
        told.more = events.len() == PART;
        for logged in &events {
            if told.data.len() == NOTICES_MAX {
                told.more = true;
                return Ok(Json(told));
            }
            told.data.extend(OwnNotice::of(&asker, logged));
            told.next = logged.revision.0;
        }
        if !told.more {
            break;
        }
    }
    Ok(Json(told))
}

/// One notice, with its statement of reasons
#[utoipa::path(get, path = "/partner/v1/notices/{revision}", tag = "notices", security(("key" = [])),
    params(("revision" = u64, Path, description = "The event's number, as `me` and `notices` tell it")),
    responses((status = 200, body = OwnNotice), (status = "4XX", body = Document), (status = 503, body = Document)))]
pub(super) async fn show(
    State(api): Ctx,
    Reader(asker): Reader,
    Path(revision): Path<String>,
) -> Result<Json<OwnNotice>, Problem> {
    let revision = revision.parse().map(Revision).map_err(|_| none())?;
    let logged = api.parts.office.event(revision).await.map_err(|error| missing(&error))?;
    let mut notice = OwnNotice::of(&asker, &logged).ok_or_else(none)?;
    let digest = notice.change.get("statement").and_then(Value::as_str).map(str::to_owned);
    if let Some(digest) = digest {
        notice.statement = readable(&*api.parts.office, &digest, asker.wall()).await?;
    }
    Ok(Json(notice))
}

/// The statement of reasons as its partner may read it at a moment; none: it was erased, or is none
/// that this version reads.
pub(crate) async fn readable(
    office: &dyn Office,
    digest: &str,
    now: Wall,
) -> Result<Option<Value>, Problem> {
    let blob = match office.blob(digest.to_owned()).await {
        Ok(blob) => blob,
        Err(error) if missing(&error).status == 404 => return Ok(None),
        Err(error) => return Err(missing(&error)),
    };
    let read = serde_json::from_slice::<Statement>(&blob).ok();
    Ok(read.map(|statement| statement.for_partner(now)))
}
