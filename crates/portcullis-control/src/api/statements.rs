//! Statements of reasons: taken as people write them, and shown by their digest.
//!
//! Must not know what a statement must say: the registry has the rules.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portcullis_registry::{
    Automation, Command, Event, Extent, Fact, OfficeError, PartnerNotice, RetentionEvent,
    Statement, StatementDraft, SubjectId, fact_of_signal,
};
use portcullis_types::{Revision, Span, Wall};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{Ctx, refused};
use crate::moments;
use crate::problem::{Document, Problem};
use crate::router::Shared;

/// Most events whose facts are taken over at once.
const FROM_MAX: usize = 20;

/// A statement as it is sent: `facts` (each with `statement`, `period`, and where it was measured
/// `metric`, `value`, `limit` and `evidence` or `evidence_sha256`), `facts_from` (revisions of
/// signals and of earlier steps, whose facts are taken over), `ends_at`, `indefinite_because`,
/// `impact_note`, `withheld`, `ground`, `required_actions`, `data_duties`, `redress`, `origin`,
/// `lang`, `supersedes`. A `period` is `{from, until}`, `2024-03-30..2024-03-31`, `24h` back from
/// now, or `now`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(value_type = Object)]
pub(crate) struct Given(Map<String, Value>);

/// The draft that was sent with a wish: lengths become moments, revisions the facts that stand there.
pub(crate) async fn draft(
    shared: &Shared,
    of: &SubjectId,
    given: Option<Given>,
) -> Result<Option<StatementDraft>, Problem> {
    let Some(Given(mut members)) = given else { return Ok(None) };
    let now = shared.now();
    let from = members.remove("facts_from").unwrap_or_else(|| json!([]));
    let from: Vec<u64> = serde_json::from_value(from)
        .map_err(|_| Problem::unreadable("`statement.facts_from` is a list of revisions"))?;
    if from.len() > FROM_MAX {
        let told = format!("`statement.facts_from` names more than {FROM_MAX} events");
        return Err(Problem::unreadable(told));
    }
    let facts = members.get_mut("facts").and_then(Value::as_array_mut);
    for fact in facts.into_iter().flatten() {
        if let Some(period) = fact.get_mut("period")
            && let Some(text) = period.as_str()
        {
            *period = period_of(text, now)?;
        }
    }
    if let Some(text) = members.get("ends_at").and_then(Value::as_str) {
        let at = moments::future("statement.ends_at", text, now)?;
        members.insert("ends_at".to_owned(), at.rfc3339().into());
    }
    let mut draft: StatementDraft =
        serde_json::from_value(Value::Object(members)).map_err(|error| {
            let why: String = error.to_string().chars().take(300).collect();
            Problem::unreadable(format!("`statement` can't be taken: {why}"))
        })?;
    for revision in from {
        let (facts, detection) = found(shared, of, Revision(revision)).await?;
        draft.facts.extend(facts);
        if detection != Extent::None {
            let found = Automation { detection, ..Automation::default() };
            draft.automation.get_or_insert(found);
        }
    }
    Ok(Some(draft))
}

/// The command with what was found, where that was sent.
pub(crate) fn with(draft: Option<StatementDraft>, command: Command) -> Command {
    match draft {
        Some(draft) => command.stated(draft),
        None => command,
    }
}

/// From when to when, as people write it.
fn period_of(text: &str, now: Wall) -> Result<Value, Problem> {
    let moment = |one: &str| match one {
        "now" => Ok(now),
        one => moments::moment("period", one, now).map_err(|_| no_period(text)),
    };
    let (from, until) = match (text.split_once(".."), text.parse::<Span>()) {
        (Some((from, until)), _) => (moment(from)?, moment(until)?),
        (None, Ok(back)) => (Wall(now.0.saturating_sub(back.milliseconds())), now),
        (None, Err(_)) => (moment(text)?, moment(text)?),
    };
    Ok(json!({ "from": from.rfc3339(), "until": until.rfc3339() }))
}

