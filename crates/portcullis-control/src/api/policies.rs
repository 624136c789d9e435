//! The set of routes and policies: what is in force, and putting another in force.
//!
//! Must not know the language of the files: a checker compiles them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use portcullis_registry::{Command, PolicyInForce};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::told::{NarrowedView, ToldBody, with_words};
use super::{Ctx, aside, refused};
use crate::auth::Caller;
use crate::extract::{Body, Params};
use crate::names::orphans;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::Change;
use crate::{CheckFault, Checked, Drift, DriftKind, LedgerChange, Weighed};

/// Whether to send the texts too.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Send the text of each file too.
    #[serde(default)]
    texts: bool,
}

/// The set in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InForce {
    /// The event that put it in force.
    revision: u64,
    /// Since when.
    since: String,
    /// A digest over its files.
    set: String,
    /// Its files.
    files: Vec<FileInForce>,
    /// How the files on disk differ from it; they are not in force until they are applied.
    differs: Vec<Drift>,
}

/// A file of the set in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileInForce {
    /// Relative name.
    name: String,
    /// SHA-256 of its text.
    sha256: String,
    /// Its text, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// The set in force
#[utoipa::path(get, path = "/v1/policies", tag = "policies", security(("admin_token" = [])),
    params(Which), responses((status = 200, body = InForce), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<InForce>, Problem> {
    let snapshot = shared.control.office.snapshot();
    let Some(policy) = snapshot.policy() else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "no_policy",
            "No set is in force",
            "the gate refuses every call until a set is in force: run `portcullis apply` in the deployment's directory",
        ));
    };
    let mut files = Vec::with_capacity(policy.files.len());
    for file in &policy.files {
        let text = if which.texts { Some(text(&shared, &file.sha256).await?) } else { None };
        files.push(FileInForce { name: file.name.clone(), sha256: file.sha256.clone(), text });
    }
    let probe = Arc::clone(&shared.control.probe);
    let differs = aside(move || probe.drift()).await?;
    let (revision, since) = (policy.revision.0, policy.since.rfc3339());
    Ok(Json(InForce { revision, since, set: policy.set.clone(), files, differs }))
}

async fn text(shared: &Shared, sha256: &str) -> Result<String, Problem> {
    let bytes = shared.control.office.blob(sha256.to_owned()).await.map_err(refused)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A whole set to put in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Candidate {
    /// All files of the set; those not named are no longer part of it.
    files: Vec<CandidateFile>,
    /// Compile and compare, change nothing.
    #[serde(default)]
    dry_run: bool,
    /// What those are told whom it leaves less; without it, nobody may be left less.
    told: Option<ToldBody>,
}

/// A file of a candidate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CandidateFile {
    /// `routes/plaza.yaml`, `policies/partner-standard.yaml`: relative, `/`-separated.
    name: String,
    /// Its text.
    #[schema(value_type = String)]
    text: Arc<str>,
}

/// What a candidate came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Applied {
    /// Whether nothing was changed because the call asked so.
    dry_run: bool,
    /// What the set holds.
    holds: Checked,
    /// How it differs from the set that was in force.
    changes: Vec<Drift>,
    /// Whom it leaves less, and how.
    narrowed: Vec<NarrowedView>,
    /// What the ledger writes down otherwise of what leaves, what it writes down less of first.
    ledger: Vec<LedgerChange>,
    /// The change; null for a dry run.
    change: Option<Change>,
}

/// Compiles a whole set and puts it in force at once; with any fault nothing changes
#[utoipa::path(put, path = "/v1/policies", tag = "policies", security(("admin_token" = [])),
    request_body = Candidate,
    responses((status = 200, body = Applied), (status = "4XX", body = Document)))]
pub(crate) async fn publish(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(candidate): Body<Candidate>,
) -> Result<Response, Problem> {
    let files: Vec<_> = candidate.files.into_iter().map(|file| (file.name, file.text)).collect();
    let (checker, checked) = (Arc::clone(&shared.control.checker), files.clone());
    let holds = aside(move || checker.check(&checked)).await?.map_err(faulty)?;
    let snapshot = shared.control.office.snapshot();
    if let Some(problem) = orphans(&holds, &snapshot) {
        return Err(problem);
    }
    let changes = changes(snapshot.policy(), &files);
    let (checker, weighing) = (Arc::clone(&shared.control.checker), files.clone());
    let (weighed, ledger) = match changes.is_empty() {
        true => (Weighed::default(), Vec::new()),
        false => {
            let weigh = move || {
                (checker.weighs_set(&weighing, &snapshot), checker.weighs_ledger(&weighing))
            };
            aside(weigh).await?
        }
    };
    let narrowed = weighed.narrowed.iter().map(NarrowedView::from).collect();
    let change = if candidate.dry_run {
        None
    } else if changes.is_empty() {
        shared.control.office.snapshot().policy().map(same)
    } else {
        let command = (Command::PublishPolicy { files }, candidate.told);
        let (command, terms) =
            with_words(&shared, &caller, command, (weighed, None), false).await?;
        Some(Change::from(shared.submit_on(&caller, command, terms).await?))
    };
    let status = change.as_ref().map_or(StatusCode::OK, |change| change.status(StatusCode::OK));
    let applied = Applied { dry_run: candidate.dry_run, holds, changes, narrowed, ledger, change };
    Ok((status, Json(applied)).into_response())
}

fn same(policy: &PolicyInForce) -> Change {
    Change {
        revision: Some(policy.revision.0),
        durable: true,
        what: format!("this very set is in force already, since revision {}", policy.revision.0),
        undo: None,
        warning: None,
        proposal: None,
        two_persons: None,
        narrowed: Vec::new(),
        preview: None,
    }
}

fn faulty(faults: Vec<CheckFault>) -> Problem {
    let count = match faults.len() {
        1 => "there is 1 fault".to_owned(),
        n => format!("there are {n} faults"),
    };
    let detail = format!(
        "{count} in these files, so the set in force stays: correct them, then apply again; `portcullis check` shows the same faults without a server"
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "policy_faults", "The files have faults", detail)
        .with_faults(faults)
}

fn changes(in_force: Option<&PolicyInForce>, files: &[(String, Arc<str>)]) -> Vec<Drift> {
    let mut old: BTreeMap<&str, &str> = in_force
        .map(|policy| policy.files.iter().map(|f| (f.name.as_str(), f.sha256.as_str())).collect())
        .unwrap_or_default();
    let mut changes = Vec::new();
    for (name, text) in files {
        let kind = match old.remove(name.as_str()) {
            None => DriftKind::Added,
            Some(sha256) if sha256 == hex(text) => continue,
            Some(_) => DriftKind::Changed,
        };
        changes.push(Drift { name: name.clone(), kind });
    }
    let gone =
        old.into_keys().map(|name| Drift { name: name.to_owned(), kind: DriftKind::Removed });
    changes.extend(gone);
    changes
}

fn hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
