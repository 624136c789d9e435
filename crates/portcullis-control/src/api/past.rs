//! The state of then: what somebody was allowed on that day.
//!
//! Must not know how the log is folded.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portcullis_registry::{LogPoint, Snapshot, SubjectId, SubjectIx};
use portcullis_types::{ClientId, ClientIx, IdError, KeyId, PartnerId, PartnerIx, Revision, Wall};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, refused};
use crate::extract::Params;
use crate::moments::moment;
use crate::problem::{Document, Problem};
use crate::views::{ClientView, KeyView, PartnerView};

/// Most partners that are listed where none is named.
const PARTNERS_MAX: usize = 1000;

/// When, and of whom.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct When {
    /// The last event to take in.
    revision: Option<u64>,
    /// Or the moment: a date or a time, RFC 3339.
    date: Option<String>,
    /// Only this partner, with its clients and keys.
    partner: Option<String>,
    /// Only this client, with its keys.
    client: Option<String>,
    /// Only this key.
    key: Option<String>,
}

/// A file of a set, by content.
#[derive(Debug, Serialize, ToSchema)]
struct PastFile {
    /// Its name.
    name: String,
    /// SHA-256 of its text, lower-case hex.
    sha256: String,
}

/// The set that was in force.
#[derive(Debug, Serialize, ToSchema)]
struct PastSet {
    /// Its digest.
    set: String,
    /// The event that put it in force.
    revision: u64,
    /// Since when.
    since: String,
    /// Its files.
    files: Vec<PastFile>,
}

/// The state of then.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PastView {
    /// The last event taken in; null before the first.
    revision: Option<u64>,
    /// The moment that it is the state of.
    at: String,
    /// A digest over the whole state: equal states have equal ones.
    fingerprint: String,
    /// Whether giving access took two persons.
    two_persons: bool,
    /// The set of routes and policies that was in force.
    policies: Option<PastSet>,
    /// The partners; at most 1000 where none is named.
    partners: Vec<PartnerView>,
    /// How many partners there were.
    partners_total: usize,
    /// Clients of who is named.
    clients: Vec<ClientView>,
    /// Keys of who is named.
    keys: Vec<KeyView>,
}

/// The state of then: how a partner, client or key stood, its tier and facts, and the set in force
#[utoipa::path(get, path = "/v1/audit/at", tag = "audit", security(("admin_token" = [])),
    params(When), responses((status = 200, body = PastView), (status = "4XX", body = Document)))]
pub(crate) async fn at(
    State(shared): Ctx,
    Params(when): Params<When>,
) -> Result<Json<PastView>, Problem> {
    let now = shared.control.clock.now().wall;
    let (point, subject) = asked(&when, now)?;
    let past = shared.control.office.past(point).await.map_err(refused)?;
    seen(&past, point, subject.as_ref()).map(Json)
}

/// The same as a value, of a state that was folded elsewhere; `when` has the members of the query.
///
/// # Errors
/// What is wrong with the wish, in words.
pub fn past_view<E: std::fmt::Display>(
    when: serde_json::Value,
    now: Wall,
    fold: impl FnOnce(LogPoint) -> Result<std::sync::Arc<Snapshot>, E>,
) -> Result<serde_json::Value, String> {
    let when: When = serde_json::from_value(when).map_err(|error| error.to_string())?;
    let (point, subject) = asked(&when, now).map_err(|problem| problem.detail.clone())?;
    let past = fold(point).map_err(|error| error.to_string())?;
    let view = seen(&past, point, subject.as_ref()).map_err(|problem| problem.detail.clone())?;
    serde_json::to_value(view).map_err(|error| error.to_string())
}

fn asked(when: &When, now: Wall) -> Result<(LogPoint, Option<SubjectId>), Problem> {
    let point = match (when.revision, &when.date) {
        (Some(revision), None) => LogPoint::Revision(Revision(revision)),
        (None, Some(date)) => LogPoint::Time(moment("date", date, now)?),
        _ => return Err(Problem::unreadable("name either a `revision` or a `date`")),
    };
    let subject = match (&when.partner, &when.client, &when.key) {
        (None, None, None) => None,
        (Some(id), None, None) => Some(PartnerId::new(id).map(SubjectId::Partner)),
        (None, Some(id), None) => Some(ClientId::new(id).map(SubjectId::Client)),
        (None, None, Some(id)) => Some(KeyId::new(id).map(SubjectId::Key)),
        _ => return Err(Problem::unreadable("name one of `partner`, `client` and `key`")),
    };
    let unreadable = |error: IdError| Problem::unreadable(error.to_string());
    Ok((point, subject.transpose().map_err(unreadable)?))
}

/// The partner of a subject, and the client that it is or is bound to.
fn around(past: &Snapshot, subject: SubjectIx) -> (Option<PartnerIx>, Option<ClientIx>) {
    match subject {
        SubjectIx::Partner(at) => (Some(at), None),
        SubjectIx::Client(at) => (past.client(at).map(|client| client.partner), Some(at)),
        SubjectIx::Key(at) => {
            let key = past.key(at);
            (key.map(|key| key.partner), key.and_then(|key| key.client))
        }
    }
}

fn seen(
    past: &Snapshot,
    point: LogPoint,
    subject: Option<&SubjectId>,
) -> Result<PastView, Problem> {
    // What ends by itself had ended at that moment, whether or not an event said so.
    let at = match point {
        LogPoint::Time(moment) => moment,
        LogPoint::Revision(_) => past.at(),
    };
    let subject = subject.map(|subject| {
        past.subject_ix(subject).ok_or_else(|| {
            let detail = format!("there was no {subject} then; it may have come later, or never: `portcullis audit query --subject` lists what happened to it");
            Problem::new(StatusCode::NOT_FOUND, "not_there_then", "It was not there then", detail)
        })
    });
    let subject = subject.transpose()?;
    let policies = past.policy().map(|policy| PastSet {
        set: policy.set.clone(),
        revision: policy.revision.0,
        since: policy.since.rfc3339(),
        files: policy
            .files
            .iter()
            .map(|file| PastFile { name: file.name.clone(), sha256: file.sha256.clone() })
            .collect(),
    });
    let whole = subject.is_some();
    let (of, client_of) = subject.map(|subject| around(past, subject)).unwrap_or_default();
    let partners = past.partners().filter(|(at, _)| of.is_none_or(|of| of == *at));
    let partners = partners.take(PARTNERS_MAX).map(|(_, one)| PartnerView::new(one, whole));
    let clients = past.clients().filter(|(ix, client)| match subject {
        Some(SubjectIx::Partner(of)) => client.partner == of,
        Some(_) => client_of == Some(*ix),
        None => false,
    });
    let keys = past.keys().filter(|(ix, key)| match subject {
        Some(SubjectIx::Partner(of)) => key.partner == of,
        Some(SubjectIx::Client(of)) => key.client == Some(of),
        Some(SubjectIx::Key(of)) => *ix == of,
        None => false,
    });
    Ok(PastView {
        revision: past.revision().map(|revision| revision.0),
        at: at.rfc3339(),
        fingerprint: past.fingerprint(),
        two_persons: past.people().rule().two_persons,
        policies,
        partners: partners.collect(),
        partners_total: past.partner_count(),
        clients: clients.map(|(_, one)| ClientView::new(one, past, whole)).collect(),
        keys: keys.take(PARTNERS_MAX).map(|(ix, one)| KeyView::new(ix, one, past, at)).collect(),
    })
}
