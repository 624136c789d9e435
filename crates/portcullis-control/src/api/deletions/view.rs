//! Lists as the platform reads them.
//!
//! Must not know who asks.

use portcullis_registry::{DutyRow, KeptList};
use portcullis_types::{LedgerKind, Wall};
use serde::Serialize;
use utoipa::ToSchema;

/// A list that a partner was told of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletionList)]
pub(crate) struct DeletionListView {
    /// Its name, as in the log.
    batch: String,
    /// Whose.
    partner: String,
    /// Why: `deleted`, `protected`, `expired` or `account_closed`.
    what: &'static str,
    /// How many records and accounts.
    count: u64,
    /// The day of which all vanishing classes are meant, where no ids are.
    day: Option<String>,
    /// When the partner was told, RFC 3339.
    told: Option<String>,
    /// The event that told of it.
    revision: Option<u64>,
    /// By when it is due.
    due_by: Option<String>,
    /// `waiting`, `overdue`, `attested` or `attested_late`.
    state: &'static str,
    /// When the partner attested.
    attested: Option<String>,
    /// The key that did.
    by: Option<String>,
    /// Records that are gone, as the partner says.
    deleted: u64,
    /// Records that it never kept.
    never_stored: u64,
    /// Records that stay; the list itself says why.
    kept: u64,
    /// When the ids were dropped here.
    dropped: Option<String>,
    /// The commitment to the list in the log.
    list: String,
}

/// A list with what stays of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletionListWhole)]
pub(crate) struct DeletionListWhole {
    /// The list.
    #[serde(flatten)]
    list: DeletionListView,
    /// What stays, at most 1,000; empty once the ids were dropped.
    stays: Vec<KeptView>,
}

/// A record that stays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletionKept)]
pub(crate) struct KeptView {
    /// Your id of what happened.
    id: String,
    /// The record's id, where it is one.
    record: Option<String>,
    /// The account's id, where it is one.
    owner: Option<String>,
    /// Why, in the partner's words.
    reason: String,
}

impl DeletionListView {
    pub(crate) fn of(list: &KeptList, now: Wall) -> Self {
        let said = list.said.as_ref().filter(|_| list.attested.is_some());
        let counts = said.map(|said| said.counts).unwrap_or_default();
        let due_by = list.told.map(|(_, _, due_by)| due_by);
        let late = |at: Wall| due_by.is_some_and(|due_by| due_by <= at);
        let state = match list.attested {
            Some(at) if late(at) => "attested_late",
            Some(_) => "attested",
            None if late(now) => "overdue",
            None => "waiting",
        };
        Self {
            batch: list.batch.clone(),
            partner: list.partner.to_string(),
            what: list.cause.name(),
            count: list.count,
            day: list.day.map(day),
            told: list.told.map(|(_, told, _)| told.rfc3339()),
            revision: list.told.map(|(revision, ..)| revision.0),
            due_by: due_by.map(Wall::rfc3339),
            state,
            attested: list.attested.map(Wall::rfc3339),
            by: said.map(|said| said.by.clone()),
            deleted: counts.deleted,
            never_stored: counts.never_stored,
            kept: counts.kept,
            dropped: list.dropped.map(Wall::rfc3339),
            list: list.list.clone(),
        }
    }
}

impl DeletionListWhole {
    pub(crate) fn of(list: &KeptList, kept: &[DutyRow], now: Wall) -> Self {
        let attested = list.attested.is_some();
        let stays = kept.iter().filter(|_| attested).map(KeptView::of).collect();
        Self { list: DeletionListView::of(list, now), stays }
    }
}

impl KeptView {
    fn of(row: &DutyRow) -> Self {
        let (record, owner) = named(row);
        let reason = row.done.as_ref().map(|(_, reason)| reason.clone()).unwrap_or_default();
        Self { id: row.post.clone(), record, owner, reason }
    }
}

/// What a row names: a record or an account.
pub(crate) fn named(row: &DutyRow) -> (Option<String>, Option<String>) {
    let name = Some(row.name.clone());
    match row.kind {
        LedgerKind::Record => (name, None),
        LedgerKind::Owner => (None, name),
        LedgerKind::Place => (None, None),
    }
}

/// A day as `2026-12-01`.
pub(crate) fn day(day: u32) -> String {
    let text = Wall(u64::from(day).saturating_mul(86_400_000)).rfc3339();
    text.get(..10).unwrap_or_default().to_owned()
}
