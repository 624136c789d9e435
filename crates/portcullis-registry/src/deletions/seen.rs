//! What the state holds of duties: the lists that nobody attested yet, and how each partner fares.
//!
//! Lists that are done leave only their counts, so that the state does not grow with them. Must not know
//! what stands in a list.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_types::{PartnerIx, Revision, Wall};

use super::{DeletionCause, DeletionCounts};
use crate::snapshot::Snapshot;

/// A list that waits for its partner.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct OpenDeletion {
    /// The event that told of it.
    pub revision: Revision,
    /// Whose.
    pub partner: PartnerIx,
    /// Why.
    pub cause: DeletionCause,
    /// How many records.
    pub count: u64,
    /// When the partner was told.
    pub told: Wall,
    /// By when.
    pub due_by: Wall,
    /// The commitment to it.
    pub list: Arc<str>,
    /// The event that said it is overdue.
    pub overdue: Option<Revision>,
}

/// How a partner fares.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct DeletionTotals {
    /// Lists it was told of.
    pub lists: u64,
    /// Records in them.
    pub told: u64,
    /// Lists that it attested.
    pub attested: u64,
    /// What it said of their records.
    pub counts: DeletionCounts,
    /// Lists that were overdue, attested later or not.
    pub overdue: u64,
}

/// What is known of duties.
#[derive(Debug, Clone, Default)]
pub struct Deletions {
    pub(crate) open: Arc<BTreeMap<String, OpenDeletion>>,
    pub(crate) totals: Arc<BTreeMap<PartnerIx, DeletionTotals>>,
}

impl Snapshot {
    /// What is known of duties to delete.
    #[must_use]
    pub fn deletions(&self) -> &Deletions {
        &self.deletions
    }
}

impl Deletions {
    /// The lists that wait, by name.
    pub fn open(&self) -> impl Iterator<Item = (&str, &OpenDeletion)> {
        self.open.iter().map(|(batch, open)| (batch.as_str(), open))
    }

    /// A list that waits.
    #[must_use]
    pub fn waiting(&self, batch: &str) -> Option<&OpenDeletion> {
        self.open.get(batch)
    }

    /// How a partner fares.
    #[must_use]
    pub fn of(&self, partner: PartnerIx) -> DeletionTotals {
        self.totals.get(&partner).copied().unwrap_or_default()
    }

    /// How many lists of a partner, or of all, are overdue and wait all the same.
    #[must_use]
    pub fn overdue(&self, partner: Option<PartnerIx>) -> usize {
        let of = |open: &&OpenDeletion| partner.is_none_or(|partner| open.partner == partner);
        self.open.values().filter(of).filter(|open| open.overdue.is_some()).count()
    }
}
