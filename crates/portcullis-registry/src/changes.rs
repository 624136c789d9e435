//! Changes of an agreement that wait for their day: announced now, carried out by the clock.
//!
//! Must not know the rules about them: they stand in `plan`.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_types::{PartnerId, ReasonCode, Revision, Wall};
use serde::{Deserialize, Serialize};

use crate::commands::Command;
use crate::snapshot::Snapshot;
use crate::words::Actor;

/// Most changes that wait at once.
pub const CHANGES_MAX: usize = 100;
/// Most days ahead that a change is announced.
pub const CHANGE_DAYS_MAX: u64 = 366;

/// A wish about changes with a day of their own.
#[expect(missing_docs, reason = "the members say what they hold; their rules stand in `plan`")]
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum ChangeCommand {
    /// Announces a change of an agreement, to be carried out on its day.
    Schedule { effective: Wall, command: Box<Command> },
    /// Calls one off. Those it was announced to read `tell`, or where it is empty that it does not come.
    Cancel { change: Revision, why: String, tell: String },
    /// By the clock: its day has come, or it can't come any more.
    CarryOut { change: Revision },
}

/// A fact about a change with a day of its own. Whom it was announced to stands in the
/// `agreement.announced` before it in the same write.
#[expect(missing_docs, reason = "the members say what they hold")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum ChangeEvent {
    /// A change waits for its day; the blob is the command.
    #[serde(rename = "change.scheduled")]
    Scheduled { blob: String, what: String, effective: Wall },
    /// It was called off.
    #[serde(rename = "change.cancelled")]
    Cancelled { change: Revision, why: String },
    /// Its day came; what stands before this in the same write is the command's.
    #[serde(rename = "change.carried_out")]
    CarriedOut { change: Revision },
    /// It can't be carried out any more.
    #[serde(rename = "change.dropped")]
    Dropped { change: Revision, why: String },
}

/// Why a change can't be scheduled, or one that waits can't be called off.
#[expect(missing_docs, reason = "the messages say what the members hold")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum ChangeRejected {
    /// Nobody would know of it before.
    #[error(
        "a change with a day of its own is announced, so it says why: add `--reason CODE --tell TEXT --fact TEXT --period now`"
    )]
    Untold,
    /// There is nobody to announce it to.
    #[error(
        "this leaves nobody less, so there is nobody to announce it to: do it without `--effective`, on its day"
    )]
    NobodyLess,
    /// Longer than anybody plans.
    #[error(
        "the effective date is {}, and a change is announced {days} days ahead at most: by {}",
        at.rfc3339(), most.rfc3339()
    )]
    TooFar { at: Wall, most: Wall, days: u64 },
    /// The very same waits.
    #[error("the very same change waits already as change {}", change.0)]
    ScheduledAlready { change: Revision },
    /// Too many.
    #[error("{max} changes wait already; `portcullis change list` shows them")]
    ChangesFull { max: usize },
    /// No such change.
    #[error("no change {} waits for its day; `portcullis change list` shows those that do", .0.0)]
    UnknownChange(Revision),
    /// Only the clock carries out.
    #[error("a change is carried out by the gate's clock, on its day")]
    NotTheClock,
}

/// A change that waits for its day.
#[derive(Debug, Clone)]
pub struct ScheduledChange {
    /// The event that scheduled it; its name.
    pub id: Revision,
    /// Lower-case hex SHA-256 of the command as it is kept.
    pub digest: String,
    /// What it does, in one line.
    pub what: String,
    /// Who scheduled it.
    pub by: Actor,
    /// Who let that happen, where it was proposed.
    pub approver: Option<Actor>,
    /// When.
    pub made: Wall,
    /// Its day.
    pub effective: Wall,
    /// To whom it was announced.
    pub announced: Vec<Announced>,
    /// Itself; none where it can't be read any more.
    pub command: Option<Arc<Command>>,
}

/// What a partner was told of a change that comes.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Announced {
    /// The event.
    pub revision: Revision,
    /// Whom.
    pub partner: PartnerId,
    /// The reason code.
    pub reason: ReasonCode,
    /// What changes, what it can do.
    pub tell: String,
    /// Digest of the statement of reasons.
    pub statement: String,
}

/// All that wait.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub(crate) all: BTreeMap<u64, ScheduledChange>,
    /// What was announced in the write that is being folded.
    pub(crate) announced: Vec<Announced>,
}

impl Changes {
    /// Those that wait, in the order in which they were scheduled.
    pub fn iter(&self) -> impl Iterator<Item = &ScheduledChange> {
        self.all.values()
    }

    /// One of them.
    #[must_use]
    pub fn find(&self, id: Revision) -> Option<&ScheduledChange> {
        self.all.get(&id.0)
    }

    /// What is to come for a partner.
    pub fn of<'a>(
        &'a self,
        partner: &'a PartnerId,
    ) -> impl Iterator<Item = (&'a ScheduledChange, &'a Announced)> {
        self.iter().flat_map(move |change| {
            let own = change.announced.iter().filter(move |told| told.partner == *partner);
            own.map(move |told| (change, told))
        })
    }
}

impl Snapshot {
    /// Changes of agreements that wait for their day.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }
}

impl ChangeEvent {
    /// The dotted name, as in the JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "change.scheduled",
            Self::Cancelled { .. } => "change.cancelled",
            Self::CarriedOut { .. } => "change.carried_out",
            Self::Dropped { .. } => "change.dropped",
        }
    }

    /// Digest of the command it names.
    #[must_use]
    pub fn blob(&self) -> Option<&str> {
        match self {
            Self::Scheduled { blob, .. } => Some(blob),
            Self::Cancelled { .. } | Self::CarriedOut { .. } | Self::Dropped { .. } => None,
        }
    }
}

impl ChangeRejected {
    /// A stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Untold => "narrowing_untold",
            Self::NobodyLess => "nobody_less",
            Self::TooFar { .. } => "effective_too_far",
            Self::ScheduledAlready { .. } => "scheduled_already",
            Self::ChangesFull { .. } => "changes_full",
            Self::UnknownChange(_) => "unknown_change",
            Self::NotTheClock => "not_the_clock",
        }
    }
}

impl From<ChangeEvent> for crate::events::Event {
    fn from(event: ChangeEvent) -> Self {
        Self::Change(event)
    }
}

impl From<ChangeCommand> for Command {
    fn from(command: ChangeCommand) -> Self {
        Self::Change(command)
    }
}
