//! The answer to a question as evidence of a case: the log has its digest, whoever asks has the file.
//!
//! Must not know how an answer is checked later.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use portcullis_registry::{Blob, LedgerCommand, Taking};
use portcullis_types::CaseId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::asked::Asked;
use super::{aside, desk, record, refused, told_once};
use crate::api::Ctx;
use crate::auth::Caller;
use crate::extract::Body;
use crate::ledger::LedgerTaken;
use crate::names::id;
use crate::problem::{Document, Problem};

/// The version of the file's form.
const FORM: u64 = 1;

/// An answer to be added to a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceAsked {
    /// The case.
    case: String,
    /// What people call it; the question's word when absent.
    name: Option<String>,
    /// What is asked.
    ask: Asked,
}

/// An answer that was added to a case.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceTaken {
    /// The event that has its digest.
    revision: Option<u64>,
    /// What was done, in one line.
    what: String,
    /// Lower-case hex SHA-256 of the file.
    sha256: String,
    /// The answer.
    #[schema(value_type = Object)]
    answer: Value,
    /// Answers of that time that are not anchored yet, and not in it.
    not_anchored: u64,
    /// The file: it is kept nowhere but by whoever asked.
    file: String,
}

/// Adds the answer to a question to a case as evidence, read from what is anchored in the log alone. The
/// log has the digest of the file that is answered; the gate does not keep the file
#[utoipa::path(post, path = "/v1/ledger/evidence", tag = "ledger", security(("admin_token" = [])),
    request_body = EvidenceAsked,
    responses((status = 200, body = EvidenceTaken), (status = "4XX", body = Document)))]
pub(crate) async fn add(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<EvidenceAsked>,
) -> Result<Response, Problem> {
    let EvidenceAsked { case, name, mut ask } = asked;
    let case: CaseId = id(&case)?;
    ask.for_case(case.as_str());
    let (question, asking) = ask.read(shared.now())?;
    let asked = record(&shared, &caller, asking).await?;
    let (desk, of) = (desk(&shared)?, question.clone());
    let taken = aside(move || desk.evidence(&of)).await?.map_err(refused)?;
    let LedgerTaken { members, sets } = taken;
    let origin = shared.control.office.snapshot().origin().unwrap_or_default().to_owned();
    let mut whole = Map::new();
    for (name, value) in [
        ("portcullis_ledger_evidence", FORM.into()),
        ("log", origin.into()),
        ("case", case.as_str().into()),
        ("taken", shared.now().rfc3339().into()),
        ("asked", asked.into()),
    ] {
        whole.insert(name.to_owned(), value);
    }
    whole.extend(members);
    let whole = Value::Object(whole);
    let file = serde_json::to_string_pretty(&whole).map_err(|_| unwritable())? + "\n";
    let Blob { sha256, .. } = Blob::new(file.clone().into_bytes());
    let name = name.unwrap_or_else(|| format!("ledger {}", question.name()));
    let (since, until) = question.time();
    let (question, bytes) = (question.name().to_owned(), file.len() as u64);
    let taking = Taking { case, name, sha256: sha256.clone(), bytes, question, since, until, sets };
    let done = shared.submit(&caller, LedgerCommand::Take(taking)).await?;
    let mut answer = whole.get("answer").cloned().unwrap_or_default();
    if let (Value::Object(answer), Some(asked)) = (&mut answer, asked) {
        answer.insert("asked".to_owned(), json!(asked));
    }
    let not_anchored = whole.get("not_anchored").and_then(Value::as_u64).unwrap_or_default();
    let (revision, what) = (done.revision.map(|at| at.0), done.what);
    Ok(told_once(EvidenceTaken { revision, what, sha256, answer, not_anchored, file }))
}

fn unwritable() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "A fault of the gate",
        "nothing was changed; look at the gate's log",
    )
}
