//! Deletions: the platform says what is gone, and reads who was told of it and who said what they did.
//!
//! Must not know how it is found out who received what, or where any of it is kept.

mod line;
mod view;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use portcullis_registry::{
    DELETIONS_BATCH_MAX, DeletionDesk, DeletionError, DeletionPost, ListsWanted,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, limit, partners, refused as office_refused};
use crate::extract::Params;
use crate::lines::{Lines, Numbered, faulty};
use crate::moments;
use crate::names;
use crate::problem::{Document, EntryFault, Problem};
use crate::router::Shared;
use crate::views::{Page, counted};
use line::DeletionPosted;
use view::{DeletionListView, DeletionListWhole};
pub(crate) use view::{day, named};

/// The code of the problem when lines can't be taken.
const FAULTS: &str = "deletions_faults";
/// How long a line of a stream waits for others: partners are told within a second.
const PATIENCE: Duration = Duration::from_millis(250);
/// Records that stay, told of one list.
const KEPT_MAX: usize = 1000;

/// What a feed came to.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct DeletionsTaken {
    /// How many lines were read.
    lines: u64,
    /// How many were new: whoever received what they name is told soon.
    new: u64,
    /// How many were known by their `id` already; they changed nothing.
    known: u64,
    /// The same in one line.
    what: String,
}

/// Which lists.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only of this partner.
    partner: Option<String>,
    /// Only those told since, such as `7d` or `2026-12-01`.
    since: Option<String>,
    /// Only those that are due and not attested.
    #[serde(default)]
    overdue: bool,
    /// The `next` of the part before.
    after: Option<i64>,
    /// At most this many, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// Says what is gone: deleted, not public any more, expired, or the account closed; an `id` is taken once
#[utoipa::path(post, path = "/v1/deletions", tag = "deletions", security(("admin_token" = [])),
    request_body(content = DeletionPosted, content_type = "application/x-ndjson", description = "One object a line. Up to 5,000 lines in a body that says its length are taken whole or not at all; more than that batch by batch while they are read. Lines of a stream are taken within a quarter of a second."),
    responses((status = 200, body = DeletionsTaken), (status = "4XX", body = Document)))]
pub(crate) async fn post(
    State(shared): Ctx,
    request: Request,
) -> Result<Json<DeletionsTaken>, Problem> {
    let desk = desk(&shared)?;
    let mut lines = Lines::of(request, FAULTS)?.with_patience(PATIENCE);
    let mut taken = DeletionsTaken::default();
    match feed(&shared, &*desk, &mut lines, &mut taken).await {
        Ok(()) => {
            let (new, known) = (counted(taken.new, "deletion"), taken.known);
            taken.what = format!("{new} taken in, {known} known already");
            Ok(Json(taken))
        }
        Err(mut problem) => {
            lines.drain().await;
            if taken.lines > 0 {
                let before = counted(taken.lines, "line");
                problem.detail.push_str(&format!("; {before} before that were taken in"));
            }
            Err(problem)
        }
    }
}

async fn feed(
    shared: &Shared,
    desk: &dyn DeletionDesk,
    lines: &mut Lines,
    taken: &mut DeletionsTaken,
) -> Result<(), Problem> {
    let now = shared.now();
    loop {
        let batch: Numbered<DeletionPost> =
            lines.next(DELETIONS_BATCH_MAX, |text| line::read(text, now)).await?;
        if batch.is_empty() {
            return Ok(());
        }
        let (numbers, posts): (Vec<u64>, Vec<DeletionPost>) = batch.into_iter().unzip();
        let new = desk.post(posts).await.map_err(|error| at_line(error, &numbers))?;
        taken.lines += numbers.len() as u64;
        taken.new += new;
        taken.known += (numbers.len() as u64).saturating_sub(new);
    }
}

/// Who was told of what, by when it is due, and who said what they did: the newest list first
#[utoipa::path(get, path = "/v1/deletions/report", tag = "deletions", security(("admin_token" = [])),
    params(Which),
    responses((status = 200, body = Page<DeletionListView>), (status = "4XX", body = Document)))]
pub(crate) async fn report(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<Page<DeletionListView>>, Problem> {
    let (count, now) = (limit(which.limit)?, shared.now());
    if let Some(id) = &which.partner {
        partners::position(&shared, id)?;
    }
    let since = which.since.as_deref().map(|text| moments::past("since", text, now)).transpose()?;
    let wanted = ListsWanted {
        partner: which.partner.map(|id| names::id(&id)).transpose()?,
        since,
        overdue: which.overdue.then_some(now),
        before: which.after,
        count: count + 1,
    };
    let mut lists = desk(&shared)?.lists(wanted).await.map_err(refused)?;
    let more = lists.len() > count;
    lists.truncate(count);
    let next = lists.last().filter(|_| more).map(|list| list.number.to_string());
    let data = lists.iter().map(|list| DeletionListView::of(list, now)).collect();
    Ok(Json(Page { data, next }))
}

/// A list with what of it stays at the partner, and why
#[utoipa::path(get, path = "/v1/deletions/lists/{batch}", tag = "deletions", security(("admin_token" = [])),
    params(("batch" = String, Path, description = "The list's name")),
    responses((status = 200, body = DeletionListWhole), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(batch): Path<String>,
) -> Result<Json<DeletionListWhole>, Problem> {
    let desk = desk(&shared)?;
    let list = desk.list(batch.clone()).await.map_err(refused)?.ok_or_else(unknown)?;
    let kept = desk.kept(batch, KEPT_MAX).await.map_err(refused)?;
    Ok(Json(DeletionListWhole::of(&list, &kept, shared.now())))
}

fn desk(shared: &Shared) -> Result<Arc<dyn DeletionDesk>, Problem> {
    shared.control.settings.deletions.clone().ok_or_else(|| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "deletions_off",
            "Deletions are not taken in here",
            "this gate keeps no book of deletions; look at the gate's log for why",
        )
    })
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown_deletion_list",
        "There is no such list",
        "`portcullis ledger deletions` names the lists there are",
    )
}

/// The line of a batch that could not be taken, with its number in the body.
fn at_line(error: DeletionError, numbers: &[u64]) -> Problem {
    match &error {
        DeletionError::Line { index, why } => match numbers.get(*index) {
            Some(line) => {
                faulty(FAULTS, vec![EntryFault { line: *line, message: why.to_string() }])
            }
            None => refused(error),
        },
        DeletionError::Office(_) => refused(error),
    }
}

fn refused(error: DeletionError) -> Problem {
    match error {
        DeletionError::Office(error) => office_refused(error),
        DeletionError::Line { why, .. } => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::new(status, why.code(), "This can't be done", why.to_string())
        }
    }
}
