//! One step about all partners that a selector finds: the list first, then the step by its digest.
//!
//! Must not know what a step does.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use portcullis_registry::{
    Blob, ClientCategory, Command, PartnerRecord, Snapshot, StatementDraft, SubjectId, Terms,
};
use portcullis_types::{PartnerId, PartnerIx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::wish::{Transition, command};
use crate::api::{Ctx, statements};
use crate::auth::Caller;
use crate::extract::Body;
use crate::names;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::Change;

/// Most partners of one step.
const PARTNERS_MAX: usize = 500;

/// Which partners: all that every member fits.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllOf {
    /// On this tier by name.
    tier: Option<String>,
    /// With this use.
    r#use: Option<String>,
    /// With a client of this category.
    #[schema(value_type = Option<String>)]
    category: Option<ClientCategory>,
}

/// A step about all partners that a selector finds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bulk {
    /// Which partners.
    all_of: AllOf,
    /// The step: `warned`, `restricted` or `suspended`.
    #[schema(value_type = Transition)]
    change: Value,
    /// The digest of the list that was shown; without it only the list is shown.
    list: Option<String>,
}

/// A partner of the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed {
    /// Its id.
    partner: String,
    /// Whether the step is for it.
    included: bool,
    /// What would happen, or why the step is not for it.
    what: String,
}

/// The list, and what was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkView {
    /// Whom the selector finds, by id.
    data: Vec<Listed>,
    /// The digest of those that are included: send it as `list` to carry the step out.
    list: String,
    /// What was done or proposed; null where the list is only shown.
    change: Option<Change>,
}

/// Changes how all partners of a selector stand; shows the list first, and does it by the list's digest
#[utoipa::path(post, path = "/v1/partners/transitions", tag = "partners", security(("admin_token" = [])),
    request_body = Bulk,
    responses((status = 200, body = BulkView), (status = "4XX", body = Document)))]
pub(crate) async fn partners(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(Bulk { all_of, change, list }): Body<Bulk>,
) -> Result<(StatusCode, Json<BulkView>), Problem> {
    let found = selected(&shared, &all_of)?;
    let draft = match found.first() {
        Some(first) => draft(&shared, first, &change).await?,
        None => None,
    };
    let (mut data, mut steps) = (Vec::new(), Vec::new());
    for partner in &found {
        let step = step(&shared, partner, &change)?;
        let terms = Terms { dry_run: true, ..caller.terms()? };
        let shown =
            shared.submit_on(&caller, statements::with(draft.clone(), step.clone()), terms).await;
        let included = shown.is_ok();
        let what = shown.map_or_else(|problem| problem.detail.clone(), |done| done.what);
        data.push(Listed { partner: partner.to_string(), included, what });
        if included {
            steps.push(step);
        }
    }
    let included = data.iter().filter(|one| one.included).map(|one| one.partner.as_str());
    let digest = Blob::new(included.collect::<Vec<_>>().join("\n").into_bytes()).sha256;
    let wanted = match list {
        None => None,
        Some(list) if list.len() >= 8 && digest.starts_with(&list) => Some(Command::Each(steps)),
        Some(_) => return Err(another_list()),
    };
    let change = match wanted {
        Some(steps) => {
            Some(Change::from(shared.submit(&caller, statements::with(draft, steps)).await?))
        }
        None => None,
    };
    let status = change.as_ref().map_or(StatusCode::OK, |change| change.status(StatusCode::OK));
    Ok((status, Json(BulkView { data, list: digest, change })))
}

/// Those that the selector finds, by id.
fn selected(shared: &Shared, all_of: &AllOf) -> Result<Vec<PartnerId>, Problem> {
    if all_of.tier.is_none() && all_of.r#use.is_none() && all_of.category.is_none() {
        return Err(Problem::unreadable(
            "`all_of` names nothing: write `tier`, `use` or `category`, so that nobody stops everybody by mistake",
        ));
    }
    if let Some(tier) = &all_of.tier {
        names::tier(tier, &*shared.control.checker)?;
    }
    if let Some(of) = &all_of.r#use {
        names::use_(of)?;
    }
    let snapshot = shared.control.office.snapshot();
    let fits = |(at, partner): &(PartnerIx, &PartnerRecord)| {
        let tier = all_of.tier.as_deref();
        let tier =
            tier.is_none_or(|tier| partner.tier.as_ref().is_some_and(|on| on.as_str() == tier));
        let of = all_of.r#use.as_deref();
        let of = of.is_none_or(|of| partner.facts.purpose.as_deref() == Some(of));
        let category = all_of.category.is_none_or(|of| has_client(&snapshot, *at, of));
        tier && of && category
    };
    let found = snapshot.partners().filter(fits).map(|(_, partner)| partner.id.clone());
    let mut found: Vec<PartnerId> = found.take(PARTNERS_MAX + 1).collect();
    if found.len() > PARTNERS_MAX {
        return Err(Problem::unreadable(format!(
            "more than {PARTNERS_MAX} partners are found: name more in `all_of`"
        )));
    }
    found.sort();
    Ok(found)
}

fn has_client(snapshot: &Snapshot, partner: PartnerIx, category: ClientCategory) -> bool {
    let mut clients = snapshot.clients().map(|(_, client)| client);
    clients.any(|client| client.partner == partner && client.category == Some(category))
}

/// The step about one of them, without its statement.
fn step(shared: &Shared, partner: &PartnerId, change: &Value) -> Result<Command, Problem> {
    let mut wish = transition(change)?;
    wish.statement = None;
    command(shared, SubjectId::Partner(partner.clone()), wish)
}

/// The one statement of all of them.
async fn draft(
    shared: &Shared,
    first: &PartnerId,
    change: &Value,
) -> Result<Option<StatementDraft>, Problem> {
    if change.pointer("/statement/facts_from").is_some() {
        return Err(Problem::unreadable(
            "`facts_from` names events of one partner: write the facts that hold for all",
        ));
    }
    let given = transition(change)?.statement;
    statements::draft(shared, &SubjectId::Partner(first.clone()), given).await
}

fn transition(change: &Value) -> Result<Transition, Problem> {
    serde_json::from_value(change.clone()).map_err(|_| {
        Problem::unreadable("`change` is no transition; see `Transition` in `/openapi.json`")
    })
}

fn another_list() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "list_changed",
        "The list is another one by now",
        "the selector finds other partners than the list that was shown, or the step is for others of them: look at the list again",
    )
}
