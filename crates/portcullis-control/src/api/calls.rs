//! One of the last calls, as it was decided and as it would be now.
//!
//! Must not know where calls are remembered.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::{Ctx, aside};
use crate::explained::CallExplained;
use crate::problem::{Document, Problem};
use crate::router::Shared;

/// Longest id of a call.
const ID_MAX: usize = 64;

/// Why a call was allowed or refused, whether it would be now, and which way it went; of the last calls only
#[utoipa::path(get, path = "/v1/calls/{request}", tag = "calls", security(("admin_token" = [])),
    params(("request" = String, Path, description = "The id that its answer carried in `x-request-id`")),
    responses((status = 200, body = CallExplained), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(request): Path<String>,
) -> Result<Json<CallExplained>, Problem> {
    if !is_request_id(&request) {
        let detail = "this is no id of a call: copy it from the answer's `x-request-id`";
        return Err(Problem::unreadable(detail));
    }
    let (calls, id) = (Arc::clone(&shared), request.clone());
    let found = aside(move || calls.control.recall.explain(&id)).await?;
    found.map(Json).ok_or_else(|| not_remembered(&shared, &request))
}

/// Whether a text looks like the id of a call.
pub(crate) fn is_request_id(text: &str) -> bool {
    let legal =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=ID_MAX).contains(&text.len()) && text.bytes().all(legal)
}

fn not_remembered(shared: &Shared, request: &str) -> Problem {
    let detail = match shared.control.recall.room() {
        0 => "this gate remembers no calls, since `explain.calls` is 0; what was decided is in the access records, if those are written".to_owned(),
        room => format!(
            "no call `{request}` is among the last {room} that the gate remembers (`explain.calls`), or its key was not known; older ones are in the access records, if those are written"
        ),
    };
    let title = "The call is not remembered";
    Problem::new(StatusCode::NOT_FOUND, "call_not_remembered", title, detail)
}
