//! The door to duties: what the admin API and the partners' API ask, and the values they are answered with.
//!
//! The store keeps them beside the log, and the binary joins the crates behind this trait. Must not know how
//! anything is kept.

use std::fmt;

use portcullis_types::{LedgerKind, PartnerId, Revision, Wall};

use super::{DeletionCause, DeletionCounts, DeletionDone, DeletionPost, DeletionSalt};
use crate::deletions::DeletionRejected;
use crate::office::{BoxFuture, Done, OfficeError};
use crate::words::Actor;

/// What a partner has to let go of, and the lists that it stands in.
pub type DutiesPage = (Vec<DutyRow>, Vec<KeptList>);

/// Takes the platform's posts, and partners' words on what they did.
pub trait DeletionDesk: fmt::Debug + Send + Sync {
    /// Takes posts, whole or not at all; how many of them were not known. Who received what they name is
    /// told soon after.
    fn post(&self, posts: Vec<DeletionPost>) -> BoxFuture<'_, Result<u64, DeletionError>>;
    /// What a partner has to let go of, from just after a number on, and the lists that wait for it.
    fn duties(
        &self,
        partner: PartnerId,
        after: i64,
        count: usize,
    ) -> BoxFuture<'_, Result<DutiesPage, DeletionError>>;
    /// Takes a partner's word on a list.
    fn attest(
        &self,
        by: Actor,
        partner: PartnerId,
        batch: String,
        saying: Saying,
    ) -> BoxFuture<'_, Result<(Done, DeletionCounts), DeletionError>>;
    /// Lists, the newest first.
    fn lists(&self, wanted: ListsWanted) -> BoxFuture<'_, Result<Vec<KeptList>, DeletionError>>;
    /// A list by its name.
    fn list(&self, batch: String) -> BoxFuture<'_, Result<Option<KeptList>, DeletionError>>;
    /// What of a list stays, with what its partner says of it.
    fn kept(
        &self,
        batch: String,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<DutyRow>, DeletionError>>;
    /// How it fares.
    fn standing(&self) -> DeletionHealth;
}

/// Why the desk did not do what was asked. Nothing was changed.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum DeletionError {
    /// A line of a batch, from 0, that can't be taken.
    #[error("{why}")]
    Line {
        /// Which.
        index: usize,
        /// Why.
        why: DeletionRejected,
    },
    /// The office did not take it.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl From<DeletionRejected> for DeletionError {
    fn from(why: DeletionRejected) -> Self {
        Self::Office(OfficeError::Rejected(why.into()))
    }
}

/// How the desk fares.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct DeletionHealth {
    /// What waits.
    pub backlog: DeletionBacklog,
    /// Why nobody can be told now.
    pub fault: Option<String>,
}

/// What waits.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct DeletionBacklog {
    /// Posts of which nobody knows yet who received them.
    pub posts: u64,
    /// Since when the oldest of them waits.
    pub oldest: Option<Wall>,
    /// Lists of which the partner was not told yet.
    pub untold: u64,
}

/// What a partner said of a list.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct SaidOf {
    /// When.
    pub at: Wall,
    /// By which key.
    pub by: String,
    /// How many records it did what about.
    pub counts: DeletionCounts,
}

/// A list as it is kept.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct KeptList {
    /// Its name.
    pub batch: String,
    /// Its number, by which lists are paged.
    pub number: i64,
    /// Whose.
    pub partner: PartnerId,
    /// Why.
    pub cause: DeletionCause,
    /// How many records; of a day, how many were received.
    pub count: u64,
    /// Makes the commitment; none once the ids are dropped.
    pub salt: Option<DeletionSalt>,
    /// The commitment.
    pub list: String,
    /// Set: all of the vanishing classes of that day.
    pub day: Option<u32>,
    /// When it was made.
    pub made: Wall,
    /// The event that told of it, when, and by when it is due.
    pub told: Option<(Revision, Wall, Wall)>,
    /// What the partner said.
    pub said: Option<SaidOf>,
    /// When the log had that.
    pub attested: Option<Wall>,
    /// When its ids were dropped.
    pub dropped: Option<Wall>,
}

/// One record or account that a partner has to let go of.
#[derive(Clone, Eq, PartialEq)]
pub struct DutyRow {
    /// Its number, by which duties are paged.
    pub seq: i64,
    /// The list that it is in.
    pub batch: String,
    /// Why.
    pub cause: DeletionCause,
    /// By when.
    pub due_by: Wall,
    /// The platform's id of what happened.
    pub post: String,
    /// Whether it is a record or an account.
    pub kind: LedgerKind,
    /// Its id.
    pub name: String,
    /// What it is, where the platform said so.
    pub class: Option<String>,
    /// When it happened.
    pub at: Wall,
    /// When the partner received it first and last.
    pub received: (Wall, Wall),
    /// What the partner did.
    pub done: Option<(DeletionDone, String)>,
}

impl fmt::Debug for DutyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DutyRow({}, {}, redacted)", self.seq, self.batch)
    }
}

/// What is otherwise of a record in the list.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Except {
    /// Its number in the list.
    pub seq: i64,
    /// What was done.
    pub done: DeletionDone,
    /// Why it stays.
    pub reason: String,
}

/// What a partner says.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Saying {
    /// What it did about the list.
    pub done: DeletionDone,
    /// Why it stays, where all does.
    pub reason: String,
    /// Save these.
    pub but: Vec<Except>,
    /// The key that says so.
    pub by: String,
}

/// Which lists.
#[derive(Debug, Clone, Default)]
pub struct ListsWanted {
    /// Only of this partner.
    pub partner: Option<PartnerId>,
    /// Only those told since.
    pub since: Option<Wall>,
    /// Only those that were due by now and are not attested.
    pub overdue: Option<Wall>,
    /// Only those from just before this number.
    pub before: Option<i64>,
    /// At most so many.
    pub count: usize,
}