fn no_period(text: &str) -> Problem {
    let shown: String = text.chars().take(80).collect();
    Problem::unreadable(format!(
        "`period` is `{shown}`: write `24h` back from now, `2024-03-30..2024-03-31`, a moment or `now`"
    ))
}

/// The facts that an event of the same partner rests on, and how far a machine found them.
async fn found(
    shared: &Shared,
    of: &SubjectId,
    at: Revision,
) -> Result<(Vec<Fact>, Extent), Problem> {
    let office = &shared.control.office;
    let logged = office.event(at).await.map_err(refused)?;
    let snapshot = office.snapshot();
    let partner = snapshot.subject_ix(of).and_then(|ix| snapshot.partner_of(ix));
    let partner = partner.and_then(|ix| snapshot.partner(ix)).map(|record| record.id.clone());
    let whose = match &logged.event {
        Event::SignalRaised { partner, .. } => Some(partner.clone()),
        _ => PartnerNotice::of(&logged, &snapshot).map(|notice| notice.partner),
    };
    if whose.is_some() && whose != partner {
        return Err(no_facts(at, "is about somebody else"));
    }
    if let Some(fact) = fact_of_signal(at, logged.at, &logged.hash, &logged.event) {
        return Ok((vec![fact], Extent::Full));
    }
    let digest = logged.event.statement();
    let digest =
        digest.ok_or_else(|| no_facts(at, "is no signal and has no statement of reasons"))?;
    let statement = kept(shared, digest).await?;
    Ok((statement.facts, statement.automation.detection))
}

fn no_facts(at: Revision, why: &str) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "no_facts_there",
        "That event has no facts for this",
        format!(
            "event {} {why}: name a signal of this partner (`portcullis signal list`), or an earlier step about it",
            at.0
        ),
    )
}

async fn kept(shared: &Shared, digest: &str) -> Result<Statement, Problem> {
    let none = || refused(OfficeError::NoSuchBlob(digest.to_owned()));
    let hex = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    if !hex {
        return Err(Problem::unreadable(
            "the digest of a statement is 64 hex digits; `portcullis audit show` tells it",
        ));
    }
    let blob = match shared.control.office.blob(digest.to_owned()).await {
        Ok(blob) => blob,
        Err(error) => return Err(gone(shared, digest).await.unwrap_or_else(|| refused(error))),
    };
    // Other things are kept by digest too, and are nobody's business here.
    serde_json::from_slice(&blob).map_err(|_| none())
}

/// Why a statement that there was is there no more; none: there never was one.
async fn gone(shared: &Shared, digest: &str) -> Option<Problem> {
    let office = &shared.control.office;
    let at = office.snapshot().bodies().gone(digest)?.gone?;
    let logged = office.event(at).await.ok()?;
    let Event::Retention(RetentionEvent::Erased { kept, .. }) = &logged.event else { return None };
    let told = format!(
        "this statement was erased on {} by event {}: statements were kept for {kept}; its digest stays in the log",
        logged.ts, at.0
    );
    Some(Problem::new(StatusCode::GONE, "statement_erased", "The statement was erased", told))
}

/// A statement of reasons.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatementView {
    /// Its digest: what events name it by.
    digest: String,
    /// The whole statement.
    #[schema(value_type = Object)]
    statement: Value,
    /// The same as its partner reads it now: what is withheld is left out, with ground and end.
    #[schema(value_type = Object)]
    partner_reads: Value,
}

/// A statement of reasons by its digest, whole and as its partner reads it now
#[utoipa::path(get, path = "/v1/statements/{digest}", tag = "audit", security(("admin_token" = [])),
    params(("digest" = String, Path, description = "Lower-case hex SHA-256, as events name it")),
    responses((status = 200, body = StatementView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Path(digest): Path<String>,
) -> Result<Json<StatementView>, Problem> {
    let statement = kept(&shared, &digest).await?;
    let partner_reads = statement.for_partner(shared.now());
    let statement = serde_json::to_value(&statement).unwrap_or_default();
    Ok(Json(StatementView { digest, statement, partner_reads }))
}
