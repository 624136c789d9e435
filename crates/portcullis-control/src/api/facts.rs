//! What partners and clients declared: shown, replaced, changed; and the mode a partner is in.
//!
//! Must not know what a policy makes of a fact; the rules about their shape are the registry's.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use portcullis_registry::{Command, Facts, Mode, SubjectId};
use portcullis_types::{Revision, Wall};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::told::{ToldBody, done, moved, with_words};
use super::{Ctx, clients, partners};
use crate::Weighed;
use crate::auth::Caller;
use crate::extract::Body;
use crate::moments;
use crate::preview;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::Change;

/// What was declared.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FactsView {
    /// When the declaration lapses, RFC 3339; null: never.
    review_by: Option<String>,
    /// Figures by name.
    figures: BTreeMap<String, u64>,
    /// Lists by name; null where only their sizes are shown.
    lists: Option<BTreeMap<String, Vec<String>>>,
    /// How many entries each list has.
    sizes: BTreeMap<String, usize>,
    /// The name that partners with one owner bear together.
    group: Option<String>,
}

impl FactsView {
    pub(crate) fn new(facts: &Facts, whole: bool) -> Self {
        let sizes = facts.lists.iter().map(|(list, entries)| (list.clone(), entries.len()));
        Self {
            review_by: facts.review_by.map(Wall::rfc3339),
            figures: facts.figures.clone(),
            lists: whole.then(|| facts.lists.clone()),
            sizes: sizes.collect(),
            group: facts.group.clone(),
        }
    }
}

/// All that is declared; what is absent is not declared.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactsBody {
    /// What the data is used for; the use it has stays where none is named.
    #[serde(rename = "use")]
    purpose: Option<String>,
    /// When the declaration lapses: a date (its beginning, in UTC), a time, or a length from now.
    review_by: Option<String>,
    /// Figures by name, such as `calls_per_hour`.
    #[serde(default)]
    figures: BTreeMap<String, u64>,
    /// Lists by name, such as `locations`: ids, or names in lower case. No accounts: those are grants.
    #[serde(default)]
    lists: BTreeMap<String, Vec<String>>,
    /// The name that partners with one owner bear together.
    group: Option<String>,
}

/// All that is declared, and what the partner is told where that is less than before.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    /// What the data is used for; the one declared before when absent.
    #[serde(rename = "use")]
    purpose: Option<String>,
    /// When the declaration lapses: a date, a time, or a length from now such as `90d`.
    review_by: Option<String>,
    /// Figures by name, such as `calls_per_hour`.
    #[serde(default)]
    figures: BTreeMap<String, u64>,
    /// Lists by name, such as `locations`: ids, or names in lower case. No accounts: those are grants.
    #[serde(default)]
    lists: BTreeMap<String, Vec<String>>,
    /// The name that partners with one owner bear together.
    group: Option<String>,
    /// What the partner is told where this leaves it less.
    told: Option<ToldBody>,
    /// Only says what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Facts to change; absent members stay as they are, null removes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactsEdit {
    /// When the declaration lapses; null: never.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    review_by: Option<Option<String>>,
    /// Figures to set; null removes one.
    #[serde(default)]
    figures: BTreeMap<String, Option<u64>>,
    /// Lists to replace; null removes one.
    #[serde(default)]
    lists: BTreeMap<String, Option<Vec<String>>>,
    /// The group; null: none.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>)]
    group: Option<Option<String>>,
}

/// Tells a member that is null from one that is absent.
pub(crate) fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl FactsBody {
    pub(crate) fn read(self, now: Wall) -> Result<Facts, Problem> {
        let Self { purpose, review_by, figures, lists, group } = self;
        let review_by =
            review_by.map(|text| moments::moment("review_by", &text, now)).transpose()?;
        Ok(Facts { purpose, review_by, figures, lists, group })
    }
}

/// Replaces what a subject declared.
async fn declare(
    shared: &Shared,
    caller: &Caller,
    subject: SubjectId,
    body: Declared,
) -> Result<Response, Problem> {
    let Declared { purpose, review_by, figures, lists, group, told, dry_run } = body;
    let facts = FactsBody { purpose, review_by, figures, lists, group }.read(shared.now())?;
    let command = Command::DeclareFacts { subject: subject.clone(), facts };
    let control = &shared.control;
    let weighed = moved(&*control.checker, &command, &control.office.snapshot());
    let weighed = (weighed, Some(subject));
    let asked = with_words(shared, caller, (command, told), weighed, dry_run).await?;
    done(shared, caller, asked).await
}

