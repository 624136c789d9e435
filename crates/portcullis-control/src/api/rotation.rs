//! Keys over time: a new key in place of an old one, with an overlap, or at once where the old one
//! may be known to somebody else.
//!
//! Must not know how long an overlap may be.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis_registry::{Command, KeyCommand, NewSecret, SubjectId, Terms};
use portcullis_types::{KeyId, Wall};
use serde::Deserialize;
use utoipa::ToSchema;

use super::keys::{Issued, mint, position, shown_once};
use super::statements::Given;
use super::{Ctx, statements};
use crate::MintedKey;
use crate::auth::Caller;
use crate::extract::Body;
use crate::moments;
use crate::names;
use crate::preview;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::Change;

/// How a key is rotated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// How long both work, such as `7d`, or until when; 7 days when absent.
    overlap: Option<String>,
    /// The environment in the new key's text; the gate's own when absent.
    env: Option<String>,
    /// Only says what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Issues a key in place of another, which works on for a while; the answer shows it once
#[utoipa::path(post, path = "/v1/keys/{id}/rotate", tag = "keys", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The old key's id; not the key itself")),
    request_body = Rotation,
    responses((status = 201, body = Issued), (status = 200, body = Change, description = "With `dry_run`"),
        (status = "4XX", body = Document)))]
pub(crate) async fn rotate(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<Rotation>,
) -> Result<Response, Problem> {
    position(&shared.control.office.snapshot(), &id)?;
    let now = shared.now();
    let until = |text: String| moments::future("overlap", &text, now);
    let until: Option<Wall> = wish.overlap.map(until).transpose()?;
    let minted = mint(&*shared.control.keys, wish.env.as_deref())?;
    let new = secret(&shared, &minted);
    let command = Command::Credential(KeyCommand::Rotate { key: names::id(&id)?, new, until });
    done(&shared, &caller, command, Some(&minted), wish.dry_run).await
}

/// Why a key is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compromise {
    /// The reason code; the partner reads it.
    reason: String,
    /// The text for the partner.
    tell: String,
    /// The statement of reasons.
    statement: Option<Given>,
    /// The case this belongs to.
    case: Option<String>,
    /// Whether a new key is issued in its place.
    #[serde(default)]
    reissue: bool,
    /// The environment in the new key's text; the gate's own when absent.
    env: Option<String>,
    /// Only says what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Ends a key that somebody else may have, and issues a new one if wished; one person suffices
#[utoipa::path(post, path = "/v1/keys/{id}/compromised", tag = "keys", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The key's id; not the key itself")),
    request_body = Compromise,
    responses((status = 201, body = Issued, description = "With `reissue`"), (status = 200, body = Change),
        (status = 202, body = Change, description = "In force, not yet durable"), (status = "4XX", body = Document)))]
pub(crate) async fn compromised(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<Compromise>,
) -> Result<Response, Problem> {
    position(&shared.control.office.snapshot(), &id)?;
    let key: KeyId = names::id(&id)?;
    let subject = SubjectId::Key(key.clone());
    let draft = statements::draft(&shared, &subject, wish.statement).await?;
    let env = wish.env.as_deref();
    let minted = wish.reissue.then(|| mint(&*shared.control.keys, env)).transpose()?;
    let command = Command::Credential(KeyCommand::Compromised {
        key,
        reason: names::id(&wish.reason)?,
        tell: wish.tell,
        case: wish.case,
        reissue: minted.as_ref().map(|minted| secret(&shared, minted)),
    });
    let command = statements::with(draft, command);
    done(&shared, &caller, command, minted.as_ref(), wish.dry_run).await
}

fn secret(shared: &Shared, minted: &MintedKey) -> NewSecret {
    NewSecret {
        id: minted.id.clone(),
        digest: minted.digest.clone(),
        pepper: shared.control.keys.pepper(),
    }
}

async fn done(
    shared: &Shared,
    caller: &Caller,
    command: Command,
    minted: Option<&MintedKey>,
    dry_run: bool,
) -> Result<Response, Problem> {
    let terms = Terms { dry_run, ..caller.terms()? };
    let done = shared.submit_on(caller, command, terms).await?;
    match minted {
        _ if dry_run => Ok(preview::shown(shared, done).await?.answer(StatusCode::OK)),
        Some(minted) => shown_once(done, minted),
        None => Ok(Change::from(done).answer(StatusCode::OK)),
    }
}
