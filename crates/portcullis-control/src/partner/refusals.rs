//! Why one of the asker's own calls was refused.
//!
//! Tells what a refusal's body told, and what would come of the call now; no rule by name and nothing of
//! anybody else. Must not know where calls are remembered.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portcullis_types::all_rows;
use serde::Serialize;
use utoipa::ToSchema;

use super::Ctx;
use super::asker::{Asker, Reader};
use crate::api::aside;
use crate::api::calls::is_request_id;
use crate::problem::{Document, Problem};
use crate::{CallExplained, CallNow};

/// A call of yours, and why it was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedCall)]
pub(super) struct RefusedCall {
    /// The id that its answer carried.
    request: String,
    /// When it came, RFC 3339.
    at: String,
    /// The key's id.
    key: String,
    /// The method that was meant; null where what was asked is not kept.
    method: Option<String>,
    /// Path and query as the gate read them, without any key; null where they are not kept.
    target: Option<String>,
    /// The operation it was taken for.
    operation: Option<String>,
    /// The class that decided.
    class: Option<String>,
    /// The status of the answer.
    status: u16,
    /// The code of the refusal; null: it was not refused.
    code: Option<String>,
    /// What that code stands for.
    title: Option<&'static str>,
    /// Whether the same call may succeed later.
    transient: bool,
    /// Calls that it held, where it was a batch.
    entries: u32,
    /// Those of them that were refused.
    entries_refused: u32,
    /// Items that were taken out of the answer.
    items_dropped: u64,
    /// What would come of it now; null where it can't be judged again.
    now: Option<Again>,
}

/// What would come of a call now. Nothing is debited, and paced rates are not looked at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedCallNow)]
struct Again {
    /// The method.
    method: String,
    /// Path and query.
    target: String,
    /// The code of the refusal; null: it would pass.
    code: Option<String>,
    /// What you would read.
    told: Option<String>,
    /// The calls of a batch, each as if it came alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    entries: Vec<Again>,
}

/// Why one of your last calls was refused, and what would come of it now
#[utoipa::path(get, path = "/partner/v1/refusals/{request}", tag = "refusals", security(("key" = [])),
    params(("request" = String, Path, description = "The id that its answer carried in `x-request-id`")),
    responses((status = 200, body = RefusedCall), (status = "4XX", body = Document)))]
pub(super) async fn show(
    State(api): Ctx,
    Reader(asker): Reader,
    Path(request): Path<String>,
) -> Result<Json<RefusedCall>, Problem> {
    if !is_request_id(&request) {
        return Err(not_remembered());
    }
    let recall = Arc::clone(&api.parts.recall);
    let found = aside(move || recall.explain(&request)).await?;
    let own = found.filter(|call| is_own(&asker, call));
    own.map(|call| Json(RefusedCall::new(call))).ok_or_else(not_remembered)
}

/// Whether a call is one that the asker may see.
fn is_own(asker: &Asker, call: &CallExplained) -> bool {
    let key = call.key.parse().ok().and_then(|id| asker.snapshot.key_ix(&id));
    key.and_then(|at| asker.snapshot.key(at)).is_some_and(|key| asker.sees(key))
}

/// The same whether there is no such call or it is somebody else's.
fn not_remembered() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "call_not_remembered",
        "The call is not remembered",
        "no call of yours with this id is among the last ones that the gate remembers; copy the id from the answer's `x-request-id`, soon after the call",
    )
}

impl RefusedCall {
    fn new(call: CallExplained) -> Self {
        let then = call.then;
        let rows = all_rows();
        let row = rows.iter().find(|row| row.code == then.verdict);
        Self {
            request: call.request,
            at: call.at,
            key: call.key,
            method: call.method,
            target: call.target,
            operation: then.operation,
            class: then.class,
            status: then.status,
            title: row.map(|row| row.title),
            transient: row.is_some_and(|row| row.transient),
            code: refusal(then.verdict),
            entries: then.entries,
            entries_refused: then.entries_refused,
            items_dropped: then.items_dropped,
            now: call.now.map(Again::new),
        }
    }
}

impl Again {
    fn new(now: CallNow) -> Self {
        Self {
            method: now.method,
            target: now.target,
            told: now.told.map(without_rule),
            code: refusal(now.verdict),
            entries: now.entries.into_iter().map(Self::new).collect(),
        }
    }
}

fn refusal(verdict: String) -> Option<String> {
    (verdict != "allow").then_some(verdict)
}

/// A rule whose author wrote nothing for partners is told by its name elsewhere.
fn without_rule(told: String) -> String {
    if told.starts_with("The rule `") {
        return "A rule of your agreement denies this call. Ask the platform's partner team what it covers.".to_owned();
    }
    told
}