impl FactsEdit {
    pub(crate) fn apply(self, old: &Facts, now: Wall) -> Result<Facts, Problem> {
        let mut facts = Facts { purpose: None, ..old.clone() };
        if let Some(review_by) = self.review_by {
            let moment = |text: String| moments::moment("review_by", &text, now);
            facts.review_by = review_by.map(moment).transpose()?;
        }
        put(&mut facts.figures, self.figures);
        put(&mut facts.lists, self.lists);
        if let Some(group) = self.group {
            facts.group = group;
        }
        Ok(facts)
    }
}

fn put<T>(old: &mut BTreeMap<String, T>, new: BTreeMap<String, Option<T>>) {
    for (name, value) in new {
        match value {
            Some(value) => old.insert(name, value),
            None => old.remove(&name),
        };
    }
}

/// Replaces what a partner declared
#[utoipa::path(put, path = "/v1/partners/{id}/facts", tag = "partners", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The partner's id"),
        ("If-Match" = Option<String>, Header, description = "The revision the declaration builds on; 412 when the partner was changed since")),
    request_body = Declared,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn partner(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(facts): Body<Declared>,
) -> Result<Response, Problem> {
    let at = partners::position(&shared, &id)?;
    let snapshot = shared.control.office.snapshot();
    let partner = snapshot.partner(at).ok_or_else(|| partners::unknown(&shared, &id))?;
    let subject = SubjectId::Partner(partner.id.clone());
    unchanged(&subject, partner.revision, &headers)?;
    declare(&shared, &caller, subject, facts).await
}

/// Replaces what was declared for a client
#[utoipa::path(put, path = "/v1/clients/{id}/facts", tag = "clients", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The client's id"),
        ("If-Match" = Option<String>, Header, description = "The revision the declaration builds on; 412 when the client was changed since")),
    request_body = Declared,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn client(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(facts): Body<Declared>,
) -> Result<Response, Problem> {
    let at = clients::position(&shared, &id)?;
    let snapshot = shared.control.office.snapshot();
    let client = snapshot.client(at).ok_or_else(|| clients::unknown(&shared, &id))?;
    let subject = SubjectId::Client(client.id.clone());
    unchanged(&subject, client.revision, &headers)?;
    declare(&shared, &caller, subject, facts).await
}

/// The modes a partner can be in.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ModeName {
    /// What the policies say is enforced.
    Enforce,
    /// Calls are judged and recorded; only keys and holds are enforced.
    Observe,
}

/// A mode, with the reason for the log.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModeBody {
    /// The mode wished for.
    mode: ModeName,
    /// Why, for who reads the log; the partner is not told.
    why: String,
    /// What the partner is told that is to be refused what it was not, while it was only observed.
    told: Option<ToldBody>,
    /// Only says what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Has policies enforced on a partner, or only watched; in force with the answer
#[utoipa::path(put, path = "/v1/partners/{id}/mode", tag = "partners", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The partner's id")),
    request_body = ModeBody,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn mode(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<ModeBody>,
) -> Result<Response, Problem> {
    let at = partners::position(&shared, &id)?;
    let snapshot = shared.control.office.snapshot();
    let partner = snapshot.partner(at).ok_or_else(|| partners::unknown(&shared, &id))?;
    let mode = match wish.mode {
        ModeName::Enforce => Mode::Enforce,
        ModeName::Observe => Mode::Observe,
    };
    let command = Command::SetMode { partner: partner.id.clone(), mode, why: wish.why };
    let of = Some(SubjectId::Partner(partner.id.clone()));
    let (command, told) = ((command, wish.told), (Weighed::default(), of));
    let (command, terms) = with_words(&shared, &caller, command, told, wish.dry_run).await?;
    let done = shared.submit_on(&caller, command, terms).await?;
    Ok(preview::shown(&shared, done).await?.answer(StatusCode::OK))
}

/// Whether a subject is still the one that an edit builds on.
pub(crate) fn unchanged(
    subject: &SubjectId,
    revision: Revision,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let Some(wanted) = headers.get(header::IF_MATCH) else { return Ok(()) };
    let wanted = wanted.to_str().unwrap_or_default().trim_matches('"');
    // Who knows a later change, of something else, knows this one too.
    if wanted.parse::<u64>().is_ok_and(|wanted| wanted >= revision.0) {
        return Ok(());
    }
    let title = match subject {
        SubjectId::Client(_) => "The client was changed since",
        SubjectId::Partner(_) | SubjectId::Key(_) => "The partner was changed since",
    };
    Err(Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "changed_since",
        title,
        format!(
            "{subject} is at revision {}, the edit builds on {wanted}: look at it again, then repeat the edit",
            revision.0
        ),
    ))
}
