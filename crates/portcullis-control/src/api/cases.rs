//! Cases: opened, listed, shown with what happened in each.
//!
//! Must not know what a change of one does.

pub(crate) mod changes;
pub(crate) mod evidence;
pub(crate) mod export;
mod plan;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use portcullis_registry::{CaseCommand, CaseEvent, CaseRecord, Event, LoggedEvent, SubjectId};
use portcullis_types::{CaseId, Revision};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, limit, refused};
use crate::auth::Caller;
use crate::extract::{Body, Params};
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::{CaseView, Change, Page};
use crate::{moments, names, preview};

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Those that are closed, too.
    #[serde(default)]
    closed: bool,
    /// Only those about this subject, such as `partner:acme`.
    subject: Option<String>,
    /// The `next` of the part before.
    after: Option<String>,
    /// At most this many, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// Cases, the newest first
#[utoipa::path(get, path = "/v1/cases", tag = "cases", security(("admin_token" = [])),
    params(Which), responses((status = 200, body = Page<CaseView>), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<Page<CaseView>>, Problem> {
    let count = limit(which.limit)?;
    let about = which.subject.as_deref().map(subject).transpose()?;
    let snapshot = shared.control.office.snapshot();
    let mut cases = snapshot.cases().iter().rev();
    if let Some(after) = &which.after {
        // As if none were left where the place is unknown: cases never go away.
        let _ = cases.find(|case| case.id.as_str() == after);
    }
    let mut found = cases.filter(|case| {
        (which.closed || case.closed.is_none())
            && about.as_ref().is_none_or(|about| case.subjects.contains(about))
    });
    let data: Vec<&CaseRecord> = found.by_ref().take(count).collect();
    let next = found.next().and(data.last()).map(|case| case.id.to_string());
    let data = data.into_iter().map(|case| CaseView::new(case, &snapshot)).collect();
    Ok(Json(Page { data, next }))
}

/// A case to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCase {
    /// Its id; the next number when absent.
    id: Option<String>,
    /// What people call it; it stands in the log, so no names of persons.
    #[serde(default)]
    title: String,
    /// Whose it is; the caller's when absent.
    owner: Option<String>,
    /// Whom it is about, such as `partner:acme`.
    #[serde(default)]
    subjects: Vec<String>,
    /// Events of signals that belong to it; each brings its partner.
    #[serde(default)]
    signals: Vec<u64>,
    /// When it is looked at again: a date, a time, or a length from now such as `7d`.
    review_by: Option<String>,
    /// Until when nothing that it is about is erased, even once it is closed.
    preserve_until: Option<String>,
}

/// What opening a case came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Opened {
    #[serde(flatten)]
    change: Change,
    /// The case.
    case: Option<String>,
}

/// Opens a case
#[utoipa::path(post, path = "/v1/cases", tag = "cases", security(("admin_token" = [])),
    request_body = NewCase,
    responses((status = 201, body = Opened), (status = "4XX", body = Document)))]
pub(crate) async fn open(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewCase>,
) -> Result<(StatusCode, Json<Opened>), Problem> {
    let review_by = new.review_by.as_deref();
    let review_by =
        review_by.map(|text| moments::future("review_by", text, shared.now())).transpose()?;
    let until = new.preserve_until.as_deref();
    let until =
        until.map(|text| moments::future("preserve_until", text, shared.now())).transpose()?;
    let command = CaseCommand::Open {
        id: new.id.as_deref().map(names::id).transpose()?,
        title: new.title,
        owner: new.owner.as_deref().map(names::id).transpose()?,
        subjects: subjects(&new.subjects)?,
        signals: new.signals.into_iter().map(Revision).collect(),
        review_by,
    };
    let done = shared.submit(&caller, command).await?;
    let snapshot = shared.control.office.snapshot();
    let made = |case: &&CaseRecord| case.timeline.first().copied() == done.revision;
    let case = done.revision.and_then(|_| snapshot.cases().iter().rev().find(made));
    let case = case.map(|case| case.id.clone());
    // An open case preserves what it is about, so nothing goes in between.
    let done = match (case.clone(), until) {
        (Some(case), Some(until)) => {
            shared.submit(&caller, CaseCommand::Preserve { case, until }).await?
        }
        _ => done,
    };
    let case = case.map(|case| case.to_string());
    let change = Change::from(done);
    Ok((change.status(StatusCode::CREATED), Json(Opened { change, case })))
}

