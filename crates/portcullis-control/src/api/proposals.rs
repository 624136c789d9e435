//! What waits for a second person: looked at, approved, refused; and emergencies to be ratified.
//!
//! Must not know what needs a second person.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use portcullis_registry::{Actor, Glass, PeopleCommand, Proposal, Terms};
use portcullis_types::Revision;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Ctx;
use crate::auth::Caller;
use crate::extract::Body;
use crate::preview;
use crate::problem::{Document, Problem};
use crate::views::Change;

/// What waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalView {
    /// Its number: the event that made it.
    id: u64,
    /// What an approval must name.
    digest: String,
    /// What it does, in one line.
    what: String,
    /// Who proposed it.
    by: String,
    /// When.
    made: String,
    /// Until when it can be approved.
    expires: String,
    /// What it concerns.
    about: Vec<String>,
    /// The event that changed one of those since: it can't be approved any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<u64>,
    /// The very command, as it is kept; long texts are cut in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    command: Option<Value>,
}

/// What was done alone in an emergency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmergencyView {
    /// Its number: the event that declared it.
    id: u64,
    /// What was done.
    what: String,
    /// Why it could not wait.
    why: String,
    /// Who did it.
    by: String,
    /// When.
    at: String,
    /// Until when another person is to ratify it.
    ratify_by: String,
    /// Whether that time is over.
    overdue: bool,
}

/// All that waits for somebody else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Waiting {
    /// Proposals, the oldest first.
    data: Vec<ProposalView>,
    /// Emergencies that nobody ratified yet.
    emergencies: Vec<EmergencyView>,
}

fn named(actor: &Actor) -> String {
    actor.id.clone()
}

fn view(open: &Proposal) -> ProposalView {
    ProposalView {
        id: open.id.0,
        digest: open.digest.clone(),
        what: open.what.clone(),
        by: named(&open.by),
        made: open.made.rfc3339(),
        expires: open.expires.rfc3339(),
        about: open.about.clone(),
        changed: open.changed.map(|revision| revision.0),
        command: None,
    }
}

fn emergency(glass: &Glass) -> EmergencyView {
    EmergencyView {
        id: glass.id.0,
        what: glass.what.clone(),
        why: glass.why.clone(),
        by: named(&glass.by),
        at: glass.at.rfc3339(),
        ratify_by: glass.ratify_by.rfc3339(),
        overdue: glass.overdue,
    }
}

/// Lists what waits for a second person
#[utoipa::path(get, path = "/v1/proposals", tag = "proposals", security(("admin_token" = [])),
    responses((status = 200, body = Waiting), (status = "4XX", body = Document)))]
pub(crate) async fn list(State(shared): Ctx) -> Json<Waiting> {
    let (snapshot, now) = (shared.control.office.snapshot(), shared.now());
    let people = snapshot.people();
    let data = people.open().filter(|open| now < open.expires).map(view).collect();
    Json(Waiting { data, emergencies: people.broken().map(emergency).collect() })
}

/// Shows a proposal with the very command
#[utoipa::path(get, path = "/v1/proposals/{id}", tag = "proposals", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The proposal's number")),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(id): Path<String>,
) -> Result<Json<ProposalView>, Problem> {
    let (snapshot, id) = (shared.control.office.snapshot(), number(&id)?);
    let open = snapshot.people().proposal(id).ok_or_else(|| unknown(id))?;
    let command = serde_json::to_value(&*open.command).ok();
    Ok(Json(ProposalView { command, ..view(open) }))
}

/// What is approved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    /// The digest of the proposal that was looked at.
    digest: String,
    /// Only says what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Lets what somebody else proposed happen, at once and once
#[utoipa::path(post, path = "/v1/proposals/{id}/approve", tag = "proposals", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The proposal's number")),
    request_body = Approval,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn approve(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(Approval { digest, dry_run }): Body<Approval>,
) -> Result<Response, Problem> {
    let command = PeopleCommand::Approve { proposal: number(&id)?, digest };
    let terms = Terms { dry_run, ..caller.terms()? };
    let done = shared.submit_on(&caller, command.into(), terms).await?;
    Ok(preview::shown(&shared, done).await?.answer(StatusCode::OK))
}

/// Why a proposal is refused or taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    /// For who reads the log later.
    #[serde(default)]
    why: String,
}

/// Refuses a proposal, or takes one's own back
#[utoipa::path(post, path = "/v1/proposals/{id}/refuse", tag = "proposals", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The proposal's number")),
    request_body = Refusal,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn refuse(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(Refusal { why }): Body<Refusal>,
) -> Result<Response, Problem> {
    let command = PeopleCommand::Refuse { proposal: number(&id)?, why };
    Ok(Change::from(shared.submit(&caller, command).await?).answer(StatusCode::OK))
}

/// Lets what somebody else did alone in an emergency stand
#[utoipa::path(post, path = "/v1/emergencies/{id}/ratify", tag = "proposals", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The emergency's number")),
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn ratify(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let command = PeopleCommand::RatifyEmergency { emergency: number(&id)? };
    Ok(Change::from(shared.submit(&caller, command).await?).answer(StatusCode::OK))
}

fn number(text: &str) -> Result<Revision, Problem> {
    text.parse().map(Revision).map_err(|_| {
        Problem::unreadable(
            "a proposal is named by a whole number; `portcullis proposal list` shows them",
        )
    })
}

fn unknown(id: Revision) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown_proposal",
        "There is no such thing",
        portcullis_registry::PeopleRejected::UnknownProposal(id).to_string(),
    )
}
