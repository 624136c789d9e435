//! Events of the log by what they say, the newest first, in bounded work a call.
//!
//! Must not know how the log is stored.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portcullis_registry::{EVENT_KINDS, LoggedEvent, Snapshot, SubjectId};
use portcullis_types::{ClientId, KeyId, PartnerId, Revision, Wall};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::audit::EventView;
use super::{Ctx, limit, refused};
use crate::extract::Params;
use crate::moments::past;
use crate::names;
use crate::problem::{Document, Problem};

/// Most events that one call looks at.
const LOOKED_AT_MAX: u64 = 20_000;
/// Events fetched at once.
const CHUNK: u64 = 500;

/// What is looked for; all that is named must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The id of a partner, client or key; of a partner also what happened to its clients and keys.
    subject: Option<String>,
    /// The kind of event, such as `standing.held`, or how kinds begin, such as `standing.`.
    r#type: Option<String>,
    /// Who acted or approved.
    actor: Option<String>,
    /// Not before that moment: a date, a time, or how long ago such as `24h`.
    since: Option<String>,
    /// Not after that moment.
    until: Option<String>,
    /// The case that the event names.
    case: Option<String>,
    /// What stands anywhere in the event, in capitals or not.
    text: Option<String>,
    /// Only events before this revision: the `next` of the part before.
    before: Option<u64>,
    /// At most this many events, 1 to 1000; 100 when absent.
    count: Option<usize>,
}

/// Events that were looked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundPage {
    /// The events, newest first.
    data: Vec<EventView>,
    /// Send it as `before` to look on; null once all was looked at.
    next: Option<u64>,
}

/// Events of the log by what they say, newest first. A part may be empty and still have a `next`: so many events were looked at
#[utoipa::path(get, path = "/v1/audit/query", tag = "audit", security(("admin_token" = [])),
    params(Wanted), responses((status = 200, body = FoundPage), (status = "4XX", body = Document)))]
pub(crate) async fn query(
    State(shared): Ctx,
    Params(wanted): Params<Wanted>,
) -> Result<Json<FoundPage>, Problem> {
    let (office, now) = (&shared.control.office, shared.control.clock.now().wall);
    let read = |member, text: &Option<String>| {
        text.as_deref().map(|text| past(member, text, now)).transpose()
    };
    let (since, until) = (read("since", &wanted.since)?, read("until", &wanted.until)?);
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        return Err(Problem::unreadable(
            "`since` is after `until`, so no event can be meant: name the earlier moment as `since`",
        ));
    }
    let (count, snapshot) = (limit(wanted.count)?, office.snapshot());
    wanted.subject.as_deref().map_or(Ok(()), |id| known(id, &snapshot))?;
    wanted.r#type.as_deref().map_or(Ok(()), is_kind)?;
    wanted.case.as_deref().map_or(Ok(()), |id| is_case(id, &snapshot))?;
    let size = snapshot.revision().map_or(0, |newest| newest.0 + 1);
    let mut before = wanted.before.unwrap_or(size).min(size);
    let last = before.saturating_sub(LOOKED_AT_MAX);
    let filter = Filter { wanted, text: None }.ready();
    let mut data = Vec::new();
    while before > last {
        let from = before.saturating_sub(CHUNK).max(last);
        let length = usize::try_from(before - from).unwrap_or_default();
        let mut events = office.events(Revision(from), length).await.map_err(refused)?;
        while let Some(event) = events.pop() {
            if since.is_some_and(|since: Wall| event.at < since) {
                return Ok(Json(FoundPage { data, next: None }));
            }
            before = event.revision.0;
            if until.is_none_or(|until: Wall| event.at <= until) && filter.takes(&event, &snapshot)
            {
                data.push(EventView::from(event));
                if data.len() == count {
                    return Ok(Json(FoundPage { data, next: Some(before).filter(|n| *n > 0) }));
                }
            }
        }
        before = from;
    }
    Ok(Json(FoundPage { data, next: Some(before).filter(|next| *next > 0) }))
}

/// A name that nobody has would be found nowhere, as if nothing had happened to somebody.
fn known(id: &str, snapshot: &Snapshot) -> Result<(), Problem> {
    let partner = || PartnerId::new(id).is_ok_and(|id| snapshot.partner_ix(&id).is_some());
    let client = || ClientId::new(id).is_ok_and(|id| snapshot.client_ix(&id).is_some());
    let key = || id.parse().is_ok_and(|id: KeyId| snapshot.key_ix(&id).is_some());
    if partner() || client() || key() {
        return Ok(());
    }
    let partners = snapshot.partners().map(|(_, partner)| partner.id.as_str());
    let partners = partners.take(names::NEAREST_AMONG_MAX);
    let list = "name a partner, client or key as `portcullis partner list`, `client list` and `key list` show them";
    let status = StatusCode::BAD_REQUEST;
    Err(Problem::unknown(status, "unknown_subject", "subject", id, partners, list))
}

