//! Partners: declared, edited, listed.
//!
//! Must not know keys.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Extension, Json};
use portcullis_registry::{Command, PartnerRecord, SubjectId};
use portcullis_types::{PartnerId, PartnerIx, StandingName};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::facts::{FactsBody, FactsEdit, named, unchanged};
use super::told::{self, ToldBody};
use super::{Ctx, limit};
use crate::auth::Caller;
use crate::extract::{Body, Params};
use crate::names;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::{Change, Page, PartnerView};

/// Which partners.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// At most this many entries, 1 to 1000; 100 when absent.
    limit: Option<usize>,
    /// The `next` of the part before.
    after: Option<String>,
    /// Only those on this tier.
    tier: Option<String>,
    /// Only those that are suspended, or only those that are not.
    suspended: Option<bool>,
    /// Only those in this mode: `enforce` or `observe`.
    mode: Option<String>,
}

/// Partners in order of declaration
#[utoipa::path(get, path = "/v1/partners", tag = "partners", security(("admin_token" = [])),
    params(Which), responses((status = 200, body = Page<PartnerView>), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<Page<PartnerView>>, Problem> {
    let limit = limit(which.limit)?;
    if let Some(mode) = which.mode.as_deref()
        && !matches!(mode, "enforce" | "observe")
    {
        let list = "the modes are `enforce` and `observe`";
        let known = ["enforce", "observe"];
        return Err(Problem::unknown(
            StatusCode::BAD_REQUEST,
            "unknown_mode",
            "mode",
            mode,
            known,
            list,
        ));
    }
    let snapshot = shared.control.office.snapshot();
    let start = match &which.after {
        None => 0,
        Some(after) => position(&shared, after)?.0.saturating_add(1),
    };
    let wanted =
        |partner: &&PartnerRecord| {
            which.tier.as_ref().is_none_or(|tier| {
                partner.tier.as_ref().is_some_and(|known| known.as_str() == tier)
            }) && which.suspended.is_none_or(|suspended| is_suspended(partner) == suspended)
                && which.mode.as_ref().is_none_or(|mode| partner.mode.name() == mode)
        };
    let mut found = (start..).map_while(|at| snapshot.partner(PartnerIx(at))).filter(wanted);
    let data: Vec<_> = found.by_ref().take(limit).collect();
    let next = found.next().and(data.last()).map(|partner| partner.id.to_string());
    let data = data.into_iter().map(|partner| PartnerView::new(partner, false)).collect();
    Ok(Json(Page { data, next }))
}

fn is_suspended(partner: &PartnerRecord) -> bool {
    partner.course.as_deref().is_some_and(|course| course.state == StandingName::Suspended)
}

/// One partner
#[utoipa::path(get, path = "/v1/partners/{id}", tag = "partners", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The partner's id")),
    responses((status = 200, body = PartnerView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(id): Path<String>,
) -> Result<Json<PartnerView>, Problem> {
    let at = position(&shared, &id)?;
    let snapshot = shared.control.office.snapshot();
    snapshot
        .partner(at)
        .map(|partner| Json(PartnerView::new(partner, true).with_deletions(&snapshot, at)))
        .ok_or_else(|| unknown(&shared, &id))
}

/// A partner to declare.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPartner {
    /// Its id.
    id: String,
    /// Its name; the id when absent.
    name: Option<String>,
    /// A tier of the set in force; the one for its use when absent.
    tier: Option<String>,
    /// A use of the closed list.
    r#use: String,
    /// The same in the partner's words.
    #[serde(default)]
    declared_use: String,
    /// Scopes to narrow it to; all of its tier when absent.
    scopes: Option<Vec<String>>,
    /// What it declared.
    #[serde(default)]
    facts: FactsBody,
}

/// Declares a partner
#[utoipa::path(post, path = "/v1/partners", tag = "partners", security(("admin_token" = [])),
    request_body = NewPartner,
    responses((status = 201, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn add(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewPartner>,
) -> Result<Response, Problem> {
    let checker = &*shared.control.checker;
    let command = Command::AddPartner {
        id: names::id(&new.id)?,
        name: new.name.unwrap_or(new.id),
        tier: new.tier.map(|tier| names::tier(&tier, checker)).transpose()?,
        r#use: names::use_(&new.r#use)?,
        declared_use: new.declared_use,
        scopes: names::scopes(new.scopes.as_deref(), checker)?,
        facts: new.facts.read(shared.now())?,
    };
    let change = Change::from(shared.submit(&caller, command).await?);
    Ok(change.answer(StatusCode::CREATED))
}

/// What to change; absent members stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerEdit {
    /// Its name.
    name: Option<String>,
    /// A tier of the set in force; null: the one for its use.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    tier: Option<Option<String>>,
    /// A use of the closed list.
    r#use: Option<String>,
    /// The same in the partner's words.
    declared_use: Option<String>,
    /// Scopes to narrow it to; null lifts the narrowing.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<Vec<String>>)]
    scopes: Option<Option<Vec<String>>>,
    /// What it declared; absent members stay as they are.
    facts: Option<FactsEdit>,
    /// What the partner is told where this leaves it less.
    told: Option<ToldBody>,
    /// Only says what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Changes a partner
#[utoipa::path(patch, path = "/v1/partners/{id}", tag = "partners", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The partner's id"),
        ("If-Match" = Option<String>, Header, description = "The revision the edit builds on; 412 when the partner was changed since")),
    request_body = PartnerEdit,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn edit(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(edit): Body<PartnerEdit>,
) -> Result<Response, Problem> {
    let at = position(&shared, &id)?;
    let snapshot = shared.control.office.snapshot();
    let partner = snapshot.partner(at).ok_or_else(|| unknown(&shared, &id))?;
    unchanged(&SubjectId::Partner(partner.id.clone()), partner.revision, &headers)?;
    let checker = &*shared.control.checker;
    let scopes = match &edit.scopes {
        None => None,
        Some(scopes) => Some(names::scopes(scopes.as_deref(), checker)?),
    };
    let tier = match edit.tier {
        None => None,
        Some(None) => Some(None),
        Some(Some(tier)) => Some(Some(names::tier(&tier, checker)?)),
    };
    let facts = edit.facts.map(|edit| edit.apply(&partner.facts, shared.now()));
    let command = Command::EditPartner {
        id: partner.id.clone(),
        name: edit.name,
        tier,
        r#use: edit.r#use.map(|text| names::use_(&text)).transpose()?,
        declared_use: edit.declared_use,
        scopes,
        facts: facts.transpose()?,
    };
    let of = Some(SubjectId::Partner(partner.id.clone()));
    let weighed = told::moved(checker, &command, &snapshot);
    let command = (command, edit.told);
    let asked = told::with_words(&shared, &caller, command, (weighed, of), edit.dry_run).await?;
    told::done(&shared, &caller, asked).await
}

/// Where a partner is, or a 404 with the nearest name.
pub(crate) fn position(shared: &Arc<Shared>, text: &str) -> Result<PartnerIx, Problem> {
    let id: PartnerId = names::id(text)?;
    shared.control.office.snapshot().partner_ix(&id).ok_or_else(|| unknown(shared, text))
}

pub(crate) fn unknown(shared: &Arc<Shared>, text: &str) -> Problem {
    let snapshot = shared.control.office.snapshot();
    let known = snapshot.partners().map(|(_, partner)| partner.id.as_str());
    let known = known.take(names::NEAREST_AMONG_MAX);
    let list = "`portcullis partner list` shows them";
    Problem::unknown(StatusCode::NOT_FOUND, "unknown_partner", "partner", text, known, list)
}
