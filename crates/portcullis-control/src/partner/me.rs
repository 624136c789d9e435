//! How the asker stands: state, reason, clocks, what is closed and what still works.
//!
//! Must not know what an operation is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use portcullis_registry::{Command, Standing, StandingCommand, SubjectId};
use portcullis_types::{Notice, StandingName, Subject, Wall};
use serde::Serialize;
use utoipa::ToSchema;

use super::asker::{Asker, Writer};
use super::changes::OwnChange;
use super::coming::Coming;
use super::keys::OwnKey;
use super::measures::{Clock, Measure, clocks};
use super::way_back::OwnWayBack;
use super::{AgreedOperation, Ctx};
use crate::api::aside;
use crate::problem::{Document, Problem};
use crate::views::AnswerView;

/// How the asker stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    /// This moment, RFC 3339.
    at: String,
    /// The key that asks.
    key: OwnKey,
    /// Whose it is; null for a key that has ended.
    partner: Option<Named>,
    /// The client it is bound to.
    client: Option<Named>,
    /// `good`, `warned`, `restricted`, `suspended`, `terminating`, `terminated`, `probation`; or how
    /// the key itself stands, where it is at its end or not at its beginning.
    state: String,
    /// The same in a sentence.
    told: String,
    /// What was taken away, from whom, and why; the widest first.
    measures: Vec<Measure>,
    /// Operations of the agreement that are closed at the moment.
    closed: Vec<AgreedOperation>,
    /// Operations of the agreement that work, as far as standing goes.
    works: Vec<AgreedOperation>,
    /// How your access comes back in stages; null where no such plan goes on.
    way_back: Option<OwnWayBack>,
    /// What ends or is looked at, and when; the next first.
    clocks: Vec<Clock>,
    /// Changes of your agreement that were announced and leave you less, the next first.
    coming: Vec<Coming>,
    /// Your answers and appeals that wait for the platform, with when it replies.
    answers: Vec<AnswerView>,
}

/// A partner or a client.
#[derive(Debug, Serialize, ToSchema)]
struct Named {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// How you stand, what is closed, why and until when, and what still works
#[utoipa::path(get, path = "/partner/v1/me", tag = "me", security(("key" = [])),
    responses((status = 200, body = Me), (status = "4XX", body = Document)))]
pub(super) async fn show(State(api): Ctx, asker: Asker) -> Result<Json<Me>, Problem> {
    if asker.has_ended() {
        return Ok(Json(Me::ended(&asker)));
    }
    let agreements = Arc::clone(&api.parts.agreements);
    let (at, now) = (asker.at, asker.now);
    let all = aside(move || agreements.operations(at, now)).await?;
    let (works, closed) = all.into_iter().partition(|operation| operation.open);
    let mut me = Me::whole(&asker, works, closed);
    for measure in &mut me.measures {
        measure.explain(&api, asker.wall()).await;
    }
    Ok(Json(me))
}

/// Takes down that you have read a warning; with a key bound to a client, the client's
#[utoipa::path(post, path = "/partner/v1/me/acknowledge", tag = "me", security(("key" = [])),
    responses((status = 200, body = OwnChange), (status = "4XX", body = Document)))]
pub(super) async fn acknowledge(
    State(api): Ctx,
    Writer(asker): Writer,
) -> Result<Json<OwnChange>, Problem> {
    asker.speaks_for_others()?;
    let partner = || SubjectId::Partner(asker.partner.id.clone());
    let of_client = asker.client.as_ref().map(|client| SubjectId::Client(client.id.clone()));
    let subject = of_client.unwrap_or_else(partner);
    let why = "acknowledged over the partner API".to_owned();
    let command = Command::Standing(StandingCommand::Acknowledge { subject, why });
    Ok(Json(api.change(&asker, command).await?))
}

