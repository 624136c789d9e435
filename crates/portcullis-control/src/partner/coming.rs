//! Changes of the asker's agreement that were announced and have not come yet.
//!
//! Must not know what an operation is.

use serde::Serialize;
use utoipa::ToSchema;

use super::asker::Asker;

/// A change of your agreement that comes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Coming {
    /// The event that announced it; `notices` has its statement of reasons, and `answers` takes what
    /// you say to it.
    revision: u64,
    /// From when on it holds, RFC 3339.
    effective: String,
    /// The reason code.
    reason: String,
    /// What the platform wrote to you.
    tell: String,
}

impl Coming {
    /// What comes, the next first. A key bound to a client reads nothing of the partner's agreement.
    pub(super) fn of(asker: &Asker) -> Vec<Self> {
        if asker.key.client.is_some() {
            return Vec::new();
        }
        let mut all: Vec<_> = asker.snapshot.changes().of(&asker.partner.id).collect();
        all.sort_by_key(|(change, told)| (change.effective, told.revision.0));
        let each = all.into_iter().map(|(change, told)| Self {
            revision: told.revision.0,
            effective: change.effective.rfc3339(),
            reason: told.reason.to_string(),
            tell: told.tell.clone(),
        });
        each.collect()
    }
}
