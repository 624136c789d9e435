//! The people who run the gate.
//!
//! Must not know what a role allows.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use portcullis_registry::{PeopleCommand, PersonRecord, Role, Roles};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Ctx;
use crate::auth::Caller;
use crate::extract::Body;
use crate::names;
use crate::problem::{Document, Problem};
use crate::views::Change;

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// Its id.
    id: String,
    /// What others call it.
    name: String,
    /// What it may do.
    roles: Vec<&'static str>,
    /// Digests of the issuer's subjects it signs in as.
    logins: Vec<String>,
    /// When it was added.
    added: String,
    /// The event that added or last changed it.
    revision: u64,
}

impl From<&PersonRecord> for PersonView {
    fn from(person: &PersonRecord) -> Self {
        Self {
            id: person.id.to_string(),
            name: person.name.to_string(),
            roles: person.roles.iter().map(Role::name).collect(),
            logins: person.logins.clone(),
            added: person.added.rfc3339(),
            revision: person.revision.0,
        }
    }
}

/// Everybody, with the rule in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PeopleView {
    /// By id.
    data: Vec<PersonView>,
    /// Whether widening takes two persons: `on` or `off`.
    two_persons: &'static str,
    /// So many partners one person may narrow within an hour.
    narrow_alone: u64,
}

/// Lists everybody
#[utoipa::path(get, path = "/v1/people", tag = "people", security(("admin_token" = [])),
    responses((status = 200, body = PeopleView), (status = "4XX", body = Document)))]
pub(crate) async fn list(State(shared): Ctx) -> Json<PeopleView> {
    let snapshot = shared.control.office.snapshot();
    let people = snapshot.people();
    let data = people.persons().map(PersonView::from).collect();
    let two_persons = if people.rule().two_persons { "on" } else { "off" };
    Json(PeopleView { data, two_persons, narrow_alone: people.rule().alone })
}

/// A new person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    /// Its id; it stands in the log.
    id: String,
    /// What others call it; the id when absent.
    name: Option<String>,
    /// What it may do: `viewer`, `policy_author`, `investigator`, `approver`, `auditor`, `admin`.
    #[serde(default)]
    roles: Vec<String>,
    /// Digests of the issuer's subjects it signs in as; a refused sign-in names its own.
    #[serde(default)]
    logins: Vec<String>,
}

/// Changes to a person; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonChange {
    /// What others call it.
    name: Option<String>,
    /// All it may do from here on.
    roles: Option<Vec<String>>,
    /// All its logins from here on.
    logins: Option<Vec<String>>,
}

/// Declares a person
#[utoipa::path(post, path = "/v1/people", tag = "people", security(("admin_token" = [])),
    request_body = NewPerson,
    responses((status = 201, body = Change), (status = 202, body = Change, description = "Proposed to a second person"),
        (status = "4XX", body = Document)))]
pub(crate) async fn add(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewPerson>,
) -> Result<Response, Problem> {
    let (id, roles) = (names::id(&new.id)?, roles(&new.roles)?);
    let name = new.name.unwrap_or(new.id);
    let command = PeopleCommand::Add { id, name, roles, logins: new.logins };
    let change = Change::from(shared.submit(&caller, command).await?);
    Ok(change.answer(StatusCode::CREATED))
}

/// Changes a person
#[utoipa::path(patch, path = "/v1/people/{id}", tag = "people", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The person's id")),
    request_body = PersonChange,
    responses((status = 200, body = Change), (status = 202, body = Change, description = "Proposed to a second person"),
        (status = "4XX", body = Document)))]
pub(crate) async fn edit(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(change): Body<PersonChange>,
) -> Result<Response, Problem> {
    let PersonChange { name, roles: named, logins } = change;
    let roles = named.as_deref().map(roles).transpose()?;
    let command = PeopleCommand::Edit { id: names::id(&id)?, name, roles, logins };
    Ok(Change::from(shared.submit(&caller, command).await?).answer(StatusCode::OK))
}

/// Takes everything from a person
#[utoipa::path(delete, path = "/v1/people/{id}", tag = "people", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, body = Change), (status = 202, body = Change, description = "Proposed to a second person"),
        (status = "4XX", body = Document)))]
pub(crate) async fn remove(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let command = PeopleCommand::Remove { id: names::id(&id)? };
    Ok(Change::from(shared.submit(&caller, command).await?).answer(StatusCode::OK))
}

/// Takes everything from a person, and erases its name and logins
///
/// The log keeps salted commitments to them, which tell nothing once the contents are gone.
#[utoipa::path(delete, path = "/v1/people/{id}/personal", tag = "people", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The person's id, also of one who was removed")),
    responses((status = 200, body = Change), (status = 202, body = Change, description = "Proposed to a second person"),
        (status = "4XX", body = Document)))]
pub(crate) async fn erase(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let command = PeopleCommand::Erase { id: names::id(&id)? };
    Ok(Change::from(shared.submit(&caller, command).await?).answer(StatusCode::OK))
}

fn roles(texts: &[String]) -> Result<Roles, Problem> {
    let known = || Role::ALL.iter().map(|role| role.name());
    let role = |text: &String| {
        Role::named(text).ok_or_else(|| {
            let list = format!("the roles are {}", known().collect::<Vec<_>>().join(", "));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::unknown(status, "unknown_role", "role", text, known(), &list)
        })
    };
    texts.iter().map(role).collect()
}