impl Me {
    /// All that a key which ended learns: that it did, and why.
    fn ended(asker: &Asker) -> Self {
        let key = OwnKey::new(asker.at, &asker.key, &asker.snapshot, asker.wall());
        let notice = match &asker.standing {
            Standing::Revoked(notice) => Some(notice),
            _ => None,
        };
        let state = key.state.clone();
        Self {
            at: asker.wall().rfc3339(),
            told: format!(
                "This key is {state} and never returns. Use another key of yours, or ask the platform's partner team for one."
            ),
            measures: notice
                .map(|notice| Measure::new(Subject::Key, notice, &asker.snapshot))
                .into_iter()
                .collect(),
            key: key.bare(),
            state,
            partner: None,
            client: None,
            closed: Vec::new(),
            works: Vec::new(),
            way_back: None,
            clocks: Vec::new(),
            coming: Vec::new(),
            answers: Vec::new(),
        }
    }

    fn whole(asker: &Asker, works: Vec<AgreedOperation>, closed: Vec<AgreedOperation>) -> Self {
        let key = OwnKey::new(asker.at, &asker.key, &asker.snapshot, asker.wall());
        let measures = asker.measures();
        let (state, told) = match &asker.standing {
            Standing::Expired { at } => {
                let told = format!(
                    "This key ended on {}. Use another key of yours, or ask the platform's partner team for one.",
                    at.rfc3339()
                );
                ("expired".to_owned(), told)
            }
            Standing::Pending { from } => ("pending".to_owned(), pending(*from)),
            _ => in_words(&measures, closed.len()),
        };
        let (works, closed) = match &asker.standing {
            Standing::Expired { .. } | Standing::Pending { .. } => {
                (Vec::new(), [closed, works].concat())
            }
            _ => (works, closed),
        };
        Self {
            at: asker.wall().rfc3339(),
            way_back: OwnWayBack::of(asker),
            clocks: clocks(asker, &measures),
            coming: Coming::of(asker),
            answers: asker
                .waiting()
                .map(|record| AnswerView::outside(record, &asker.snapshot))
                .collect(),
            measures: measures
                .iter()
                .map(|(of, notice)| Measure::new(*of, notice, &asker.snapshot))
                .collect(),
            key,
            partner: Some(Named {
                id: asker.partner.id.to_string(),
                name: asker.partner.name.to_string(),
            }),
            client: asker
                .client
                .as_ref()
                .map(|client| Named { id: client.id.to_string(), name: client.name.to_string() }),
            state,
            told,
            closed,
            works,
        }
    }
}

fn pending(from: Option<Wall>) -> String {
    from.map_or_else(
        || "This key is not in use yet: the platform's partner team has to activate it.".to_owned(),
        |from| format!("This key is not in use yet; it works from {} on.", from.rfc3339()),
    )
}

/// The strictest state of all, and a sentence about it.
pub(super) fn in_words(measures: &[(Subject, Arc<Notice>)], closed: usize) -> (String, String) {
    let states = measures.iter().map(|(_, notice)| notice.state);
    let state = states.max_by_key(|state| severity(*state)).unwrap_or_default();
    let told = match state {
        StandingName::Good => "You stand as agreed.".to_owned(),
        StandingName::Warned => "Everything works as agreed, after a warning: see `measures`.".to_owned(),
        StandingName::Terminated => "Your access has ended: see `measures`. This page, your limits, usage and keys go on answering.".to_owned(),
        StandingName::Terminating => format!(
            "The end of your access was told: `clocks` says from when on it may be ended. Until then {}, and what stands under `works` goes on. Nothing of yours was deleted.",
            closed_now(closed)
        ),
        StandingName::Probation => format!(
            "You are on probation: {}; what stands under `works` goes on. Nothing of yours was deleted.",
            closed_now(closed)
        ),
        StandingName::Restricted | StandingName::Suspended => format!(
            "You are {state}: {}; what stands under `works` goes on. Nothing of yours was deleted.",
            closed_now(closed)
        ),
    };
    (state.to_string(), told)
}

/// How much of the agreement is closed.
fn closed_now(closed: usize) -> String {
    match closed {
        0 => "nothing of your agreement is closed".to_owned(),
        1 => "1 operation of your agreement is closed, see `closed`".to_owned(),
        more => format!("{more} operations of your agreement are closed, see `closed`"),
    }
}

fn severity(state: StandingName) -> u8 {
    match state {
        StandingName::Good => 0,
        StandingName::Warned => 1,
        StandingName::Probation => 2,
        StandingName::Restricted => 3,
        StandingName::Terminating => 4,
        StandingName::Suspended => 5,
        StandingName::Terminated => 6,
    }
}
