//! Receipts of the asker's own events: each shows, without a server, that the event is in the log.
//!
//! Must not know how a receipt is made.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use portcullis_registry::{Event, LoggedEvent, OfficeError};
use portcullis_types::Revision;
use serde_json::Value;

use super::Ctx;
use super::asker::{Asker, Reader};
use crate::extract::NoParams;
use crate::problem::{Document, Problem};
use crate::witness::witnessed;

/// The receipt of an event about you: tlog-proof text, to be kept and checked offline; who of the platform acted, and in which case, is sealed in it
#[utoipa::path(get, path = "/partner/v1/receipts/{revision}", tag = "receipts", security(("key" = [])),
    params(("revision" = u64, Path, description = "The event's number, as `me`, `keys` and `clients` tell it")),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Document),
        (status = 503, body = Document)))]
pub(super) async fn show(
    State(api): Ctx,
    Reader(asker): Reader,
    Path(revision): Path<String>,
    _: NoParams,
) -> Result<Response, Problem> {
    let revision = revision.parse().map(Revision).map_err(|_| none())?;
    let office = &api.parts.office;
    let logged = office.event(revision).await.map_err(|error| missing(&error))?;
    if !is_about(&asker, &logged.event) {
        return Err(none());
    }
    let mut receipt = office.receipt(revision).await.map_err(|error| missing(&error))?;
    if tells_too_much(&logged, receipt.leaf.as_deref().unwrap_or_default()) {
        return Err(not_sealed());
    }
    receipt.note = witnessed(api.parts.witnessed.as_ref(), receipt.note);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], receipt.to_string()).into_response())
}

/// Whether the leaf, or one that can't be read, says what its partner does not read.
fn tells_too_much(logged: &LoggedEvent, leaf: &[u8]) -> bool {
    let Ok(leaf) = serde_json::from_slice::<Value>(leaf) else { return true };
    logged.event.sealed(&logged.actor).iter().any(|place| leaf.pointer(place).is_some())
}

fn not_sealed() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "receipt_not_sealed",
        "The receipt would tell what is the platform's own",
        "the event was written by an earlier version of the gate, which named in it who acted; ask the platform's partner team for what shows it",
    )
}

/// The same whether there is no such event or it is about somebody else.
pub(super) fn none() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_event",
        "There is no such event",
        "no event of this number is about you; `me`, `keys` and `clients` tell the numbers of those that are",
    )
}

pub(super) fn missing(error: &OfficeError) -> Problem {
    match error {
        OfficeError::NoSuchEvent { .. } | OfficeError::NoSuchBlob(_) => none(),
        _ => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_not_readable",
            "The log can't be read now",
            "try again in a moment",
        ),
    }
}

/// Whether an event is one that the asker may have.
pub(super) fn is_about(asker: &Asker, event: &Event) -> bool {
    let (name, told) = (event.name(), event.is_told());
    let Ok(event) = serde_json::to_value(event) else { return false };
    if !told {
        return false;
    }
    let subject = event.get("subject");
    let kind = subject.and_then(|subject| subject.get("kind")).and_then(Value::as_str);
    let id = |of: &str| {
        let named = event.get(of).and_then(Value::as_str);
        named.or_else(|| subject?.get("id")?.as_str().filter(|_| kind == Some(of)))
    };
    // The narrowest one named says whose it is.
    if let Some(key) = id("key") {
        let at = key.parse().ok().and_then(|key| asker.snapshot.key_ix(&key));
        return at.and_then(|at| asker.snapshot.key(at)).is_some_and(|key| asker.sees(key));
    }
    if let Some(client) = id("client") {
        let at = client.parse().ok().and_then(|id| asker.snapshot.client_ix(&id));
        let owner = at.and_then(|at| asker.snapshot.client(at)).map(|client| client.partner);
        return owner == Some(asker.key.partner)
            && asker.key.client.is_none_or(|own| Some(own) == at);
    }
    // How the partner stands holds for its clients too; what else is done about it is not theirs.
    id("partner") == Some(asker.partner.id.as_str())
        && (asker.key.client.is_none() || name.starts_with("standing."))
}
