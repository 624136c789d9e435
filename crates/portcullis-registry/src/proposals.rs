//! What waits for a second person, and by what a command is weighed.
//!
//! A proposal is a command, kept whole by its digest, and what it is about; it is approved as it
//! was made, at the state it was made for, once. Must not know who may sign in.

use std::fmt;
use std::sync::Arc;

use portcullis_types::{Revision, Wall};
use serde::Serialize;

use crate::agreement::{Narrowed, Weighed};
use crate::commands::Command;
use crate::people::Roles;
use crate::words::Actor;

/// A proposal waits this long.
pub const PROPOSAL_MILLISECONDS: u64 = 4 * 3_600_000;
/// What was done alone in an emergency is ratified within this time, or an event says that it was not.
pub const GLASS_MILLISECONDS: u64 = 24 * 3_600_000;
/// Most proposals that wait at once.
pub const PROPOSALS_MAX: usize = 200;

/// What comes with a command beside who asks.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Roles of somebody without a person record; those of a record count otherwise.
    pub roles: Roles,
    /// Why it can't wait for a second person.
    pub break_glass: Option<String>,
    /// Whether a policy set or another tier is proved to let through nothing that those before stop.
    pub proved_narrower: bool,
    /// Whom a policy set or another tier leaves less.
    pub narrowed: Vec<Narrowed>,
    /// What the change comes to by now that a wish lets through, where it waited until now; none where
    /// nobody could compare.
    pub again: Option<Result<Weighed, String>>,
    /// The revision that the wish builds on: its subject must not have changed since.
    pub on: Option<Revision>,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// Whether a command gives access, takes it, or does neither.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd)]
pub enum Bearing {
    /// Nobody gets more or less.
    #[default]
    Neutral,
    /// Somebody gets less, nobody more.
    Narrowing,
    /// Somebody gets more, or nothing shows that nobody does.
    Widening,
}

/// Why one person is not enough.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Second {
    /// It widens.
    Widens,
    /// It can't be undone.
    Final,
    /// One person narrowed many partners within the hour.
    Many {
        /// How many with this one.
        partners: u64,
        /// How many one person may.
        alone: u64,
    },
    /// It lengthens a hold.
    Extends,
    /// The partner is not told all of why.
    Withholds,
    /// It changes what somebody else's change with a day of its own is about, which then doesn't come.
    CallsOff {
        /// That change.
        change: Revision,
    },
}

impl fmt::Display for Second {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Widens => f.write_str("it gives access, or nothing proves that it doesn't"),
            Self::Final => f.write_str("it can't be undone"),
            Self::Many { partners, alone } => write!(
                f,
                "it would be partner {partners} that one person narrows within an hour, and {alone} are allowed"
            ),
            Self::Extends => f.write_str("it lengthens a hold"),
            Self::Withholds => f.write_str("it keeps a part of the reasons from the partner"),
            Self::CallsOff { change } => {
                write!(f, "it calls off change {}, which somebody else scheduled", change.0)
            }
        }
    }
}

/// What an answer says of a command that was proposed and not done.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Proposed {
    /// What an approval names, so that nobody approves something else.
    pub digest: String,
    /// Until when it can be approved.
    pub expires: Wall,
    /// Why one person is not enough.
    pub why: String,
}

/// Who let a proposed command happen.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Approval {
    /// The proposal.
    pub proposal: Revision,
    /// Whose it was: the actor of what follows.
    pub proposer: Actor,
    /// The second person.
    pub approver: Actor,
}

/// A command that waits for a second person.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The event that made it; its name.
    pub id: Revision,
    /// Lower-case hex SHA-256 of the command as it is kept.
    pub digest: String,
    /// What it does, in one line.
    pub what: String,
    /// Who proposed it.
    pub by: Actor,
    /// When.
    pub made: Wall,
    /// Until when it can be approved.
    pub expires: Wall,
    /// What it concerns, such as `partner:acme`.
    pub about: Vec<String>,
    /// The event that changed one of those since.
    pub changed: Option<Revision>,
    /// Itself.
    pub command: Arc<Command>,
}

impl Proposal {
    /// Whether it can be approved at this moment: its time is not over, and what it is about has not
    /// changed since it was made.
    #[must_use]
    pub fn waits(&self, now: Wall) -> bool {
        self.changed.is_none() && now < self.expires
    }
}

/// Something that was done alone because it could not wait.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Glass {
    /// The event that says so; its name.
    pub id: Revision,
    /// What was done.
    pub what: String,
    /// Why it could not wait.
    pub why: String,
    /// Who did it.
    pub by: Actor,
    /// When.
    pub at: Wall,
    /// Until when another person is to ratify it.
    pub ratify_by: Wall,
    /// Whether that time is over.
    pub overdue: bool,
    /// The steps that were taken with it.
    pub(crate) steps: Vec<Revision>,
}