/// A kind that no event can have would be found nowhere, too.
fn is_kind(wanted: &str) -> Result<(), Problem> {
    let fits = |kind: &&str| *kind == wanted || wanted.ends_with('.') && kind.starts_with(wanted);
    if EVENT_KINDS.iter().any(fits) {
        return Ok(());
    }
    let families: BTreeSet<&str> =
        EVENT_KINDS.iter().filter_map(|kind| kind.split_inclusive('.').next()).collect();
    let beside =
        EVENT_KINDS.iter().filter(|kind| wanted.split('.').next() == kind.split('.').next());
    let beside: Vec<&str> = beside.copied().collect();
    let list = if beside.is_empty() {
        let families: Vec<&str> = families.iter().copied().collect();
        format!("kinds begin with {}", families.join(", "))
    } else {
        format!("there are {}", beside.join(", "))
    };
    let known = EVENT_KINDS.into_iter().chain(families);
    let status = StatusCode::BAD_REQUEST;
    Err(Problem::unknown(status, "unknown_kind", "kind of event", wanted, known, &list))
}

fn is_case(id: &str, snapshot: &Snapshot) -> Result<(), Problem> {
    let cases = || snapshot.cases().iter().map(|case| case.id.as_str());
    if cases().any(|known| known == id) {
        return Ok(());
    }
    let (status, list) = (StatusCode::BAD_REQUEST, "`portcullis case list --closed` shows them");
    Err(Problem::unknown(status, "unknown_case", "case", id, cases(), list))
}

/// What an event must say.
struct Filter {
    wanted: Wanted,
    text: Option<String>,
}

impl Filter {
    fn ready(mut self) -> Self {
        self.text = self.wanted.text.as_deref().map(str::to_lowercase);
        self
    }

    /// The cheap questions come first.
    fn takes(&self, logged: &LoggedEvent, snapshot: &Snapshot) -> bool {
        let wanted = &self.wanted;
        let kind = logged.event.name();
        let is_kind =
            |wanted: &str| kind == wanted || wanted.ends_with('.') && kind.starts_with(wanted);
        let acted = |who: &str| {
            logged.actor.id == who
                || logged.approver.as_ref().is_some_and(|second| second.id == who)
        };
        if !(wanted.r#type.as_deref().is_none_or(is_kind)
            && wanted.actor.as_deref().is_none_or(acted)
            && self.text.as_ref().is_none_or(|text| says(logged, text)))
        {
            return false;
        }
        if wanted.subject.is_none() && wanted.case.is_none() {
            return true;
        }
        let event = serde_json::to_value(&logged.event).unwrap_or_default();
        wanted.case.as_deref().is_none_or(|case| named(&event, "case") == Some(case))
            && wanted.subject.as_deref().is_none_or(|id| concerns(&event, id, snapshot))
    }
}

/// Whether it stands in the leaf, or in what the leaf seals.
fn says(logged: &LoggedEvent, text: &str) -> bool {
    [Some(&logged.leaf), logged.opening.as_ref()]
        .into_iter()
        .flatten()
        .any(|part| part.to_lowercase().contains(text))
}

fn named<'a>(event: &'a Value, member: &str) -> Option<&'a str> {
    event.get(member)?.as_str()
}

/// Whether an event names this id, or a client or key of it.
fn concerns(event: &Value, wanted: &str, snapshot: &Snapshot) -> bool {
    let subject = event.get("subject").map(|subject| serde_json::from_value(subject.clone()).ok());
    let each = ["partner", "client", "key"].map(|kind| {
        let id = named(event, kind)?;
        serde_json::from_value(serde_json::json!({ "kind": kind, "id": id })).ok()
    });
    let subjects = each.into_iter().chain(subject).flatten();
    subjects.into_iter().any(|subject: SubjectId| {
        subject.as_str() == wanted || owners(&subject, snapshot).any(|owner| owner == wanted)
    })
}

/// The partner of a client or key, and the client of a key.
fn owners<'a>(of: &SubjectId, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a str> {
    let (partner, client) = match of {
        SubjectId::Partner(_) => (None, None),
        SubjectId::Client(id) => {
            let client = snapshot.client_ix(id).and_then(|at| snapshot.client(at));
            (client.map(|client| client.partner), None)
        }
        SubjectId::Key(id) => {
            let key = snapshot.key_ix(id).and_then(|at| snapshot.key(at));
            (key.map(|key| key.partner), key.and_then(|key| key.client))
        }
    };
    let partner = partner.and_then(|at| snapshot.partner(at)).map(|partner| partner.id.as_str());
    let client = client.and_then(|at| snapshot.client(at)).map(|client| client.id.as_str());
    [partner, client].into_iter().flatten()
}
