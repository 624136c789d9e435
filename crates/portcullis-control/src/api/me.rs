//! Who the caller is.
//!
//! Must not know how it signed in.

use axum::extract::State;
use axum::{Extension, Json};
use portcullis_registry::{ActorKind, Role};
use serde::Serialize;
use utoipa::ToSchema;

use super::Ctx;
use crate::auth::Caller;
use crate::problem::Document;

/// The signed-in caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The person, or the name of a token that belongs to none; it stands in the log as the actor.
    name: String,
    /// `person` or `token`.
    kind: &'static str,
    /// What it signed in with.
    login: String,
    /// What it may do.
    roles: Vec<&'static str>,
    /// Whether widening takes two persons: `on` or `off`.
    two_persons: &'static str,
    /// The gate's version.
    version: String,
}

/// Who signed in, and what it may do
#[utoipa::path(get, path = "/v1/me", tag = "me", security(("admin_token" = [])),
    responses((status = 200, body = Me), (status = "4XX", body = Document)))]
pub(crate) async fn me(State(shared): Ctx, Extension(caller): Extension<Caller>) -> Json<Me> {
    let rule = shared.control.office.snapshot().people().rule();
    Json(Me {
        name: caller.name.to_string(),
        kind: if caller.kind == ActorKind::Person { "person" } else { "token" },
        login: caller.login,
        roles: caller.roles.iter().map(Role::name).collect(),
        two_persons: if rule.two_persons { "on" } else { "off" },
        version: shared.control.settings.version.clone(),
    })
}
