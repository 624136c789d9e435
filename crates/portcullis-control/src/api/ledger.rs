//! Questions to the ledger: what left, for whom.
//!
//! Who asks about a person says what for, and that stands in the log before anything is answered. Must
//! not know how a question is answered.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use portcullis_registry::{Asking, LedgerCommand};
use portcullis_types::Wall;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::{Ctx, aside};
use crate::auth::Caller;
use crate::extract::{NoParams, Params};
use crate::ledger::{LedgerDesk, LedgerFault, LedgerQuestion};
use crate::moments::past;
use crate::names::id;
use crate::problem::{Document, Problem};
use crate::router::Shared;

/// Longest id of an account.
const OWNER_BYTES_MAX: usize = 200;
/// When a question may be asked again.
const AGAIN: u64 = 5;

/// Who received what of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhoAsked {
    /// The account, as the platform writes it.
    owner: String,
    /// From when on: a date, a time, or how long ago such as `7d`.
    since: String,
    /// Until when; now when absent.
    until: Option<String>,
    /// What it is asked for, in words; it stands in the log.
    purpose: String,
    /// The case it is asked for.
    case: Option<String>,
}

/// What a partner received.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhatAsked {
    /// The partner's id.
    partner: String,
    /// Only for this client of it.
    client: Option<String>,
    /// From when on: a date, a time, or how long ago such as `7d`.
    since: String,
    /// Until when; now when absent.
    until: Option<String>,
}

/// How much left between a breach and its end.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BetweenAsked {
    /// The first breach: a date, a time, or how long ago.
    from: String,
    /// When it was stopped; now when absent.
    to: Option<String>,
    /// Only to this partner.
    partner: Option<String>,
}

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
    let WhoAsked { owner, since, until, purpose, case } = asked;
    let (since, until) = time(("since", &since), ("until", until.as_deref()), shared.now())?;
    if owner.is_empty() || owner.len() > OWNER_BYTES_MAX || owner.chars().any(char::is_control) {
        let detail = format!("`owner` is no id of an account: send 1 to {OWNER_BYTES_MAX} bytes");
        return Err(Problem::unreadable(detail));
    }
    desk(&shared)?;
    let question = "who".to_owned();
    let asking = Asking { question, partner: None, purpose, case, person: owner.clone() };
    // Before anything is told: what is not on record is not answered.
    let done = shared.submit(&caller, LedgerCommand::Ask(asking)).await?;
    let mut told = ask(&shared, LedgerQuestion::Who { owner, since, until }).await?;
    if let Value::Object(told) = &mut told {
        told.insert("asked".to_owned(), done.revision.map(|at| at.0).into());
    }
    Ok(Json(told))
}

/// What a partner received: classes, rows, different owners and places by day, cells of the map, first
/// and last
#[utoipa::path(get, path = "/v1/ledger/what", tag = "ledger", security(("admin_token" = [])),
    params(WhatAsked),
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn what(
    State(shared): Ctx,
    Params(asked): Params<WhatAsked>,
) -> Result<Json<Value>, Problem> {
    let WhatAsked { partner, client, since, until } = asked;
    let (since, until) = time(("since", &since), ("until", until.as_deref()), shared.now())?;
    let partner = id(&partner)?;
    let client = client.as_deref().map(id).transpose()?;
    Ok(Json(ask(&shared, LedgerQuestion::What { partner, client, since, until }).await?))
}

/// How much left between a first breach and the moment it was stopped
#[utoipa::path(get, path = "/v1/ledger/between", tag = "ledger", security(("admin_token" = [])),
    params(BetweenAsked),
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn between(
    State(shared): Ctx,
    Params(asked): Params<BetweenAsked>,
) -> Result<Json<Value>, Problem> {
    let BetweenAsked { from, to, partner } = asked;
    let (from, to) = time(("from", &from), ("to", to.as_deref()), shared.now())?;
    let partner = partner.as_deref().map(id).transpose()?;
    Ok(Json(ask(&shared, LedgerQuestion::Between { from, to, partner }).await?))
}

/// Reads every file, compares it with the root that the log has of it, and names each file and piece that
/// is not what it was
#[utoipa::path(get, path = "/v1/ledger/verify", tag = "ledger", security(("admin_token" = [])),
    responses((status = 200, body = Object), (status = "4XX", body = Document)))]
pub(crate) async fn verify(State(shared): Ctx, _: NoParams) -> Result<Json<Value>, Problem> {
    Ok(Json(ask(&shared, LedgerQuestion::Verify).await?))
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

fn time(from: (&str, &str), to: (&str, Option<&str>), now: Wall) -> Result<(Wall, Wall), Problem> {
    let since = past(from.0, from.1, now)?;
    let until = to.1.map(|text| past(to.0, text, now)).transpose()?.unwrap_or(now);
    if since >= until {
        return Err(Problem::unreadable(format!(
            "`{}` is {} and `{}` {}: ask for a time that ends after its beginning",
            from.0,
            since.rfc3339(),
            to.0,
            until.rfc3339()
        )));
    }
    Ok((since, until))
}

fn refused(fault: LedgerFault) -> Problem {
    let (status, code, title) = match &fault {
        LedgerFault::Busy(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "ledger_busy", "The ledger is being asked")
        }
        LedgerFault::Unreadable(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "ledger_unreadable", "The ledger can't be read")
        }
    };
    let problem = Problem::new(status, code, title, fault.to_string());
    if matches!(fault, LedgerFault::Busy(_)) { problem.again_after(AGAIN) } else { problem }
}
