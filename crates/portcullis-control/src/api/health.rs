//! What machines watch: alive, ready, figures, and the description of this API.
//!
//! Must not know how any of it is measured.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Ctx, aside};
use crate::Readiness;
use crate::problem::Problem;

/// The process lives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alive {
    /// Always `alive`.
    state: &'static str,
    /// The gate's version.
    version: String,
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Alive)))]
pub(crate) async fn healthz(State(shared): Ctx) -> Json<Alive> {
    Json(Alive { state: "alive", version: shared.control.settings.version.clone() })
}

/// Whether the gate can serve, with the reason for each thing that is not as it should be
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub(crate) async fn readyz(State(shared): Ctx) -> Result<Response, Problem> {
    let readiness = aside(move || shared.control.probe.ready()).await?;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(readiness)).into_response())
}

/// The metrics in Prometheus' text format
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(shared): Ctx) -> Result<Response, Problem> {
    let text = aside(move || shared.control.probe.metrics()).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// This description
#[utoipa::path(get, path = "/openapi.json", tag = "health",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")))]
pub(crate) async fn document(State(shared): Ctx) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], shared.openapi.clone()).into_response()
}
