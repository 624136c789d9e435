//! What is used and left of each rate and budget.
//!
//! Must not know how anything is counted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::asker::Reader;
use super::{AgreedLimit, Ctx};
use crate::api::aside;
use crate::problem::{Document, Problem};

/// Rates and budgets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
pub(super) struct LimitsView {
    /// This moment, RFC 3339.
    at: String,
    /// What is left of the figures agreed on, in a hundred; null: all of it.
    factor: Option<u8>,
    /// Each rate and budget of the agreement.
    limits: Vec<AgreedLimit>,
}

/// What is used and left of each rate and budget, and when it comes back
#[utoipa::path(get, path = "/partner/v1/limits", tag = "limits", security(("key" = [])),
    responses((status = 200, body = LimitsView), (status = "4XX", body = Document)))]
pub(super) async fn show(
    State(api): Ctx,
    Reader(asker): Reader,
) -> Result<Json<LimitsView>, Problem> {
    let agreements = Arc::clone(&api.parts.agreements);
    let (at, now) = (asker.at, asker.now);
    let limits = aside(move || agreements.limits(at, now)).await?;
    let factor = asker.factor().map(portcullis_types::Percent::get);
    Ok(Json(LimitsView { at: asker.wall().rfc3339(), factor, limits }))
}
