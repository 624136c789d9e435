//! The asker's way back in stages: where it is, what comes next and what is asked for it.
//!
//! Must not tell which other clients a stage is for: a key of one client sees its own part only.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portcullis_registry::{CaseCommand, PlanRecord, PlanState, Stage};
use portcullis_types::ClientId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Ctx;
use super::asker::{Asker, Writer};
use super::changes::OwnChange;
use crate::extract::Body;
use crate::names;
use crate::problem::{Document, Problem};

/// How your access comes back in stages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnWayBack {
    /// The stage you are at, from 1 on; 0: none began.
    stage: u8,
    /// How many there are.
    stages: u8,
    /// What the platform calls the stage; null before the first.
    name: Option<String>,
    /// Since when.
    since: String,
    /// The earliest moment of the next stage; null where nothing of it hangs on time.
    next_from: Option<String>,
    /// Signals since the stage began, and how many it bears before all of it falls back.
    signals: u32,
    /// The most it bears.
    signals_borne: u32,
    /// What you are asked to attest: send it to `attestations`.
    asked: Vec<Asked>,
}

/// What is to be attested, for one client.
#[derive(Debug, Serialize, ToSchema)]
struct Asked {
    /// The client.
    client: String,
    /// Before which stage can begin.
    before: String,
    /// When it was taken in; null while it is missing.
    attested: Option<String>,
}

impl OwnWayBack {
    /// The one that goes on; none where none does.
    pub(super) fn of(asker: &Asker) -> Option<Self> {
        let (_, plan) = asker.snapshot.cases().plan_of(asker.key.partner)?;
        let current = plan.current();
        let next_from = current.filter(|stage| stage.at_least > 0);
        (plan.state == PlanState::Running).then(|| Self {
            stage: plan.stage,
            stages: plan.plan.len(),
            name: current.map(|stage| stage.name.clone()),
            since: plan.since.rfc3339(),
            next_from: next_from.map(|stage| stage.ends(plan.since).rfc3339()),
            signals: plan.signals,
            signals_borne: current.map_or(0, |stage| stage.exit.signals),
            asked: asked(asker, plan),
        })
    }
}

fn asked(asker: &Asker, plan: &PlanRecord) -> Vec<Asked> {
    let stages = &plan.plan.stages;
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    let next = |index: usize| names.get(index + 1).map_or("the end", |name| name);
    let each = |(index, stage): (usize, &Stage)| {
        let entry = stage.entry.attestation.iter().map(|id| (id.clone(), stage.name.clone()));
        let exit = stage.exit.attestation.iter();
        let exit = exit.map(|id| (id.clone(), next(index).to_owned()));
        entry.chain(exit).collect::<Vec<(ClientId, String)>>()
    };
    let own = asker.client.as_ref().map(|client| &client.id);
    let all = stages.iter().enumerate().flat_map(each);
    let seen = all.filter(|(client, _)| own.is_none_or(|own| own == client));
    let asked = seen.map(|(client, before)| {
        let attested = plan.attested.get(&Some(client.clone()));
        let attested = attested.map(|(at, _)| at.rfc3339());
        Asked { client: client.to_string(), before, attested }
    });
    asked.collect()
}

/// What you attest.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAttestation {
    /// For which client of yours.
    client: String,
    /// What you attest, in words, at most 16 KiB; the platform keeps it.
    text: String,
}

/// Attests for a client what the way back asks for; `me` says what that is
#[utoipa::path(post, path = "/partner/v1/attestations", tag = "clients", security(("key" = [])),
    request_body = NewAttestation,
    responses((status = 201, body = OwnChange), (status = "4XX", body = Document)))]
pub(super) async fn attest(
    State(api): Ctx,
    Writer(asker): Writer,
    Body(new): Body<NewAttestation>,
) -> Result<(StatusCode, Json<OwnChange>), Problem> {
    let client: ClientId = names::id(&new.client)?;
    asker.speaks_for_others()?;
    // A key of a client speaks for that one.
    if asker.client.as_ref().is_none_or(|own| own.id != client) {
        asker.speaks_for_all()?;
    }
    let partner = asker.partner.id.clone();
    let command = CaseCommand::Attest { partner, client: Some(client), text: new.text };
    Ok((StatusCode::CREATED, Json(api.change(&asker, command.into()).await?)))
}
