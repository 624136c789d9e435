//! Who the caller is.
//!
//! Must not know how it signed in.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::Ctx;
use crate::auth::Caller;
use crate::problem::Document;

/// The signed-in caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The name of the admin token; it stands in the log as the actor of its changes.
    name: String,
    /// Always `token`.
    kind: &'static str,
    /// The gate's version.
    version: String,
}

/// Who the token belongs to
#[utoipa::path(get, path = "/v1/me", tag = "me", security(("admin_token" = [])),
    responses((status = 200, body = Me), (status = "4XX", body = Document)))]
pub(crate) async fn me(State(shared): Ctx, Extension(caller): Extension<Caller>) -> Json<Me> {
    let version = shared.control.settings.version.clone();
    Json(Me { name: caller.0.to_string(), kind: "token", version })
}
