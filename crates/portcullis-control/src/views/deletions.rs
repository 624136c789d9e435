//! How a partner fares with what it was told to delete.
//!
//! Must not know routes, or what a list names.

use portcullis_registry::Snapshot;
use portcullis_types::PartnerIx;
use serde::Serialize;
use utoipa::ToSchema;

/// What a partner was told to delete, and what it attested.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeletionFigures {
    /// Lists it was told of.
    lists: u64,
    /// Records and accounts in them.
    told: u64,
    /// Lists it attested.
    attested: u64,
    /// Records that are gone, as it says.
    deleted: u64,
    /// Records that it never kept.
    never_stored: u64,
    /// Records that stay with it.
    kept: u64,
    /// Lists that were overdue, attested later or not.
    overdue: u64,
    /// Those among them that wait still.
    overdue_open: u64,
}

impl DeletionFigures {
    /// None where it was told nothing.
    pub(super) fn of(snapshot: &Snapshot, at: PartnerIx) -> Option<Self> {
        let deletions = snapshot.deletions();
        let totals = deletions.of(at);
        (totals.lists > 0).then(|| Self {
            lists: totals.lists,
            told: totals.told,
            attested: totals.attested,
            deleted: totals.counts.deleted,
            never_stored: totals.counts.never_stored,
            kept: totals.counts.kept,
            overdue: totals.overdue,
            overdue_open: deletions.overdue(Some(at)) as u64,
        })
    }
}