/// A case
#[utoipa::path(get, path = "/v1/cases/{id}", tag = "cases", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The case's id")),
    responses((status = 200, body = CaseView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(id): Path<String>,
) -> Result<Json<CaseView>, Problem> {
    let snapshot = shared.control.office.snapshot();
    let case = known(&shared, &id)?;
    Ok(Json(CaseView::new(&case, &snapshot)))
}

/// Something that happened in a case.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HappenedView {
    /// The event.
    revision: u64,
    /// When, RFC 3339.
    ts: String,
    /// Who acted.
    actor: String,
    /// Who let it happen, where it was proposed.
    approver: Option<String>,
    /// What happened; `type` names the kind of event.
    #[schema(value_type = Object)]
    event: serde_json::Value,
    /// What a note says, or what was attested; null where it was erased.
    text: Option<String>,
}

/// Which part of a timeline.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// The `next` of the part before.
    after: Option<u64>,
    /// At most this many, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// What happened in a case, oldest first
#[utoipa::path(get, path = "/v1/cases/{id}/timeline", tag = "cases", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The case's id"), Part),
    responses((status = 200, body = Page<HappenedView>), (status = "4XX", body = Document)))]
pub(crate) async fn timeline(
    State(shared): Ctx,
    Path(id): Path<String>,
    Params(part): Params<Part>,
) -> Result<Json<Page<HappenedView>>, Problem> {
    let count = limit(part.limit)?;
    let case = known(&shared, &id)?;
    let later = case.timeline.iter().filter(|at| part.after.is_none_or(|after| at.0 > after));
    let wanted: Vec<Revision> = later.copied().take(count + 1).collect();
    let mut data = Vec::with_capacity(wanted.len().min(count));
    for revision in wanted.iter().take(count) {
        let logged = shared.control.office.event(*revision).await.map_err(refused)?;
        data.push(happened(&shared, logged).await);
    }
    let more = wanted.len() > count;
    let next = data.last().filter(|_| more).map(|last| last.revision.to_string());
    Ok(Json(Page { data, next }))
}

async fn happened(shared: &Shared, logged: LoggedEvent) -> HappenedView {
    let text = match &logged.event {
        Event::Case(CaseEvent::Noted { note: text, .. } | CaseEvent::Attested { text, .. }) => {
            let body = shared.control.office.blob(text.clone()).await.ok();
            body.map(|body| String::from_utf8_lossy(&body).into_owned())
        }
        _ => None,
    };
    HappenedView {
        revision: logged.revision.0,
        ts: logged.ts,
        actor: logged.actor.id,
        approver: logged.approver.map(|approver| approver.id),
        event: serde_json::to_value(&logged.event).unwrap_or_default(),
        text,
    }
}

/// The case of that id, as it is now.
fn known(shared: &Shared, id: &str) -> Result<CaseRecord, Problem> {
    let named: CaseId = names::id(id)?;
    let snapshot = shared.control.office.snapshot();
    if let Some(case) = snapshot.cases().find(&named) {
        return Ok(case.clone());
    }
    let names = snapshot.cases().iter().rev().take(names::NEAREST_AMONG_MAX);
    let list = "`portcullis case list --closed` shows them";
    let names = names.map(|case| case.id.as_str());
    Err(Problem::unknown(StatusCode::NOT_FOUND, "unknown_case", "case", id, names, list))
}

fn subjects(texts: &[String]) -> Result<Vec<SubjectId>, Problem> {
    texts.iter().map(|text| subject(text)).collect()
}

/// Reads `partner:acme`, `client:acme-one` or `key:k1`.
pub(crate) fn subject(text: &str) -> Result<SubjectId, Problem> {
    match text.split_once(':') {
        Some(("partner", id)) => names::id(id).map(SubjectId::Partner),
        Some(("client", id)) => names::id(id).map(SubjectId::Client),
        Some(("key", id)) => names::id(id).map(SubjectId::Key),
        _ => Err(Problem::unreadable(format!(
            "`{}` is no subject: write `partner:ID`, `client:ID` or `key:ID`",
            text.chars().take(80).collect::<String>()
        ))),
    }
}

/// Carries out a wish about a case, or says what it would come to.
async fn submit(
    shared: &Shared,
    caller: &Caller,
    command: CaseCommand,
    dry_run: bool,
) -> Result<Response, Problem> {
    let terms = portcullis_registry::Terms { dry_run, ..caller.terms()? };
    let done = shared.submit_on(caller, command.into(), terms).await?;
    let change = if dry_run { preview::shown(shared, done).await? } else { Change::from(done) };
    Ok(change.answer(StatusCode::OK))
}
