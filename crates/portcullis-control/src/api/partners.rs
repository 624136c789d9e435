//! Partners: declared, edited, listed.
//!
//! Must not know keys.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::{Extension, Json};
use portcullis_registry::{Command, Facts, PartnerRecord};
use portcullis_types::{PartnerId, PartnerIx};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, limit};
use crate::auth::Caller;
use crate::extract::{Body, Params};
use crate::names;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::{Change, FactsView, Page, PartnerView};

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
    /// Only those on hold, or only those that are not.
    held: Option<bool>,
}

/// Partners in order of declaration
#[utoipa::path(get, path = "/v1/partners", tag = "partners", security(("admin_token" = [])),
    params(Which), responses((status = 200, body = Page<PartnerView>), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<Page<PartnerView>>, Problem> {
    let limit = limit(which.limit)?;
    let snapshot = shared.control.office.snapshot();
    let start = match &which.after {
        None => 0,
        Some(after) => position(&shared, after)?.0.saturating_add(1),
    };
    let wanted = |partner: &&PartnerRecord| {
        which.tier.as_ref().is_none_or(|tier| partner.tier.as_str() == tier)
            && which.held.is_none_or(|held| partner.hold.is_some() == held)
    };
    let mut found = (start..).map_while(|at| snapshot.partner(PartnerIx(at))).filter(wanted);
    let data: Vec<_> = found.by_ref().take(limit).collect();
    let next = found.next().and(data.last()).map(|partner| partner.id.to_string());
    Ok(Json(Page { data: data.into_iter().map(PartnerView::from).collect(), next }))
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
        .map(|partner| Json(PartnerView::from(partner)))
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
    /// A tier of the set in force.
    tier: String,
    /// A use of the closed list.
    r#use: String,
    /// Scopes to narrow it to; all of its tier when absent.
    scopes: Option<Vec<String>>,
    /// What it declared.
    #[serde(default)]
    facts: FactsView,
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
        tier: names::tier(&new.tier, checker)?,
        r#use: names::use_(&new.r#use)?,
        scopes: names::scopes(new.scopes.as_deref(), checker)?,
        facts: facts(new.facts)?,
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
    /// A tier of the set in force.
    tier: Option<String>,
    /// A use of the closed list.
    r#use: Option<String>,
    /// Scopes to narrow it to; null lifts the narrowing.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<Vec<String>>)]
    scopes: Option<Option<Vec<String>>>,
    /// What it declared; absent members stay as they are.
    facts: Option<FactsEdit>,
}

/// Facts to change; absent members stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactsEdit {
    /// What the access is for, in the partner's words.
    declared_use: Option<String>,
    /// Place ids.
    locations: Option<Vec<String>>,
    /// Hashtag names.
    hashtags: Option<Vec<String>>,
    /// Usernames of declared brands.
    brands: Option<Vec<String>>,
    /// `YYYY-MM-DD`; null removes it.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    review_date: Option<Option<String>>,
}

/// Tells a member that is null from one that is absent.
fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
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
    unchanged(partner, &headers)?;
    let checker = &*shared.control.checker;
    let scopes = match &edit.scopes {
        None => None,
        Some(scopes) => Some(names::scopes(scopes.as_deref(), checker)?),
    };
    let command = Command::EditPartner {
        id: partner.id.clone(),
        name: edit.name,
        tier: edit.tier.map(|tier| names::tier(&tier, checker)).transpose()?,
        r#use: edit.r#use.map(|text| names::use_(&text)).transpose()?,
        scopes,
        facts: edit.facts.map(|edit| edited(&partner.facts, edit)).transpose()?,
    };
    let change = Change::from(shared.submit(&caller, command).await?);
    Ok(change.answer(StatusCode::OK))
}

fn unchanged(partner: &PartnerRecord, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(wanted) = headers.get(header::IF_MATCH) else { return Ok(()) };
    let wanted = wanted.to_str().unwrap_or_default().trim_matches('"');
    if wanted == partner.revision.0.to_string() {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "changed_since",
        "The partner was changed since",
        format!(
            "partner `{}` is at revision {}, the edit builds on {wanted}: look at it again, then repeat the edit",
            partner.id, partner.revision.0
        ),
    ))
}

fn edited(old: &Facts, edit: FactsEdit) -> Result<Facts, Problem> {
    let old = FactsView::from(old);
    facts(FactsView {
        declared_use: edit.declared_use.unwrap_or(old.declared_use),
        locations: edit.locations.unwrap_or(old.locations),
        hashtags: edit.hashtags.unwrap_or(old.hashtags),
        brands: edit.brands.unwrap_or(old.brands),
        review_date: edit.review_date.unwrap_or(old.review_date),
    })
}

fn facts(view: FactsView) -> Result<Facts, Problem> {
    if let Some(date) = &view.review_date
        && (date.len() != 10 || date.parse::<jiff::civil::Date>().is_err())
    {
        let shown: String = date.chars().take(40).collect();
        return Err(Problem::unreadable(format!(
            "`review_date` is `{shown}`, which is no date: write `YYYY-MM-DD`, such as `2027-01-31`"
        )));
    }
    let FactsView { declared_use, locations, hashtags, brands, review_date } = view;
    Ok(Facts { declared_use, locations, hashtags, brands, review_date })
}

/// Where a partner is, or a 404 with the nearest name.
pub(crate) fn position(shared: &Arc<Shared>, text: &str) -> Result<PartnerIx, Problem> {
    let id: PartnerId = names::id(text)?;
    shared.control.office.snapshot().partner_ix(&id).ok_or_else(|| unknown(shared, text))
}

fn unknown(shared: &Arc<Shared>, text: &str) -> Problem {
    let snapshot = shared.control.office.snapshot();
    let known = snapshot.partners().map(|(_, partner)| partner.id.as_str());
    let known = known.take(names::NEAREST_AMONG_MAX);
    let list = "`portcullis partner list` shows them";
    Problem::unknown(StatusCode::NOT_FOUND, "unknown_partner", "partner", text, known, list)
}
