//! A partner's own keys, ended or renewed by the partner itself.
//!
//! Whoever has found a key gains nothing here: it can renew none but that one, and ending it is what
//! its owner would do. Must not know a secret but the new one, which goes out once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use portcullis_registry::{Command, KeyCommand, NewSecret};
use portcullis_types::KeyIx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Ctx;
use super::asker::{Asker, Writer};
use super::changes::OwnChange;
use super::keys::own;
use crate::api::keys::mint;
use crate::extract::Body;
use crate::once::ShownOnce;
use crate::problem::{Document, Problem};
use crate::{moments, names};

/// Why a key is to end.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Because {
    /// You don't need it any more.
    PartnerRequest,
    /// Somebody else may have it.
    KeyExposed,
}

/// The end of a key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ending {
    /// Why: `partner-request`, or `key-exposed` where somebody else may have it.
    reason: Because,
}

/// Ends a key of yours for ever; in force with the answer
#[utoipa::path(post, path = "/partner/v1/keys/{id}/revoke", tag = "keys", security(("key" = [])),
    params(("id" = String, Path, description = "The key's id; not the key itself")),
    request_body = Ending,
    responses((status = 200, body = OwnChange), (status = "4XX", body = Document)))]
pub(super) async fn revoke(
    State(api): Ctx,
    Writer(asker): Writer,
    Path(id): Path<String>,
    Body(ending): Body<Ending>,
) -> Result<Json<OwnChange>, Problem> {
    if own(&asker, &id)? != asker.at {
        asker.speaks_for_others()?;
    }
    let (key, case) = (names::id(&id)?, None);
    let by = format!("with key `{}`, over the partner API", asker.key.id());
    let command = match ending.reason {
        Because::PartnerRequest => Command::RevokeKey {
            key,
            reason: names::id("partner-request")?,
            tell: format!("You ended this key yourself, {by}."),
            case,
        },
        Because::KeyExposed => Command::Credential(KeyCommand::Compromised {
            key,
            reason: names::id("key-exposed")?,
            tell: format!("You said that somebody else may have this key, {by}."),
            case,
            reissue: None,
        }),
    };
    Ok(Json(api.change(&asker, command).await?))
}

/// A new key in place of the one that asks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// Until when the old one works on: a date, a time, or a length from now such as `2d`; at most 14
    /// days, 7 when absent.
    until: Option<String>,
}

/// A key that was issued in place of another.
#[derive(Serialize, ToSchema)]
pub(super) struct Rotated {
    /// The new key's public id.
    id: String,
    /// The whole new key. It is shown in this answer only.
    key: String,
    /// The change.
    change: OwnChange,
}

/// Issues a key in place of the one you ask with, which the answer shows once; both work for a while
#[utoipa::path(post, path = "/partner/v1/keys/{id}/rotate", tag = "keys", security(("key" = [])),
    params(("id" = String, Path, description = "The id of the key you ask with")),
    request_body = Rotation,
    responses((status = 201, body = Rotated), (status = "4XX", body = Document)))]
pub(super) async fn rotate(
    State(api): Ctx,
    Writer(asker): Writer,
    Path(id): Path<String>,
    Body(wish): Body<Rotation>,
) -> Result<Response, Problem> {
    itself(&asker, own(&asker, &id)?)?;
    let until = wish.until.map(|text| moments::future("until", &text, asker.wall())).transpose()?;
    let minted = mint(&*api.parts.keys, None)?;
    let pepper = api.parts.keys.pepper();
    let new = NewSecret { id: minted.id.clone(), digest: minted.digest.clone(), pepper };
    let command = Command::Credential(KeyCommand::Rotate { key: names::id(&id)?, new, until });
    let change = api.change(&asker, command).await?;
    let rotated = Rotated { id: minted.id.to_string(), key: minted.secret.to_string(), change };
    let told = ShownOnce(format!(
        "key `{}` was issued by the first call and shown once; if that answer was lost, end the key and rotate again under a new `Idempotency-Key`",
        rotated.id
    ));
    let mut response = (StatusCode::CREATED, Json(rotated)).into_response();
    response.extensions_mut().insert(told);
    Ok(response)
}

/// A key renews none but itself, or it would gain what another may do.
fn itself(asker: &Asker, at: KeyIx) -> Result<(), Problem> {
    if at == asker.at {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "key_of_another",
        "A key is rotated with itself",
        "send the call with the very key that is to be rotated",
    ))
}
