//! One deletion as a line.
//!
//! Must not know where lines come from or what they are sent to.

use portcullis_registry::{DeletionCause, DeletionPost};
use portcullis_types::{LedgerKind, Wall};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::lines::unreadable;
use crate::moments;
use crate::names;
use crate::problem::Problem;

/// Something that is gone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeletionPosted {
    /// Your own id of what happened, so that it is taken once however often it is sent.
    id: String,
    /// `deleted`, `protected`, `expired` or `account_closed`.
    what: String,
    /// The record's id at the platform; this or `owner`.
    #[serde(default)]
    record: Option<String>,
    /// The account's id: all that was received of it; this or `record`.
    #[serde(default)]
    owner: Option<String>,
    /// What it is, such as `story.by_account`; told to the partner.
    #[serde(default)]
    class: Option<String>,
    /// When it happened, such as `2026-12-01T09:00:00Z`.
    at: String,
}

/// Reads a line.
pub(super) fn read(text: &[u8], now: Wall) -> Result<DeletionPost, String> {
    let said = |problem: Problem| problem.detail.clone();
    let line: DeletionPosted = serde_json::from_slice(text).map_err(|error| unreadable(&error))?;
    let what = DeletionCause::named(&line.what);
    let what = what.ok_or_else(|| {
        let names = DeletionCause::ALL.map(|cause| format!("`{cause}`"));
        format!("`what` is none of {}", names.join(", "))
    })?;
    let (kind, name) = match (line.record, line.owner) {
        (Some(record), None) => (LedgerKind::Record, record),
        (None, Some(owner)) => (LedgerKind::Owner, owner),
        (Some(_), Some(_)) | (None, None) => {
            return Err("name one of `record` and `owner`".to_owned());
        }
    };
    let at = moments::past("at", &line.at, now).map_err(said)?;
    if at > now {
        return Err(format!("`at` is {}, which has not come yet", at.rfc3339()));
    }
    let class = line.class.filter(|class| !class.is_empty());
    let class = class.map(|class| names::id(&class)).transpose().map_err(said)?;
    Ok(DeletionPost { id: line.id, what, kind, name, class, at })
}
