//! A case as one file that anybody can check without a server.
//!
//! Must not know how a bundle is checked.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use portcullis_audit::{
    BundleContent, BundleEvent, BundleHead, BundleProof, CaseBundle, Hash, sealed, to_base64,
};
use portcullis_registry::{CaseCommand, CaseEvent, CaseRecord, Event, LoggedEvent, OfficeError};
use portcullis_types::Revision;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::known;
use crate::api::{Ctx, refused};
use crate::auth::Caller;
use crate::extract::Body;
use crate::problem::{Document, Problem};
use crate::router::Shared;

/// Most bytes of contents in a bundle.
const CONTENTS_BYTES_MAX: usize = 32 << 20;
/// Events read at once where policies are looked for.
const CHUNK: usize = 500;
/// So often the proofs are fetched anew while the log grows under them.
const TRIES_MAX: usize = 20;

/// What goes into a bundle.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// With the bodies of evidence; an event says of each that it was read.
    #[serde(default)]
    with_evidence: bool,
}

/// A bundle.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Bundle {
    /// The event that names the digest of all in it.
    revision: u64,
    /// What it holds, in one line.
    what: String,
    /// The bundle: lines of JSON.
    bundle: String,
}

/// Hands a case out as a bundle; an event of the log seals it
#[utoipa::path(post, path = "/v1/cases/{id}/export", tag = "cases", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The case's id")),
    request_body = Wanted,
    responses((status = 200, body = Bundle), (status = "4XX", body = Document)))]
pub(crate) async fn export(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(Wanted { with_evidence }): Body<Wanted>,
) -> Result<Json<Bundle>, Problem> {
    if with_evidence {
        record_reading(&shared, &caller, &known(&shared, &id)?).await?;
    }
    let case = known(&shared, &id)?;
    let logged = events(&shared, &case).await?;
    let contents = contents(&shared, &logged, with_evidence).await?;
    let origin = shared.control.office.snapshot().origin().unwrap_or_default().to_owned();
    let head = BundleHead { bundle: 1, case: case.id.to_string(), origin };
    let events: Vec<BundleEvent> = logged.into_iter().map(leaf).collect();
    let digest = CaseBundle::digest(&head, &events, &contents);
    let command = CaseCommand::Export { case: case.id, digest, evidence: with_evidence };
    let done = shared.submit(&caller, command).await?;
    let sealed = done.revision.filter(|_| done.durable).ok_or_else(not_durable)?;
    let seal = leaf(shared.control.office.event(sealed).await.map_err(refused)?);
    let (proofs, checkpoint) = proofs(&shared, &events, sealed).await?;
    let what = format!(
        "{} events and {} contents of case `{}`, sealed by event {}",
        events.len(),
        contents.len(),
        head.case,
        sealed.0
    );
    let bundle = CaseBundle { head, events, contents, seal, proofs, checkpoint }.to_string();
    Ok(Json(Bundle { revision: sealed.0, what, bundle }))
}

async fn record_reading(
    shared: &Shared,
    caller: &Caller,
    case: &CaseRecord,
) -> Result<(), Problem> {
    for one in case.evidence.iter().filter(|one| one.kept) {
        let (case, sha256) = (case.id.clone(), one.sha256.to_string());
        let purpose = "to be handed out with the case".to_owned();
        shared.submit(caller, CaseCommand::ReadEvidence { case, sha256, purpose }).await?;
    }
    Ok(())
}

/// The events of a case: what names it, its signals, and the policies that were in force meanwhile.
async fn events(shared: &Shared, case: &CaseRecord) -> Result<Vec<LoggedEvent>, Problem> {
    let mut wanted: Vec<Revision> = case.timeline.iter().chain(&case.signals).copied().collect();
    if let (Some(first), Some(last)) = (case.timeline.first(), case.timeline.last()) {
        wanted.extend(policies(shared, *first, *last).await?);
    }
    wanted.sort();
    wanted.dedup();
    let mut found = Vec::with_capacity(wanted.len());
    for revision in wanted {
        found.push(shared.control.office.event(revision).await.map_err(refused)?);
    }
    Ok(found)
}

/// The sets of policies that were in force from one event to another.
async fn policies(
    shared: &Shared,
    first: Revision,
    last: Revision,
) -> Result<Vec<Revision>, Problem> {
    let mut found = Vec::new();
    let mut from = Revision(0);
    while from <= last {
        let part = shared.control.office.events(from, CHUNK).await.map_err(refused)?;
        let Some(next) = part.last().map(|last| Revision(last.revision.0 + 1)) else { break };
        for logged in part.iter().filter(|logged| logged.revision <= last) {
            if matches!(logged.event, Event::PolicyPublished { .. }) {
                // Of those before the case only the last was in force.
                if logged.revision <= first {
                    found.clear();
                }
                found.push(logged.revision);
            }
        }
        from = next;
    }
    Ok(found)
}

