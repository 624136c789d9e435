//! Questions to the ledger: what left, for whom.
//!
//! Who asks about a person says what for, and that stands in the log before anything is answered. Must
//! not know how a question is answered.

pub(crate) mod adopted;
mod asked;
pub(crate) mod evidence;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use portcullis_registry::{Asking, LedgerCommand};
use serde::Serialize;
use serde_json::Value;

use super::{Ctx, aside};
use crate::auth::Caller;
use crate::extract::{Body, NoParams, Params};
use crate::ledger::{LedgerDesk, LedgerFault, LedgerQuestion};
use crate::once::ShownOnce;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use asked::{AffectedAsked, Asked, BetweenAsked, WhatAsked, WhoAsked};

/// When a question may be asked again.
const AGAIN: u64 = 5;
/// What a repeated call is told instead of an answer that names people.
const TOLD_ONCE: &str = "the first call was answered, and what names people is told once: ask again under a new `Idempotency-Key`";

/// How far the ledger is written: `dir`, `writer`, `written_until`, `files`, `bytes`, `answers`,
/// `records`, `days` whose digests can be told, `shredded` days, and what is `wrong`
#[utoipa::path(get, path = "/v1/ledger", tag = "ledger", security(("admin_token" = [])),
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn show(State(shared): Ctx, _: NoParams) -> Result<Json<Value>, Problem> {
    let desk = desk(&shared)?;
    Ok(Json(aside(move || desk.status()).await?))
}

/// Who received records of an account, what, when and under which rule. Days whose key is gone are
/// named; an event says who asked, what for, and about whom under a seal
#[utoipa::path(get, path = "/v1/ledger/who", tag = "ledger", security(("admin_token" = [])),
    params(WhoAsked),
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn who(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<WhoAsked>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(answer(&shared, &caller, Asked::Who(asked)).await?))
}

/// What a partner received: classes, rows, different owners and places by day, cells of the map, first
/// and last
#[utoipa::path(get, path = "/v1/ledger/what", tag = "ledger", security(("admin_token" = [])),
    params(WhatAsked),
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn what(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<WhatAsked>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(answer(&shared, &caller, Asked::What(asked)).await?))
}

/// How much left between a first breach and the moment it was stopped
#[utoipa::path(get, path = "/v1/ledger/between", tag = "ledger", security(("admin_token" = [])),
    params(BetweenAsked),
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn between(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<BetweenAsked>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(answer(&shared, &caller, Asked::Between(asked)).await?))
}

/// How many of these people somebody received something of: in all, by region, partner, class and day.
/// Regions are not kept; an event says who asked and what for, with the accounts under a seal, by the list's
/// digest where they are many
#[utoipa::path(post, path = "/v1/ledger/affected", tag = "ledger", security(("admin_token" = [])),
    request_body = AffectedAsked,
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn affected(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<AffectedAsked>,
) -> Result<Response, Problem> {
    Ok(told_once(answer(&shared, &caller, Asked::Affected(asked)).await?))
}

/// Reads every file, compares it with the root that the log has of it, and names each file and piece that
/// is not what it was
#[utoipa::path(get, path = "/v1/ledger/verify", tag = "ledger", security(("admin_token" = [])),
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn verify(State(shared): Ctx, _: NoParams) -> Result<Json<Value>, Problem> {
    Ok(Json(ask(&shared, LedgerQuestion::Verify).await?))
}

/// Answers a question, once the log has it where it names people.
async fn answer(shared: &Shared, caller: &Caller, asked: Asked) -> Result<Value, Problem> {
    let (question, asking) = asked.read(shared.now())?;
    let asked = record(shared, caller, asking).await?;
    let mut told = ask(shared, question).await?;
    if let (Value::Object(told), Some(asked)) = (&mut told, asked) {
        told.insert("asked".to_owned(), asked.into());
    }
    Ok(told)
}

/// Before anything is told: what is not on record is not answered.
async fn record(
    shared: &Shared,
    caller: &Caller,
    asking: Option<Asking>,
) -> Result<Option<u64>, Problem> {
    desk(shared)?;
    let Some(asking) = asking else { return Ok(None) };
    let done = shared.submit(caller, LedgerCommand::Ask(asking)).await?;
    Ok(done.revision.map(|at| at.0))
}

/// An answer that no repeated call is given again: it would have to be kept for that.
fn told_once(told: impl Serialize) -> Response {
    let mut response = Json(told).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(ShownOnce(TOLD_ONCE.to_owned()));
    response
}

async fn ask(shared: &Shared, question: LedgerQuestion) -> Result<Value, Problem> {
    let desk = desk(shared)?;
    aside(move || desk.ask(&question)).await?.map_err(refused)
}

fn desk(shared: &Shared) -> Result<Arc<dyn LedgerDesk>, Problem> {
    shared.control.settings.ledger.clone().ok_or_else(|| {
        let detail = "this gate writes no ledger: `ledger.enabled` is false in its configuration";
        let title = "There is no ledger";
        Problem::new(StatusCode::CONFLICT, "ledger_off", title, detail)
    })
}

fn refused(fault: LedgerFault) -> Problem {
    let (status, code, title) = match &fault {
        LedgerFault::Busy(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "ledger_busy", "The ledger is being asked")
        }
        LedgerFault::Unreadable(_) | LedgerFault::Failed(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "ledger_unreadable", "The ledger can't be read")
        }
        LedgerFault::NotAnchored => {
            (StatusCode::CONFLICT, "ledger_not_anchored", "Nothing of that time is anchored")
        }
        LedgerFault::InLog | LedgerFault::NoSuchSet(_) => {
            (StatusCode::CONFLICT, "ledger_no_such_set", "There is no set to be taken up")
        }
        LedgerFault::NotWhole(_) => {
            (StatusCode::CONFLICT, "ledger_set_not_whole", "The set is not as it was written")
        }
    };
    let problem = Problem::new(status, code, title, fault.to_string());
    if matches!(fault, LedgerFault::Busy(_)) { problem.again_after(AGAIN) } else { problem }
}
