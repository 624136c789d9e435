//! What the asker has to let go of, and its word that it did.
//!
//! Must not know who else was told, or how the gate found out who received what.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portcullis_registry::{
    Actor, ActorKind, DeletionDesk, DeletionDone, DeletionError, DutyRow, Except, KeptList,
    OfficeError, Saying,
};
use portcullis_types::Wall;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Ctx;
use super::asker::Reader;
use super::changes::OwnChange;
use crate::api::deletions::{day, named};
use crate::api::limit;
use crate::extract::{Body, Params};
use crate::problem::{Document, Problem};

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct From {
    /// The `next` of the answer before; from the oldest that waits when absent.
    after: Option<i64>,
    /// At most this many, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// What you have to let go of, oldest first. What you attested is not in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnDeletions)]
pub(super) struct OwnDeletions {
    /// Records and accounts.
    data: Vec<OwnDeletion>,
    /// Send it as `after` for what comes later.
    next: i64,
    /// Whether there may be more already.
    more: bool,
    /// The lists that they stand in, each to be attested; at most 1,000.
    lists: Vec<OwnDeletionList>,
}

/// A record, or all of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnDeletion)]
pub(super) struct OwnDeletion {
    /// Its number.
    seq: i64,
    /// The list it stands in.
    batch: String,
    /// The platform's id of what happened.
    id: String,
    /// Why: `deleted`, `protected`, `expired` or `account_closed`.
    what: &'static str,
    /// The record's id, where it is one.
    record: Option<String>,
    /// The account's id, where all that you have of it is meant.
    owner: Option<String>,
    /// What it is, where the platform says so.
    class: Option<String>,
    /// When it happened, RFC 3339.
    at: String,
    /// When you received it first.
    first: String,
    /// When you received it last.
    last: String,
    /// By when it has to be gone.
    due_by: String,
}

/// A list that waits for your word.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnDeletionList)]
pub(super) struct OwnDeletionList {
    /// Its name.
    batch: String,
    /// Why.
    what: &'static str,
    /// How many records and accounts stand in it; of a day, how many records you received.
    count: u64,
    /// Set: all that you received of vanishing classes on that day (UTC); no ids are told.
    day: Option<String>,
    /// When you were told.
    told: Option<String>,
    /// By when it has to be gone.
    due_by: Option<String>,
    /// What the log says of the list: SHA-256 over `salt`, `what` and a line feed, and a line
    /// `id record|owner name` for each, in the order of their bytes.
    list: String,
    /// The salt, 32 hex digits.
    salt: Option<String>,
}

/// Your word on a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Attestation {
    /// What you did about all of it: `deleted`, `never_stored`, or `kept` with its reason.
    #[schema(value_type = String)]
    done: DeletionDone,
    /// Why it stays, where it does.
    #[serde(default)]
    reason: String,
    /// Save these.
    #[serde(default)]
    but: Vec<Exception>,
}

/// What is otherwise of one record.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AttestationBut)]
#[serde(deny_unknown_fields)]
struct Exception {
    /// Its number in the list.
    seq: i64,
    /// What you did about it.
    #[schema(value_type = String)]
    done: DeletionDone,
    /// Why it stays, where it does.
    #[serde(default)]
    reason: String,
}

/// What you have to let go of by when, since it was deleted or closed at the platform
#[utoipa::path(get, path = "/partner/v1/deletions", tag = "deletions", security(("key" = [])),
    params(From),
    responses((status = 200, body = OwnDeletions), (status = "4XX", body = Document)))]
pub(super) async fn list(
    State(api): Ctx,
    Reader(asker): Reader,
    Params(from): Params<From>,
) -> Result<Json<OwnDeletions>, Problem> {
    asker.speaks_for_all()?;
    let (count, after) = (limit(from.limit)?, from.after.unwrap_or(0));
    let desk = desk(&api)?;
    let partner = asker.partner.id.clone();
    let (rows, lists) = desk.duties(partner, after, count).await.map_err(refused)?;
    let next = rows.last().map_or(after, |row| row.seq);
    let more = rows.len() == count;
    let data = rows.into_iter().map(OwnDeletion::of).collect();
    let lists = lists.iter().map(OwnDeletionList::of).collect();
    Ok(Json(OwnDeletions { data, next, more, lists }))
}

/// Says what you did about a list; works in every state, once for each list
#[utoipa::path(post, path = "/partner/v1/deletions/{batch}/attest", tag = "deletions", security(("key" = [])),
    params(("batch" = String, Path, description = "The list's name")),
    request_body = Attestation,
    responses((status = 200, body = OwnChange), (status = "4XX", body = Document)))]
pub(super) async fn attest(
    State(api): Ctx,
    Reader(asker): Reader,
    Path(batch): Path<String>,
    Body(said): Body<Attestation>,
) -> Result<Json<OwnChange>, Problem> {
    asker.speaks_for_all()?;
    let desk = desk(&api)?;
    let key = asker.key.id();
    let by = Actor { kind: ActorKind::Partner, id: format!("{}/{key}", asker.partner.id) };
    let but = said.but.into_iter();
    let but = but.map(|Exception { seq, done, reason }| Except { seq, done, reason }).collect();
    let saying = Saying { done: said.done, reason: said.reason, but, by: key.to_string() };
    let partner = asker.partner.id.clone();
    let (done, _) = desk.attest(by, partner, batch, saying).await.map_err(refused)?;
    Ok(Json(done.into()))
}

fn desk(api: &super::Api) -> Result<&dyn DeletionDesk, Problem> {
    api.parts.deletions.as_deref().ok_or_else(|| {
        let title = "Deletions are not told here";
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "deletions_off",
            title,
            "nothing waits for you at this gate; ask the platform's partner team if you expect otherwise",
        )
    })
}

/// Its texts are for partners as they are.
fn refused(error: DeletionError) -> Problem {
    let (status, title) = match &error {
        DeletionError::Office(OfficeError::Rejected(why)) if why.is_unknown_subject() => {
            (StatusCode::NOT_FOUND, "There is no such list")
        }
        DeletionError::Line { why, .. } if why.is_conflict() => {
            (StatusCode::CONFLICT, "The state is not what this wish expects")
        }
        DeletionError::Line { .. } | DeletionError::Office(OfficeError::Rejected(_)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "This can't be done")
        }
        DeletionError::Office(other) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let title = "The gate can't take changes now";
            let detail = "nothing was changed; try again soon";
            return Problem::new(status, other.code(), title, detail).again_after(1);
        }
    };
    let code = match &error {
        DeletionError::Line { why, .. } => why.code(),
        DeletionError::Office(error) => error.code(),
    };
    Problem::new(status, code, title, error.to_string())
}

impl OwnDeletion {
    fn of(row: DutyRow) -> Self {
        let (record, owner) = named(&row);
        let DutyRow { seq, batch, cause, due_by, post, class, at, received, .. } = row;
        Self {
            seq,
            batch,
            id: post,
            what: cause.name(),
            record,
            owner,
            class,
            at: at.rfc3339(),
            first: received.0.rfc3339(),
            last: received.1.rfc3339(),
            due_by: due_by.rfc3339(),
        }
    }
}

impl OwnDeletionList {
    fn of(list: &KeptList) -> Self {
        Self {
            batch: list.batch.clone(),
            what: list.cause.name(),
            count: list.count,
            day: list.day.map(day),
            told: list.told.map(|(_, told, _)| told.rfc3339()),
            due_by: list.told.map(|(_, _, due_by)| Wall::rfc3339(due_by)),
            list: list.list.clone(),
            salt: list
                .salt
                .map(|salt| salt.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        }
    }
}
