//! What a change came to, as the admin API shows it.
//!
//! Must not know routes.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use portcullis_registry::Done;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::told::NarrowedView;
use crate::preview::Preview;

/// What a change came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Change {
    /// The event's number in the log; null while it is not durable.
    pub(crate) revision: Option<u64>,
    /// Whether it would survive a crash now.
    pub(crate) durable: bool,
    /// The effect, in one line.
    pub(crate) what: String,
    /// The command that undoes it; null where none does.
    pub(crate) undo: Option<String>,
    /// Set when something needs attention at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warning: Option<String>,
    /// Set when nothing was done but proposed: a second person must approve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proposal: Option<Waits>,
    /// `off` where one person did what otherwise takes two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) two_persons: Option<&'static str>,
    /// Whom it would leave less by tier, where nothing was done but looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) narrowed: Vec<NarrowedView>,
    /// What it would do, where nothing was done but looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) preview: Option<Box<Preview>>,
}

/// What waits for a second person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Waits {
    /// The proposal's number; null where it was only looked at, or while it is not durable.
    id: Option<u64>,
    /// What an approval must name.
    digest: String,
    /// Until when it can be approved.
    expires: String,
    /// Why one person is not enough.
    why: String,
}

const NOT_DURABLE: &str = "NOT DURABLE: it is in force now but only in memory, because the store can't be written; it is lost if the gate stops before it is. Free space for the store; writing is retried every second and /readyz is red until it succeeds";

impl From<Done> for Change {
    fn from(done: Done) -> Self {
        Self {
            revision: done.revision.map(|revision| revision.0),
            durable: done.durable,
            what: done.what,
            undo: done.undo,
            warning: (!done.durable).then(|| NOT_DURABLE.to_owned()),
            proposal: done.proposed.map(|proposed| Waits {
                id: done.revision.map(|revision| revision.0),
                digest: proposed.digest,
                expires: proposed.expires.rfc3339(),
                why: proposed.why,
            }),
            two_persons: done.alone.then_some("off"),
            narrowed: Vec::new(),
            preview: None,
        }
    }
}

impl Change {
    /// What a change would come to, when nothing was done.
    pub(crate) fn only_shown(done: Done) -> Self {
        let what = match done.what.strip_prefix("proposed, not done: ") {
            Some(what) => format!("nothing was done; it would only be proposed: {what}"),
            None => format!("nothing was done; it would be: {}", done.what),
        };
        // A proposal that was not made has no number: another one will have it.
        Self { what, undo: None, ..Self::from(Done { revision: None, ..done }) }
    }

    /// 202 while it is not durable, or only proposed, so that no program takes it for done.
    pub(crate) fn status(&self, durable: StatusCode) -> StatusCode {
        if self.durable && self.proposal.is_none() { durable } else { StatusCode::ACCEPTED }
    }

    pub(crate) fn answer(self, durable: StatusCode) -> Response {
        (self.status(durable), Json(self)).into_response()
    }
}
