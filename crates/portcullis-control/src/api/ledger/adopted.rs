//! A set of files that the log has lost, taken up into it again: by a person, who says why.
//!
//! Must not know how files are read.

use axum::extract::State;
use axum::{Extension, Json};
use portcullis_registry::{Anchor, LedgerCommand};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::{aside, desk, refused};
use crate::api::Ctx;
use crate::auth::Caller;
use crate::extract::Body;
use crate::ledger::LedgerFault;
use crate::problem::{Document, Problem};

/// One after the other: two who look at once would both find that the log does not have a set, and it would have
/// it twice.
static ALONE: Mutex<()> = Mutex::const_new(());

/// A set that is to be believed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adopting {
    /// Its name, as `ledger status` tells it.
    set: String,
    /// Why it is what the gate wrote.
    why: String,
}

/// A set that the log has from now on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Adopted {
    /// The event that has its roots; none: the log had it before.
    revision: Option<u64>,
    /// What was done, in one line.
    what: String,
    /// Its name.
    set: String,
    /// Answers in it.
    answers: u64,
    /// Records in it.
    records: u64,
}

/// Has the log take up a set of files that it does not have, as it is now: after the log was put back from an
/// older copy. The event names who did it, why, and each file with its root; one that the log has stays as it is
#[utoipa::path(post, path = "/v1/ledger/adoptions", tag = "ledger", security(("admin_token" = [])),
    request_body = Adopting,
    responses((status = 200, body = Adopted), (status = "4XX", body = Document)))]
pub(crate) async fn adopt(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<Adopting>,
) -> Result<Json<Adopted>, Problem> {
    let Adopting { set, why } = asked;
    let _alone = ALONE.lock().await;
    let (desk, of) = (desk(&shared)?, set.clone());
    let anchor = match aside(move || desk.unanchored(&of)).await? {
        Ok(anchor) => anchor,
        Err(LedgerFault::InLog) => {
            let what = "the log has it already".to_owned();
            return Ok(Json(Adopted { revision: None, what, set, answers: 0, records: 0 }));
        }
        Err(fault) => return Err(refused(fault)),
    };
    let anchor = Anchor { why: Some(why), ..anchor };
    let (answers, records) = (anchor.answers, anchor.records);
    let done = shared.submit(&caller, LedgerCommand::Anchor(anchor)).await?;
    let (revision, what) = (done.revision.map(|at| at.0), done.what);
    Ok(Json(Adopted { revision, what, set, answers, records }))
}
