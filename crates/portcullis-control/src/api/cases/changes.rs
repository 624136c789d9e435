//! What is done in a case: written down, linked, given to somebody, closed; and its way back.
//!
//! Must not know the rules of it.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use portcullis_registry::CaseCommand;
use portcullis_types::{CaseId, ReasonCode, Revision};
use serde::Deserialize;
use utoipa::ToSchema;

use super::plan::PlanText;
use super::{known, subjects, submit};
use crate::api::Ctx;
use crate::auth::Caller;
use crate::extract::Body;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::views::Change;
use crate::{moments, names};

/// What is to be done in a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum CaseChange {
    /// Write something down; the text is kept by its digest.
    Note {
        /// At most 64 KiB.
        text: String,
    },
    /// Name more subjects and signals.
    Link {
        /// Such as `partner:acme`.
        #[serde(default)]
        subjects: Vec<String>,
        /// Events of signals; each brings its partner.
        #[serde(default)]
        signals: Vec<u64>,
    },
    /// Give it to somebody.
    Assign {
        /// The person's id.
        owner: String,
    },
    /// Set when it is looked at again.
    Review {
        /// A date, a time, or a length from now such as `7d`.
        review_by: String,
    },
    /// Keep all that it is about from being erased until then, even once it is closed.
    Preserve {
        /// A date, a time, or a length from now such as `365d`; later than before.
        until: String,
    },
    /// End it.
    Close {
        /// Why, for who reads the log later.
        why: String,
    },
    /// Plan a way back in stages; nothing opens yet. Takes two persons.
    Plan {
        /// The plan.
        plan: PlanText,
        /// Only says what would happen.
        #[serde(default)]
        dry_run: bool,
    },
    /// Take the next stage, once what must be so is so. Takes two persons.
    Stage {
        /// Its number, from 1 on.
        stage: u8,
        /// The reason code; the partner reads it.
        reason: String,
        /// The text for the partner.
        tell: String,
        /// Only says what would happen.
        #[serde(default)]
        dry_run: bool,
    },
    /// Give back all, once the last stage is over. Takes two persons.
    Finish {
        /// The reason code; the partner reads it.
        reason: String,
        /// The text for the partner.
        tell: String,
        /// Only says what would happen.
        #[serde(default)]
        dry_run: bool,
    },
    /// Take down what the partner attested by another way than its own API.
    Attest {
        /// For which client.
        client: String,
        /// What was attested, at most 16 KiB.
        text: String,
    },
}

/// Does something in a case: a note, a link, a stage of its way back
#[utoipa::path(post, path = "/v1/cases/{id}/changes", tag = "cases", security(("admin_token" = [])),
    params(("id" = String, Path, description = "The case's id")),
    request_body = CaseChange,
    responses((status = 200, body = Change), (status = "4XX", body = Document)))]
pub(crate) async fn change(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(wish): Body<CaseChange>,
) -> Result<Response, Problem> {
    let case = known(&shared, &id)?;
    let dry_run = match &wish {
        CaseChange::Plan { dry_run, .. }
        | CaseChange::Stage { dry_run, .. }
        | CaseChange::Finish { dry_run, .. } => *dry_run,
        _ => false,
    };
    let command = match wish {
        CaseChange::Attest { client, text } => {
            let snapshot = shared.control.office.snapshot();
            let plan = case.plan.as_deref();
            let partner = plan.and_then(|plan| snapshot.partner(plan.partner));
            let partner = partner.ok_or_else(|| {
                Problem::unreadable(format!(
                    "case `{id}` has no plan that asks for attestations: plan one by `portcullis case restore {id} --plan FILE`"
                ))
            })?;
            let (partner, client) = (partner.id.clone(), Some(names::id(&client)?));
            CaseCommand::Attest { partner, client, text }
        }
        wish => command(&shared, case.id, wish)?,
    };
    submit(&shared, &caller, command, dry_run).await
}

fn command(shared: &Shared, case: CaseId, wish: CaseChange) -> Result<CaseCommand, Problem> {
    let told = |reason: String, tell: String| -> Result<(ReasonCode, String), Problem> {
        Ok((names::id(&reason)?, tell))
    };
    Ok(match wish {
        CaseChange::Note { text } | CaseChange::Attest { text, .. } => {
            CaseCommand::Note { case, text }
        }
        CaseChange::Link { subjects: named, signals } => {
            let signals = signals.into_iter().map(Revision).collect();
            CaseCommand::Link { case, subjects: subjects(&named)?, signals }
        }
        CaseChange::Assign { owner } => CaseCommand::Assign { case, owner: names::id(&owner)? },
        CaseChange::Review { review_by } => {
            let review_by = moments::future("review_by", &review_by, shared.now())?;
            CaseCommand::Review { case, review_by }
        }
        CaseChange::Preserve { until } => {
            let until = moments::future("until", &until, shared.now())?;
            CaseCommand::Preserve { case, until }
        }
        CaseChange::Close { why } => CaseCommand::Close { case, why },
        CaseChange::Plan { plan, .. } => {
            CaseCommand::Plan { case, plan: plan.read(&*shared.control.checker)? }
        }
        CaseChange::Stage { stage, reason, tell, .. } => {
            let (reason, tell) = told(reason, tell)?;
            CaseCommand::Stage { case, stage, reason, tell }
        }
        CaseChange::Finish { reason, tell, .. } => {
            let (reason, tell) = told(reason, tell)?;
            CaseCommand::Finish { case, reason, tell }
        }
    })
}
