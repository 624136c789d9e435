//! Duties to delete: what the platform took back, and which partner has to let go of it by when.
//!
//! The log says how many records a partner was told of, and commits to their list; the list itself, with
//! its ids, lies beside the log, is dropped later and never stands in a leaf. Must not know where lists
//! are kept, or how it is found out who received what.

mod desk;
mod list;
mod rejected;
mod rules;
mod seen;

use std::fmt;

use portcullis_types::{ClassName, LedgerKind, PartnerId, Wall};
use serde::{Deserialize, Serialize};

pub use desk::{
    DeletionBacklog, DeletionDesk, DeletionError, DeletionHealth, DutiesPage, DutyRow, Except,
    KeptList, ListsWanted, SaidOf, Saying,
};
pub use list::{
    DeletionLine, DeletionSalt, Held, Holders, HoldersError, LedgerName, ToldOf, WhoHolds, told_of,
};
pub use rejected::DeletionRejected;
pub use rules::DeletionRules;
pub use seen::{DeletionTotals, Deletions, OpenDeletion};

use crate::commands::Command;
use crate::events::Event;

/// Most lines of one batch of the platform's feed.
pub const DELETIONS_BATCH_MAX: usize = 5_000;
/// Longest id of an event, a record or an account, in bytes.
pub const DELETION_ID_BYTES_MAX: usize = 128;
/// Longest word of a partner on why something stays, in bytes.
pub const DELETION_KEPT_BYTES_MAX: usize = 500;
/// The rule that signals of overdue duties name.
pub const DELETIONS_RULE: &str = "deletions/overdue";
/// The signal itself.
pub(crate) const DELETION_OVERDUE: &str = "deletion_overdue";

/// Why something has to go.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletionCause {
    /// It was deleted.
    Deleted,
    /// It is not public any more.
    Protected,
    /// Its time is over.
    Expired,
    /// The account is gone, with all that was its own.
    AccountClosed,
}

impl DeletionCause {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Deleted, Self::Protected, Self::Expired, Self::AccountClosed];

    /// The name as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Protected => "protected",
            Self::Expired => "expired",
            Self::AccountClosed => "account_closed",
        }
    }

    /// The cause of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

impl fmt::Display for DeletionCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One line of the platform's feed.
#[derive(Clone, Eq, PartialEq)]
pub struct DeletionPost {
    /// The platform's own id of what happened: the same id is the same event.
    pub id: String,
    /// Why it has to go.
    pub what: DeletionCause,
    /// Whether it is a record, or all of an account.
    pub kind: LedgerKind,
    /// The record's or the account's id at the platform.
    pub name: String,
    /// What it is, where the platform says so.
    pub class: Option<ClassName>,
    /// When it happened.
    pub at: Wall,
}

/// Ids of people do not get into a log of the program by way of an error.
impl fmt::Debug for DeletionPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeletionPost({}, {}, redacted)", self.id, self.what)
    }
}

impl DeletionPost {
    /// Whether it can be taken.
    ///
    /// # Errors
    /// [`DeletionRejected`] says what to send instead.
    pub fn check(&self) -> Result<(), DeletionRejected> {
        let fits = |text: &str| {
            (1..=DELETION_ID_BYTES_MAX).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !fits(&self.id) {
            return Err(DeletionRejected::EventId { max: DELETION_ID_BYTES_MAX });
        }
        if !fits(&self.name) {
            return Err(DeletionRejected::Name { max: DELETION_ID_BYTES_MAX });
        }
        match (self.what, self.kind) {
            (_, LedgerKind::Place) => Err(DeletionRejected::Place),
            (DeletionCause::AccountClosed, LedgerKind::Record) => Err(DeletionRejected::NoOwner),
            (_, LedgerKind::Record | LedgerKind::Owner) => Ok(()),
        }
    }
}

/// What a partner did about one record.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletionDone {
    /// It is gone.
    Deleted,
    /// It was shown, and never kept.
    NeverStored,
    /// It stays; the partner says why.
    Kept,
}

impl DeletionDone {
    /// The name as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::NeverStored => "never_stored",
            Self::Kept => "kept",
        }
    }

    /// What is of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Deleted, Self::NeverStored, Self::Kept].into_iter().find(|done| done.name() == name)
    }
}

/// How many records a partner did what about.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct DeletionCounts {
    /// Gone.
    pub deleted: u64,
    /// Never kept.
    pub never_stored: u64,
    /// Still there.
    pub kept: u64,
}

impl DeletionCounts {
    /// All of them.
    #[must_use]
    pub fn all(self) -> u64 {
        self.deleted.saturating_add(self.never_stored).saturating_add(self.kept)
    }
}

/// A wish about duties.
#[expect(missing_docs, reason = "the members are those of the events")]
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum DeletionCommand {
    /// Tells a partner what it has to let go of. Again for the same batch: nothing.
    Tell {
        partner: PartnerId,
        batch: String,
        cause: DeletionCause,
        count: u64,
        list: String,
        day: Option<u32>,
        until: Option<Wall>,
    },
    /// A partner says what it did.
    Attest { partner: PartnerId, batch: String, counts: DeletionCounts, answer: String },
    /// The clock says that nobody attested.
    RunOut { batch: String },
}

/// A fact about duties. `type` in JSON is the dotted name.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum DeletionEvent {
    /// A partner has to let go of what it received.
    #[serde(rename = "deletion.due")]
    Due {
        /// Who.
        partner: PartnerId,
        /// The list, by a name of its own.
        batch: String,
        /// Why.
        cause: DeletionCause,
        /// How many records and accounts; of a day, how many records it received.
        count: u64,
        /// By when.
        due_by: Wall,
        /// A salted digest over the list, lower-case hex.
        list: String,
        /// Set: all of the vanishing classes that the partner received on that day, counted since 1970 as
        /// UTC counts. There is no list then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day: Option<u32>,
    },
    /// A partner said what it did. Who said so is the actor.
    #[serde(rename = "deletion.attested")]
    Attested {
        /// Which.
        partner: PartnerId,
        /// About which list.
        batch: String,
        /// How many records it did what about.
        #[serde(flatten)]
        counts: DeletionCounts,
        /// A salted digest over what it said of each, lower-case hex.
        answer: String,
    },
    /// Nobody attested in time. Said once.
    #[serde(rename = "deletion.overdue")]
    Overdue {
        /// Who.
        partner: PartnerId,
        /// The list.
        batch: String,
        /// How many records and accounts.
        count: u64,
        /// When it was due.
        due_by: Wall,
    },
}

impl DeletionEvent {
    /// The dotted name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Due { .. } => "deletion.due",
            Self::Attested { .. } => "deletion.attested",
            Self::Overdue { .. } => "deletion.overdue",
        }
    }
}

impl From<DeletionEvent> for Event {
    fn from(event: DeletionEvent) -> Self {
        Self::Deletion(event)
    }
}

impl From<DeletionCommand> for Command {
    fn from(command: DeletionCommand) -> Self {
        Self::Deletion(command)
    }
}