/// What the events name by digest, and what their leaves seal: whoever is handed a case reads who
/// acted in it.
async fn contents(
    shared: &Shared,
    events: &[LoggedEvent],
    with_evidence: bool,
) -> Result<Vec<BundleContent>, Problem> {
    let mut contents = Contents::default();
    for logged in events {
        for (kind, sha256, left_out) in named(&logged.event) {
            if !contents.has(&sha256) {
                let left_out = left_out && !with_evidence;
                let body = if left_out { None } else { body(shared, &sha256).await? };
                contents.add(kind, sha256, body)?;
            }
        }
        if let Some(digest) = sealed(logged.leaf.as_bytes()) {
            let opening = logged.opening.clone().map(String::into_bytes);
            contents.add("sealed", digest.to_owned(), opening)?;
        }
    }
    Ok(contents.list)
}

#[derive(Default)]
struct Contents {
    list: Vec<BundleContent>,
    bytes: usize,
}

impl Contents {
    fn has(&self, sha256: &str) -> bool {
        self.list.iter().any(|content| content.sha256 == sha256)
    }

    fn add(&mut self, kind: &str, sha256: String, body: Option<Vec<u8>>) -> Result<(), Problem> {
        self.bytes += body.as_ref().map_or(0, Vec::len);
        if self.bytes > CONTENTS_BYTES_MAX {
            return Err(too_large());
        }
        let (text, base64) = match body.map(String::from_utf8) {
            Some(Ok(text)) => (Some(text), None),
            Some(Err(error)) => (None, Some(to_base64(error.as_bytes()))),
            None => (None, None),
        };
        self.list.push(BundleContent { content: kind.to_owned(), sha256, text, base64 });
        Ok(())
    }
}

/// Kind and digest of what an event names, and whether it is left out where nobody asks for it.
fn named(event: &Event) -> Vec<(&'static str, String, bool)> {
    match event {
        Event::Case(CaseEvent::Noted { note, .. }) => vec![("note", note.clone(), false)],
        Event::Case(CaseEvent::Planned { plan, .. }) => vec![("plan", plan.clone(), false)],
        Event::Case(CaseEvent::Attested { text, .. }) => vec![("attestation", text.clone(), false)],
        Event::Case(CaseEvent::EvidenceAdded { sha256, .. }) => {
            vec![("evidence", sha256.clone(), true)]
        }
        Event::PolicyPublished { files, .. } => {
            files.iter().map(|file| ("policy", file.sha256.clone(), false)).collect()
        }
        other => {
            other.statement().map(|one| ("statement", one.to_owned(), false)).into_iter().collect()
        }
    }
}

/// A body; none where it was never kept, or is kept no more.
async fn body(shared: &Shared, sha256: &str) -> Result<Option<Vec<u8>>, Problem> {
    match shared.control.office.blob(sha256.to_owned()).await {
        Ok(body) => Ok(Some(body)),
        Err(OfficeError::NoSuchBlob(_)) => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

/// All proofs to one signed root: the log grows meanwhile, so that it may take more than one try.
async fn proofs(
    shared: &Shared,
    events: &[BundleEvent],
    sealed: Revision,
) -> Result<(Vec<BundleProof>, String), Problem> {
    let all = || events.iter().map(|event| Revision(event.event)).chain([sealed]);
    for _ in 0..TRIES_MAX {
        let mut proofs = Vec::with_capacity(events.len() + 1);
        let mut note: Option<String> = None;
        for revision in all() {
            let receipt = shared.control.office.receipt(revision).await.map_err(refused)?;
            if note.get_or_insert_with(|| receipt.note.clone()) != &receipt.note {
                break;
            }
            let hashes = receipt.hashes.iter().map(Hash::to_base64).collect();
            proofs.push(BundleProof { proof: revision.0, hashes });
        }
        if let Some(note) = note.filter(|_| proofs.len() == events.len() + 1) {
            return Ok((proofs, note));
        }
    }
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "log_too_busy",
        "The log grows too fast",
        "the log grew under the proofs again and again; try it once more",
    ))
}

fn leaf(logged: LoggedEvent) -> BundleEvent {
    BundleEvent { event: logged.revision.0, leaf: logged.leaf }
}

fn not_durable() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "store_not_writable",
        "The store can't be written",
        "a bundle is sealed by an event of the log, which can't be written now; free space for the store first",
    )
}

fn too_large() -> Problem {
    let most = CONTENTS_BYTES_MAX >> 20;
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "bundle_too_large",
        "The bundle would be too large",
        format!(
            "its contents come to more than {most} MiB; leave the bodies of evidence out, and hand them out beside it: their digests stand in it"
        ),
    )
}
